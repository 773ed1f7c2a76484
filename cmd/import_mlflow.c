/* mlops import mlflow: runs that MLflow recorded in files. */
#include "convert.h"
#include "mlops/import_runs.h"

struct import_opts {
	const char *dir;
};

static const struct arg_spec import_argv[] = {
	ARG(import_opts, dir, .name = "DIR", .min = 1, .max = 1, .complete = "dir",
	    .help = "the folder that MLflow calls mlruns"),
	ARG_END,
};

static int import_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct import_opts *o = opts;
	struct runs_imported got;

	if (mlops_runs_import_mlflow(ctx->project, o->dir, &got, err))
		return -1;
	if (!ctx->common.json) {
		printf("imported: %zu runs with %zu artifacts; %zu were here already\n", got.runs,
		       got.artifacts, got.present);
		return 0;
	}
	return cmd_print_json(js_pack("{s:I, s:I, s:I}", "runs", (long long)got.runs, "artifacts",
				      (long long)got.artifacts, "present", (long long)got.present));
}

const struct cmd_spec import_from_mlflow = {
	.name = "mlflow",
	.summary = "take over the experiments, runs and artifacts of MLflow's files",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON,
	.args = import_argv,
	.opts_size = sizeof(struct import_opts),
	.run = import_run,
};
