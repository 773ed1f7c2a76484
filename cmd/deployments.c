/* mlops deployments [show|history], and how deployments are shown. */
#include "deployment.h"

#include <inttypes.h>

#include "base/clock.h"
#include "cli/table.h"

struct deployments_opts {
	const char *name;
};

static const struct arg_spec deployments_argv[] = {
	ARG(deployments_opts, name, .name = "NAME", .min = 1, .max = 1, .complete = "deployment",
	    .help = "the deployment"),
	ARG_END,
};

static void set_time(struct json *v, const char *key, int64_t ms)
{
	char buf[CLOCK_ISO_SIZE];

	js_set(v, key, ms ? js_str(clock_format_iso(ms, buf)) : js_null());
}

struct json *revision_json(const struct revision *r)
{
	struct json *v = js_obj();
	struct json *config = NULL;
	char hex[MLOPS_OID_TEXT];
	autoerr ignored = ERR_INIT;

	if (js_parse(r->config, strlen(r->config), "config", &config, &ignored))
		config = js_null();
	js_set(v, "revision", js_int(r->number));
	js_set(v, "status", js_str(mlops_revision_status_name(r->status)));
	js_set(v, "model", js_str(r->model));
	js_set(v, "version", js_int(r->version));
	js_set(v, "oid", js_str(mlops_oid_hex(&r->ref.oid, hex)));
	js_set(v, "workers", js_int(r->workers));
	js_set(v, "config", config);
	js_set(v, "rollback_of", r->rollback_of ? js_int(r->rollback_of) : js_null());
	js_set(v, "user", js_str(r->user));
	js_set(v, "reason", js_str(r->reason));
	set_time(v, "created", r->created_ms);
	set_time(v, "ended", r->ended_ms);
	return v;
}

struct json *deployment_json(const struct deployment *d)
{
	const struct revision *active = mlops_deployment_active(d);
	struct json *v = js_obj();

	js_set(v, "name", js_str(d->name));
	js_set(v, "target", js_str(d->target));
	js_set(v, "running", js_bool(d->running));
	js_set(v, "url", js_str(d->url));
	js_set(v, "port", d->port ? js_int(d->port) : js_null());
	js_set(v, "active", active ? revision_json(active) : js_null());
	return v;
}

void deployment_announce(const struct deployment *d)
{
	const struct revision *active = mlops_deployment_active(d);

	printf("%s: revision %" PRId64 " serves %s:%" PRId64 " on %s\n", d->name, active->number,
	       active->model, active->version, d->url ? d->url : "nothing: it ended meanwhile");
}

static void add_row(struct table *t, const struct deployment *d)
{
	const struct revision *active = mlops_deployment_active(d);
	autofree char *model =
		active ? xasprintf("%s:%" PRId64, active->model, active->version) : NULL;
	autofree char *number = active ? xasprintf("%" PRId64, active->number) : NULL;

	table_add(t, d->name, d->target, model, number, d->running ? "running" : "down", d->url);
}

static int list_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct deployment **list;
	size_t n;

	(void)opts;
	if (mlops_deployments_list(ctx->project, &list, &n, err))
		return -1;
	autotable *t = table_new("NAME", "TARGET", "MODEL", "REVISION>", "STATUS", "URL", NULL);
	struct json *all = js_arr();
	for (size_t i = 0; i < n; i++) {
		add_row(t, list[i]);
		js_push(all, deployment_json(list[i]));
	}
	mlops_deployments_free(list, n);
	if (!ctx->common.json) {
		js_free(all);
		table_print(t, stdout);
		return 0;
	}
	struct json *v = js_obj();
	js_set(v, "deployments", all);
	return cmd_print_json(v);
}

static void print_history(const struct deployment *d)
{
	autotable *t = table_new("REVISION>", "STATUS", "MODEL", "ROLLBACK OF>", "BY", "CREATED",
				 "REASON~", NULL);
	int64_t now = clock_now_ms();

	for (size_t i = 0; i < d->n; i++) {
		const struct revision *r = &d->revisions[i];
		autofree char *number = xasprintf("%" PRId64, r->number);
		autofree char *model = xasprintf("%s:%" PRId64, r->model, r->version);
		autofree char *of = r->rollback_of ? xasprintf("%" PRId64, r->rollback_of) : NULL;
		char created[CLOCK_ISO_SIZE];

		table_add(t, number, mlops_revision_status_name(r->status), model, of, r->user,
			  clock_format_ago(r->created_ms, now, created), r->reason);
	}
	table_print(t, stdout);
}

static struct json *history_json(const struct deployment *d)
{
	struct json *v = js_obj(), *revisions = js_arr();

	for (size_t i = 0; i < d->n; i++)
		js_push(revisions, revision_json(&d->revisions[i]));
	js_set(v, "name", js_str(d->name));
	js_set(v, "revisions", revisions);
	return v;
}

static int history_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct deployments_opts *o = opts;
	struct deployment *d;

	if (mlops_deployment_get(ctx->project, o->name, &d, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(history_json(d));
	else
		print_history(d);
	mlops_deployment_free(d);
	return 0;
}

static void print_deployment(const struct deployment *d)
{
	const struct revision *active = mlops_deployment_active(d);
	char created[CLOCK_ISO_SIZE];

	printf("name      %s\ntarget    %s\nstatus    %s\nurl       %s\n", d->name, d->target,
	       d->running ? "running" : "down", d->url ? d->url : "-");
	if (!active)
		return;
	printf("model     %s:%" PRId64 "\nrevision  %" PRId64, active->model, active->version,
	       active->number);
	if (active->rollback_of)
		printf(" (rollback of %" PRId64 ")", active->rollback_of);
	printf("\nworkers   %" PRId64 "\nby        %s, %s\n", active->workers, active->user,
	       clock_format_ago(active->created_ms, clock_now_ms(), created));
	if (d->running)
		printf("predict   %s/v1/models/%s:predict\n", d->url, active->model);
}

static int show_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct deployments_opts *o = opts;
	struct deployment *d;

	if (mlops_deployment_get(ctx->project, o->name, &d, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(deployment_json(d));
	else
		print_deployment(d);
	mlops_deployment_free(d);
	return 0;
}

static const struct cmd_spec cmd_deployments_show = {
	.name = "show",
	.summary = "show what a deployment serves",
	.flags = CMD_PROJECT | CMD_JSON,
	.args = deployments_argv,
	.opts_size = sizeof(struct deployments_opts),
	.run = show_run,
};

static const struct cmd_spec cmd_deployments_history = {
	.name = "history",
	.summary = "list the revisions of a deployment",
	.flags = CMD_PROJECT | CMD_JSON,
	.args = deployments_argv,
	.opts_size = sizeof(struct deployments_opts),
	.run = history_run,
};

const struct cmd_spec cmd_deployments = {
	.group = "deployments",
	.name = "deployments",
	.summary = "list deployments and their history",
	.flags = CMD_PROJECT | CMD_JSON,
	.run = list_run,
	.subs = (const struct cmd_spec *const[]){ &cmd_deployments_show, &cmd_deployments_history,
						  NULL },
};
