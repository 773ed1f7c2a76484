/* mlops import mlflow: runs that MLflow recorded in files or in a database. */
#include "convert.h"
#include "mlops/import_runs.h"

struct import_opts {
	const char *where, *artifacts;
};

static const struct opt_spec import_optv[] = {
	OPT(import_opts, artifacts, .name = "artifacts", .type = OPT_STR, .meta = "DIR", .no_config = true,
	    .complete = "dir",
	    .help = "of a database: where its server keeps artifacts (default: mlartifacts beside it)"),
	OPT_END,
};

static const struct arg_spec import_argv[] = {
	ARG(import_opts, where, .name = "WHERE", .min = 1, .max = 1, .complete = "path",
	    .help = "the folder that MLflow calls mlruns, or its database: mlflow.db, sqlite:///mlflow.db"),
	ARG_END,
};

static int import_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct import_opts *o = opts;
	struct runs_imported got;

	if (mlops_runs_import_mlflow(ctx->project, o->where, o->artifacts, &got, err))
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
	.summary = "take over the experiments, runs and artifacts of MLflow",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON,
	.opts = import_optv,
	.args = import_argv,
	.opts_size = sizeof(struct import_opts),
	.run = import_run,
};
