/* mlops undeploy */
#include "deployment.h"

#include "cli/term.h"

struct undeploy_opts {
	const char *name;
	bool dry_run, yes;
};

static const struct opt_spec undeploy_optv[] = {
	OPT(undeploy_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true, .help = "say what would be stopped and stop nothing"),
	OPT(undeploy_opts, yes, .name = "yes", .letter = 'y', .type = OPT_BOOL, .no_config = true,
	    .help = "do not ask"),
	OPT_END,
};

static const struct arg_spec undeploy_argv[] = {
	ARG(undeploy_opts, name, .name = "NAME", .min = 1, .max = 1, .complete = "deployment",
	    .help = "the deployment"),
	ARG_END,
};

static bool is_wanted(const struct undeploy_opts *o, const struct deployment *d)
{
	char answer[16];

	if (o->yes || !d->running || !term_is_tty(stdin) || !term_is_tty(stderr))
		return true;
	fprintf(stderr, "Stop '%s', which answers on %s? [y/N] ", d->name, d->url);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int print_done(struct cmd_ctx *ctx, const struct undeploy_opts *o, bool was_running)
{
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "name", js_str(o->name));
		js_set(v, "was_running", js_bool(was_running));
		js_set(v, "dry_run", js_bool(o->dry_run));
		return cmd_print_json(v);
	}
	if (!was_running)
		printf("%s was not running\n", o->name);
	else
		printf(o->dry_run ? "would stop %s\n" : "stopped %s\n", o->name);
	return 0;
}

static int undeploy_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct undeploy_opts *o = opts;
	struct deployment *d;

	if (mlops_deployment_get(ctx->project, o->name, &d, err))
		return -1;
	bool running = d->running, wanted = o->dry_run || is_wanted(o, d);
	mlops_deployment_free(d);
	if (!wanted)
		return err_set(err, MLOPS_ENO, "'%s' was left as it is", o->name);
	if (!o->dry_run && mlops_undeploy(ctx->project, o->name, err))
		return -1;
	return print_done(ctx, o, running);
}

const struct cmd_spec cmd_undeploy = {
	.group = "deployments",
	.name = "undeploy",
	.summary = "stop a deployment and keep its history",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = undeploy_optv,
	.args = undeploy_argv,
	.opts_size = sizeof(struct undeploy_opts),
	.run = undeploy_run,
};
