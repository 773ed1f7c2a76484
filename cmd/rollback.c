/* mlops rollback */
#include "deployment.h"

struct rollback_opts {
	const char *name;
	int64_t to, timeout_ms;
};

static const struct opt_spec rollback_optv[] = {
	OPT(rollback_opts, to, .name = "to", .type = OPT_INT, .meta = "REVISION", .no_config = true,
	    .help = "the revision to go back to (default: the one that served before)"),
	OPT(rollback_opts, timeout_ms, .name = "timeout", .letter = 't', .type = OPT_DURATION,
	    .meta = "TIME", .def = "30s", .help = "how long a worker may take to load the model"),
	OPT_END,
};

static const struct arg_spec rollback_argv[] = {
	ARG(rollback_opts, name, .name = "NAME", .min = 1, .max = 1, .complete = "deployment",
	    .help = "the deployment"),
	ARG_END,
};

static int rollback_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct rollback_opts *o = opts;
	struct deployment *d;

	if (o->to < 0 || o->timeout_ms < 1)
		return err_set(err, MLOPS_EUSAGE,
			       "revisions count from 1, a time-out is at least 1 ms");
	if (mlops_rollback(ctx->project, o->name, o->to, o->timeout_ms, &d, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(deployment_json(d));
	else
		deployment_announce(d);
	mlops_deployment_free(d);
	return 0;
}

const struct cmd_spec cmd_rollback = {
	.group = "deployments",
	.name = "rollback",
	.summary = "serve an earlier revision again",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = rollback_optv,
	.args = rollback_argv,
	.opts_size = sizeof(struct rollback_opts),
	.run = rollback_run,
};
