/* mlops deploy [plan]: one model, one deployment of mlops.yaml, or all of them. */
#include "deployment.h"

#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"

struct deploy_opts {
	const char *what, *target, *name;
	int64_t workers, port, timeout_ms;
	bool exit_code;
	const char *output;
	bool push;
};

#define HOW_OPTS                                                                                   \
	OPT(deploy_opts, target, .name = "to", .type = OPT_STR, .meta = "TARGET",                  \
	    .help = "where it runs (default: where it does, else local)"),                         \
		OPT(deploy_opts, name, .name = "name", .letter = 'n', .type = OPT_STR,             \
		    .meta = "NAME", .complete = "deployment", .no_config = true,                   \
		    .help = "name of the deployment (default: the model's)"),                      \
		OPT(deploy_opts, workers, .name = "workers", .letter = 'w', .type = OPT_INT,       \
		    .meta = "N", .help = "worker processes (default: 1)"),                         \
		OPT(deploy_opts, port, .name = "port", .letter = 'p', .type = OPT_INT,             \
		    .meta = "N", .no_config = true,                                                \
		    .help = "port on 127.0.0.1 (default: the one it had, else a free one)"),       \
		OPT(deploy_opts, timeout_ms, .name = "timeout", .letter = 't',                     \
		    .type = OPT_DURATION, .meta = "TIME",                                          \
		    .help = "how long a worker may take to load the model (default: 30s)")

static const struct opt_spec deploy_optv[] = { HOW_OPTS, OPT_END };
static const struct opt_spec plan_optv[] = {
	HOW_OPTS,
	OPT(deploy_opts, exit_code, .name = "exit-code", .type = OPT_BOOL,
	    .help = "exit with 3 when anything would change"),
	OPT_END,
};

static const struct arg_spec deploy_argv[] = {
	ARG(deploy_opts, what, .name = "WHAT", .max = 1, .complete = "model",
	    .help = "a deployment of mlops.yaml (default: all), or a model: NAME, NAME@ALIAS or NAME:VERSION"),
	ARG_END,
};

/* What the command line says goes before what mlops.yaml does. */
static struct deploy_how how_of(const struct deploy_opts *o, const struct deploy_how *spec)
{
	const struct deploy_how plain = { .model = o->what, .name = o->name };
	struct deploy_how how = spec ? *spec : plain;

	if (o->target)
		how.target = o->target;
	if (o->workers)
		how.workers = o->workers;
	if (o->port)
		how.port = o->port;
	if (o->timeout_ms)
		how.timeout_ms = o->timeout_ms;
	return how;
}

static int check_opts(const struct deploy_opts *o, const struct deploy_specs *specs,
		      struct mlops_error *err)
{
	if (o->timeout_ms < 0)
		return err_set(err, MLOPS_EUSAGE, "a time-out is at least 1 ms");
	if (!o->what && o->name)
		return err_set(err, MLOPS_EUSAGE, "--name is for a model, and none is given");
	if (o->what || specs->n)
		return 0;
	err_set(err, MLOPS_EUSAGE, "mlops.yaml has no deployments, so say which model to deploy");
	return err_hint(err, "see mlops.yaml(5) for how to write them");
}

typedef int (*each_fn)(struct cmd_ctx *ctx, const struct deploy_how *how, void *arg, struct mlops_error *err);

/* All of them, or the one that is named. */
static int each(struct cmd_ctx *ctx, const struct deploy_opts *o, const struct deploy_specs *specs,
		each_fn fn, void *arg, struct mlops_error *err)
{
	if (check_opts(o, specs, err))
		return -1;
	if (o->what) {
		const struct deploy_how how =
			how_of(o, o->name ? NULL : mlops_deploy_specs_find(specs, o->what));

		return fn(ctx, &how, arg, err);
	}
	for (size_t i = 0; i < specs->n; i++) {
		const struct deploy_how how = how_of(o, &specs->v[i]);

		if (fn(ctx, &how, arg, err))
			return -1;
	}
	return 0;
}

static int each_of(struct cmd_ctx *ctx, const struct deploy_opts *o, each_fn fn, void *arg,
		   struct mlops_error *err)
{
	struct deploy_specs *specs;

	if (mlops_deploy_specs_load(ctx->project, &specs, err))
		return -1;
	int rc = each(ctx, o, specs, fn, arg, err);
	mlops_deploy_specs_free(specs);
	return rc;
}

/* `all` gets its JSON, as below. */
static int deploy(struct cmd_ctx *ctx, const struct deploy_how *how, void *all, struct mlops_error *err)
{
	struct deployment *d;

	if (mlops_deploy(ctx->project, how, &d, err))
		return -1;
	if (!ctx->common.json)
		deployment_announce(d);
	js_push(all, deployment_json(d));
	mlops_deployment_free(d);
	return 0;
}

/* One of many is left alone when it is as it is to be. */
static int deploy_changed(struct cmd_ctx *ctx, const struct deploy_how *how, void *all, struct mlops_error *err)
{
	struct deploy_plan *plan;
	struct deployment *d;

	if (mlops_deploy_plan(ctx->project, how, &plan, err))
		return -1;
	bool change = plan->action != DEPLOY_NOTHING;
	mlops_deploy_plan_free(plan);
	if (change)
		return deploy(ctx, how, all, err);
	if (mlops_deployment_get(ctx->project, how->name, &d, err))
		return -1;
	if (!ctx->common.json)
		printf("%s: as it is to be\n", d->name);
	js_push(all, deployment_json(d));
	mlops_deployment_free(d);
	return 0;
}

