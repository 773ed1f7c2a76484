/* mlops model search and events: finding versions, and what was done to them. */
#include "model.h"

#include "base/clock.h"
#include "cli/table.h"
#include "mlops/project.h"

/* mlops model search */

struct search_opts {
	const char *text, *stage, *where;
	bool deprecated;
};

static const struct opt_spec search_optv[] = {
	OPT(search_opts, stage, .name = "stage", .letter = 's', .type = OPT_STR, .meta = "STAGE",
	    .no_config = true, .help = "in this stage (default: any but archived and retired)"),
	OPT(search_opts, where, .name = "where", .letter = 'w', .type = OPT_STR,
	    .meta = "CONDITIONS", .no_config = true,
	    .help = "whose metrics are so, such as \"accuracy >= 0.9\""),
	OPT(search_opts, deprecated, .name = "deprecated", .type = OPT_BOOL, .no_config = true,
	    .help = "only deprecated ones"),
	OPT_END,
};

static const struct arg_spec search_argv[] = {
	ARG(search_opts, text, .name = "TEXT", .max = 1,
	    .help = "in the name or description of the model, the path or an alias"),
	ARG_END,
};

static void print_versions(struct model_version *const *versions, size_t n)
{
	autotable *table = table_new("VERSION", "STAGE", "ALIASES", "PATH", "REGISTERED", NULL);

	for (size_t i = 0; i < n; i++) {
		const struct model_version *v = versions[i];
		autofree char *aliases = model_aliases(v);
		char spec[MODEL_SPEC], ago[CLOCK_ISO_SIZE];

		table_add(table, model_spec(v->model, v->version, spec),
			  mlops_model_stage_name(v->stage), aliases, v->path,
			  clock_format_ago(v->created_ms, clock_now_ms(), ago));
	}
	table_print(table, stdout);
}

static void print_versions_json(struct model_version *const *versions, size_t n)
{
	struct json *top = js_obj(), *list = js_arr();

	for (size_t i = 0; i < n; i++)
		js_push(list, model_version_json(versions[i]));
	js_set(top, "versions", list);
	cmd_print_json(top);
}

static int search_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct search_opts *o = opts;
	const struct model_query query = { o->text, o->stage, o->where, o->deprecated };
	struct model_version **versions;
	size_t n;

	if (mlops_models_search(ctx->project, &query, &versions, &n, err))
		return -1;
	if (ctx->common.json)
		print_versions_json(versions, n);
	else
		print_versions(versions, n);
	mlops_model_versions_free(versions, n);
	return 0;
}

const struct cmd_spec cmd_model_search = {
	.name = "search",
	.summary = "find versions by text, stage and metrics",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = search_optv,
	.args = search_argv,
	.opts_size = sizeof(struct search_opts),
	.run = search_run,
};

/* mlops model events */

struct events_opts {
	const char *spec;
};

static const struct arg_spec events_argv[] = {
	ARG(events_opts, spec, .name = "MODEL", .max = 1, .complete = "model",
	    .help = "a model, or NAME:N or NAME@ALIAS (default: all models)"),
	ARG_END,
};

static void print_events(const struct model_event *events, size_t n)
{
	autotable *table = table_new("TIME", "USER", "ACTION", "MODEL", "DETAIL~", NULL);

	for (size_t i = 0; i < n; i++) {
		char iso[CLOCK_ISO_SIZE];

		table_add(table, clock_format_iso(events[i].at_ms, iso), events[i].user,
			  events[i].action, events[i].subject, events[i].detail);
	}
	table_print(table, stdout);
}

static void print_events_json(const struct model_event *events, size_t n)
{
	struct json *top = js_obj(), *list = js_arr();

	for (size_t i = 0; i < n; i++) {
		struct json *obj = js_obj();

		js_set(obj, "at_ms", js_int(events[i].at_ms));
		js_set(obj, "user", js_str(events[i].user));
		js_set(obj, "action", js_str(events[i].action));
		js_set(obj, "subject", js_str(events[i].subject));
		js_set(obj, "detail", js_str(events[i].detail));
		js_push(list, obj);
	}
	js_set(top, "events", list);
	cmd_print_json(top);
}

static int events_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct events_opts *o = opts;
	struct model_event *events;
	size_t n;

	if (mlops_model_events(ctx->project, o->spec, &events, &n, err))
		return -1;
	if (ctx->common.json)
		print_events_json(events, n);
	else
		print_events(events, n);
	mlops_model_events_free(events, n);
	return 0;
}

const struct cmd_spec cmd_model_events = {
	.name = "events",
	.summary = "show who did what to models, and when",
	.flags = CMD_PROJECT | CMD_JSON,
	.args = events_argv,
	.opts_size = sizeof(struct events_opts),
	.run = events_run,
};
