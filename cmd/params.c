/* mlops params: the pipeline's params at any point, and how two points differ. */
#include "figures.h"

static int show_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return figures_show(ctx, opts, FIGURE_PARAMS, err);
}

static int diff_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return figures_diff(ctx, opts, FIGURE_PARAMS, err);
}

static const struct cmd_spec params_show = {
	.name = "show", .summary = "show params of the work tree, revisions or runs",
	.flags = CMD_PROJECT | CMD_JSON, .opts = figures_show_optv, .args = figures_show_argv,
	.opts_size = sizeof(struct figures_opts), .run = show_run,
};

static const struct cmd_spec params_diff = {
	.name = "diff", .summary = "show the params in which two revisions or runs differ",
	.flags = CMD_PROJECT | CMD_JSON, .opts = figures_diff_optv, .args = figures_diff_argv,
	.opts_size = sizeof(struct figures_opts), .run = diff_run,
};

static const struct cmd_spec *const params_subs[] = { &params_show, &params_diff, NULL };

const struct cmd_spec cmd_params = {
	.group = "pipelines and runs", .name = "params",
	.summary = "show and compare the pipeline's params", .subs = params_subs,
};
