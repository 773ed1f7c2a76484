/* mlops run logs: what a stage printed. */
#include <unistd.h>

#include "base/fs.h"
#include "cmd.h"
#include "mlops/pipeline.h"

struct logs_opts {
	const char *stage, *run;
};

static const struct opt_spec logs_optv[] = {
	OPT(logs_opts, run, .name = "run", .type = OPT_STR, .meta = "RUN", .no_config = true,
	    .help = "of this run (default: the newest in which the stage was executed)"),
	OPT_END,
};

static const struct arg_spec logs_argv[] = {
	ARG(logs_opts, stage, .name = "STAGE", .min = 1, .max = 1, .complete = "stage",
	    .help = "a stage of the pipeline"),
	ARG_END,
};

static bool was_executed(const struct run *run, const char *stage)
{
	for (size_t i = 0; i < run->n_stages; i++)
		if (!strcmp(run->stages[i].name, stage))
			return !run->stages[i].cached;
	return false;
}

static int find_newest(struct cmd_ctx *ctx, const char *stage, char id[MLOPS_RUN_ID],
		       struct mlops_error *err)
{
	const struct run_query all = { 0 };
	struct run **runs;
	size_t n, i = 0;

	if (mlops_runs_list(ctx->project, &all, &runs, &n, err))
		return -1;
	while (i < n && !was_executed(runs[i], stage))
		i++;
	if (i < n)
		memcpy(id, runs[i]->id, MLOPS_RUN_ID);
	mlops_runs_free(runs, n);
	return i < n ? 0 : err_set(err, MLOPS_ENOTFOUND, "stage '%s' was executed in no run", stage);
}

static int find_given(struct cmd_ctx *ctx, const struct logs_opts *o, char id[MLOPS_RUN_ID],
		      struct mlops_error *err)
{
	struct run *run;

	if (mlops_run_get(ctx->project, o->run, &run, err))
		return -1;
	bool executed = was_executed(run, o->stage);
	memcpy(id, run->id, MLOPS_RUN_ID);
	mlops_run_free(run);
	if (executed)
		return 0;
	return err_set(err, MLOPS_ENOTFOUND, "stage '%s' was not executed in run %s", o->stage, id);
}

static int print_log(const char *path, struct mlops_error *err)
{
	char piece[65536];
	FILE *log = fopen(path, "re");
	size_t n;

	if (!log)
		return err_sys(err, "cannot read '%s'", path);
	while ((n = fread(piece, 1, sizeof(piece), log)))
		fwrite(piece, 1, n, stdout);
	bool failed = ferror(log);
	fclose(log);
	return failed ? err_sys(err, "cannot read '%s'", path) : 0;
}

static int logs_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct logs_opts *o = opts;
	char id[MLOPS_RUN_ID];

	if (o->run ? find_given(ctx, o, id, err) : find_newest(ctx, o->stage, id, err))
		return -1;
	autofree char *path = mlops_stage_log_path(ctx->project, id, o->stage);
	bool there = !access(path, F_OK);
	if (!ctx->common.json)
		return there ? print_log(path, err) : 0;
	struct json *top = js_obj();
	js_set(top, "run_id", js_str(id));
	js_set(top, "stage", js_str(o->stage));
	js_set(top, "path", js_str(there ? path : NULL));
	return cmd_print_json(top);
}

const struct cmd_spec cmd_run_logs = {
	.name = "logs", .summary = "show what a stage printed",
	.flags = CMD_PROJECT | CMD_JSON, .opts = logs_optv, .args = logs_argv,
	.opts_size = sizeof(struct logs_opts), .run = logs_run,
};
