/* mlops deploy */
#include "deployment.h"

struct deploy_opts {
	const char *model, *target, *name;
	int64_t workers, port, timeout_ms;
};

static const struct opt_spec deploy_optv[] = {
	OPT(deploy_opts, target, .name = "to", .type = OPT_STR, .meta = "TARGET", .def = "local",
	    .help = "where it runs"),
	OPT(deploy_opts, name, .name = "name", .letter = 'n', .type = OPT_STR, .meta = "NAME",
	    .complete = "deployment", .no_config = true,
	    .help = "name of the deployment (default: the model's)"),
	OPT(deploy_opts, workers, .name = "workers", .letter = 'w', .type = OPT_INT, .meta = "N",
	    .def = "1", .help = "worker processes"),
	OPT(deploy_opts, port, .name = "port", .letter = 'p', .type = OPT_INT, .meta = "N",
	    .no_config = true,
	    .help = "port on 127.0.0.1 (default: the one it had, else a free one)"),
	OPT(deploy_opts, timeout_ms, .name = "timeout", .letter = 't', .type = OPT_DURATION,
	    .meta = "TIME", .def = "30s", .help = "how long a worker may take to load the model"),
	OPT_END,
};

static const struct arg_spec deploy_argv[] = {
	ARG(deploy_opts, model, .name = "MODEL", .min = 1, .max = 1, .complete = "model",
	    .help = "a model: NAME, NAME@ALIAS or NAME:VERSION"),
	ARG_END,
};

static int deploy_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct deploy_opts *o = opts;
	const struct deploy_how how = {
		.model = o->model,
		.target = o->target,
		.name = o->name,
		.workers = o->workers,
		.port = o->port,
		.timeout_ms = o->timeout_ms,
	};
	struct deployment *d;

	if (o->timeout_ms < 1)
		return err_set(err, MLOPS_EUSAGE, "a time-out is at least 1 ms");
	if (mlops_deploy(ctx->project, &how, &d, err))
		return -1;
	return deployment_announce(ctx, d);
}

const struct cmd_spec cmd_deploy = {
	.group = "deployments",
	.name = "deploy",
	.summary = "serve a model, or move a deployment to it",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = deploy_optv,
	.args = deploy_argv,
	.opts_size = sizeof(struct deploy_opts),
	.run = deploy_run,
};
