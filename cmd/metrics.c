/* mlops metrics: the pipeline's metrics at any point, and how two points differ. */
#include "figures.h"

static int show_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return figures_show(ctx, opts, FIGURE_METRICS, err);
}

static int diff_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return figures_diff(ctx, opts, FIGURE_METRICS, err);
}

static const struct cmd_spec metrics_show = {
	.name = "show", .summary = "show metrics of the work tree, revisions or runs",
	.flags = CMD_PROJECT | CMD_JSON, .opts = figures_show_optv, .args = figures_show_argv,
	.opts_size = sizeof(struct figures_opts), .run = show_run,
};

static const struct cmd_spec metrics_diff = {
	.name = "diff", .summary = "show the metrics in which two revisions or runs differ",
	.flags = CMD_PROJECT | CMD_JSON, .opts = figures_diff_optv, .args = figures_diff_argv,
	.opts_size = sizeof(struct figures_opts), .run = diff_run,
};

static const struct cmd_spec *const metrics_subs[] = { &metrics_show, &metrics_diff, NULL };

const struct cmd_spec cmd_metrics = {
	.group = "pipelines and runs", .name = "metrics",
	.summary = "show and compare the pipeline's metrics", .subs = metrics_subs,
};