static int deploy_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct deploy_opts *o = opts;
	autojson *v = js_obj();
	struct json *all = js_arr();

	js_set(v, "deployments", all);
	if (each_of(ctx, o, o->what ? deploy : deploy_changed, all, err))
		return -1;
	if (!ctx->common.json)
		return 0;
	return cmd_print_json(js_ref(o->what ? js_at(all, 0) : v));
}

static struct json *plan_json(const struct deploy_plan *plan)
{
	struct json *v = js_obj(), *changes = js_arr();

	for (size_t i = 0; i < plan->n; i++) {
		struct json *change = js_obj();

		js_set(change, "what", js_str(plan->changes[i].what));
		js_set(change, "before", js_str(plan->changes[i].before));
		js_set(change, "after", js_str(plan->changes[i].after));
		js_push(changes, change);
	}
	js_set(v, "name", js_str(plan->name));
	js_set(v, "target", js_str(plan->target));
	js_set(v, "action", js_str(mlops_deploy_action_name(plan->action)));
	js_set(v, "changes", changes);
	return v;
}

static void print_plan(const struct deploy_plan *plan)
{
	printf("%s: %s on %s\n", plan->name, mlops_deploy_action_name(plan->action), plan->target);
	for (size_t i = 0; i < plan->n; i++) {
		const struct deploy_change *c = &plan->changes[i];

		if (c->before)
			printf("  %s: %s -> %s\n", c->what, c->before,
			       c->after ? c->after : "(not said)");
		else
			printf("  %s: %s\n", c->what, c->after);
	}
}

static int plan(struct cmd_ctx *ctx, const struct deploy_how *how, void *all, struct mlops_error *err)
{
	struct deploy_plan *plan;

	if (mlops_deploy_plan(ctx->project, how, &plan, err))
		return -1;
	if (!ctx->common.json)
		print_plan(plan);
	js_push(all, plan_json(plan));
	mlops_deploy_plan_free(plan);
	return 0;
}

static bool changes_something(const struct json *all)
{
	for (size_t i = 0; i < js_len(all); i++)
		if (strcmp(js_get_text(js_at(all, i), "action"),
			   mlops_deploy_action_name(DEPLOY_NOTHING)) != 0)
			return true;
	return false;
}

static int plan_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct deploy_opts *o = opts;
	autojson *v = js_obj();
	struct json *all = js_arr();

	js_set(v, "plan", all);
	if (each_of(ctx, o, plan, all, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(js_ref(v));
	return o->exit_code && changes_something(all) ? 3 : 0;
}

static const struct cmd_spec deploy_plan = {
	.name = "plan",
	.summary = "show what deploying would change, and change nothing",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = plan_optv,
	.args = deploy_argv,
	.opts_size = sizeof(struct deploy_opts),
	.run = plan_run,
};

static const struct opt_spec export_optv[] = {
	HOW_OPTS,
	OPT(deploy_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "DIR",
	    .no_config = true, .complete = "dir",
	    .help = "write a kustomize base there, a file a deployment (default: standard output)"),
	OPT(deploy_opts, push, .name = "push", .type = OPT_BOOL, .no_config = true,
	    .help = "also push the model's package to where pods get it from"),
	OPT_END,
};

struct exporting {
	const struct deploy_opts *opts;
	struct strbuf files; /* of the kustomization: a line each */
};

static int export_one(struct cmd_ctx *ctx, const struct deploy_how *how, void *arg, struct mlops_error *err)
{
	struct exporting *e = arg;
	autofree char *yaml = NULL, *name = how->name ? xstrdup(how->name) :
							xstrndup(how->model, strcspn(how->model, "@:"));
	const char *dir = e->opts->output;

	if (mlops_deploy_export(ctx->project, how, e->opts->push, &yaml, err))
		return err_wrap(err, "deployment '%s'", name);
	if (!dir) {
		fputs(yaml, stdout);
		return 0;
	}
	autofree char *path = xasprintf("%s/%s.yaml", dir, name);
	strbuf_addf(&e->files, "  - %s.yaml\n", name);
	return fs_write_atomic(path, yaml, strlen(yaml), 0666, err);
}

/* For kubectl apply -k, and for what adds its own to it. */
static int write_kustomization(const struct exporting *e, struct mlops_error *err)
{
	autofree char *path = path_join(e->opts->output, "kustomization.yaml");
	autofree char *text = xasprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
					"resources:\n%s", e->files.buf);

	return fs_write_atomic(path, text, strlen(text), 0666, err);
}

static int export_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct exporting e = { .opts = opts };

	int rc = (e.opts->output && fs_mkdirs(e.opts->output, err)) ||
		 each_of(ctx, opts, export_one, &e, err) ||
		 (e.opts->output && write_kustomization(&e, err)) ? -1 : 0;
	strbuf_clear(&e.files);
	return rc;
}

static const struct cmd_spec deploy_export = {
	.name = "export",
	.summary = "write what Kubernetes would be told, for others to apply",
	.flags = CMD_PROJECT,
	.opts = export_optv,
	.args = deploy_argv,
	.opts_size = sizeof(struct deploy_opts),
	.run = export_run,
};

const struct cmd_spec cmd_deploy = {
	.group = "deployments",
	.name = "deploy",
	.summary = "serve a model, or move a deployment to it",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = deploy_optv,
	.args = deploy_argv,
	.opts_size = sizeof(struct deploy_opts),
	.run = deploy_run,
	.subs = (const struct cmd_spec *const[]){ &deploy_plan, &deploy_export, NULL },
};
