/* mlops model: registers, lists and shows models, and moves their aliases. */
#include "model.h"

#include "base/clock.h"
#include "base/num.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "mlops/hub.h"
#include "mlops/project.h"

const char *model_spec(const char *model, int64_t version, char buf[MODEL_SPEC])
{
	snprintf(buf, MODEL_SPEC, "%s:%lld", model, (long long)version);
	return buf;
}

static struct json *view_approvals(const struct model_version *v)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < v->n_approvals; i++) {
		struct json *obj = js_obj();

		js_set(obj, "user", js_str(v->approvals[i].user));
		js_set(obj, "at_ms", js_int(v->approvals[i].at_ms));
		js_set(obj, "comment", js_str(v->approvals[i].comment));
		js_push(list, obj);
	}
	return list;
}

struct json *model_version_json(const struct model_version *v)
{
	struct json *obj = js_obj(), *aliases = js_arr();

	for (size_t i = 0; i < v->n_aliases; i++)
		js_push(aliases, js_str(v->aliases[i]));
	js_set(obj, "model", js_str(v->model));
	js_set(obj, "version", js_int(v->version));
	js_set(obj, "stage", js_str(mlops_model_stage_name(v->stage)));
	js_set(obj, "deprecated", js_str(v->deprecated));
	js_set(obj, "approvals", view_approvals(v));
	js_set(obj, "aliases", aliases);
	js_set(obj, "user", js_str(v->user));
	js_set(obj, "path", js_str(v->path));
	js_set(obj, "object", view_ref(&v->ref));
	js_set(obj, "run_id", js_str(v->run_id));
	js_set(obj, "git_commit", js_str(v->git_commit));
	js_set(obj, "created_ms", js_int(v->created_ms));
	js_set(obj, "inputs", view_objects(v->inputs, v->n_inputs));
	js_set(obj, "metrics", view_metrics(v->metrics, v->n_metrics));
	return obj;
}

static struct json *view_model(const struct model *m)
{
	struct json *obj = js_obj(), *versions = js_arr();

	for (size_t i = 0; i < m->n; i++)
		js_push(versions, model_version_json(&m->versions[i]));
	js_set(obj, "name", js_str(m->name));
	js_set(obj, "description", js_str(m->description));
	js_set(obj, "created_ms", js_int(m->created_ms));
	js_set(obj, "versions", versions);
	return obj;
}

char *model_aliases(const struct model_version *v)
{
	autobuf list = { 0 };

	for (size_t i = 0; i < v->n_aliases; i++)
		strbuf_addf(&list, "%s%s", i ? ", " : "", v->aliases[i]);
	return strbuf_steal(&list);
}

/* mlops model register */

struct register_opts {
	const char *name, *from_run, *path, *alias, *url;
	struct opt_strs include;
};

static const struct opt_spec register_optv[] = {
	OPT(register_opts, from_run, .name = "from-run", .letter = 'r', .type = OPT_STR, .meta = "RUN", .complete = "run", .no_config = true, .help = "register what this run gave (id, start of one, name, or last)"),
	OPT(register_opts, path, .name = "path", .letter = 'p', .type = OPT_STR, .meta = "PATH", .complete = "path", .no_config = true, .help = "the file or folder; with --from-run, an output of that run"),
	OPT(register_opts, url, .name = "url", .letter = 'u', .type = OPT_STR, .meta = "URL", .no_config = true, .help = "what a hub has: hf://ORG/NAME[@REVISION]"),
	OPT(register_opts, include, .name = "include", .type = OPT_STRS, .meta = "PATTERN", .no_config = true, .help = "of a hub: only these files (may be given again)"),
	OPT(register_opts, alias, .name = "alias", .letter = 'a', .type = OPT_STR, .meta = "ALIAS", .no_config = true, .help = "point this alias at the new version (default: champion at the first)"),
	OPT_END,
};

static const struct arg_spec register_argv[] = {
	ARG(register_opts, name, .name = "NAME", .min = 1, .max = 1, .complete = "model", .help = "the model; made when there is none"),
	ARG_END,
};

static void print_registered(const struct model_version *v)
{
	autofree char *aliases = model_aliases(v);

	printf("registered %s:%lld%s%s from '%s'\n", v->model, (long long)v->version,
	       *aliases ? " @" : "", aliases, v->path);
}

static void show_fetched(uint64_t files, uint64_t bytes, void *arg)
{
	progress_show(arg, files, 0, bytes, 0);
}

static int register_url(struct cmd_ctx *ctx, const struct register_opts *o, struct model_version **out,
			struct mlops_error *err)
{
	autofree const char **include = xcalloc(o->include.n + 1, sizeof(*include));
	struct progress progress;
	const struct hub_how hub = {
		.include = o->include.n ? include : NULL, .progress = show_fetched, .arg = &progress
	};
	const struct register_how how = { .url = o->url, .hub = &hub, .alias = o->alias };

	if (o->path || o->from_run)
		return err_set(err, MLOPS_EUSAGE, "--url goes with neither --path nor --from-run");
	for (size_t i = 0; i < o->include.n; i++)
		include[i] = o->include.v[i];
	progress_start(&progress, "fetching", ctx->common.quiet);
	int rc = mlops_model_register(ctx->project, o->name, &how, out, err);
	progress_end(&progress);
	return rc;
}

static int register_version(struct cmd_ctx *ctx, const struct register_opts *o, struct model_version **out,
			    struct mlops_error *err)
{
	autofree char *path = NULL;

	if (o->url)
		return register_url(ctx, o, out, err);
	if (o->path && mlops_project_relpath(ctx->project, o->path, &path, err))
		return -1;
	const struct register_how how = { .run = o->from_run, .path = path, .alias = o->alias };
	return mlops_model_register(ctx->project, o->name, &how, out, err);
}

static int register_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct model_version *version;

	if (register_version(ctx, opts, &version, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(model_version_json(version));
	else
		print_registered(version);
	mlops_model_version_free(version);
	return 0;
}

static const struct cmd_spec model_register = {
	.name = "register", .summary = "make an output of a run the next version of a model",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON, .opts = register_optv,
	.args = register_argv, .opts_size = sizeof(struct register_opts), .run = register_run,
};

/* mlops model ls */

static void add_model_row(struct table *table, const struct model *m)
{
	autobuf aliases = { 0 };
	char versions[NUM_SIZE], ago[CLOCK_ISO_SIZE];

	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < m->versions[i].n_aliases; k++)
			strbuf_addf(&aliases, "%s%s:%lld", aliases.len ? ", " : "",
				    m->versions[i].aliases[k], (long long)m->versions[i].version);
	snprintf(versions, sizeof(versions), "%zu", m->n);
	table_add(table, m->name, versions, aliases.buf,
		  clock_format_ago(m->n ? m->versions[0].created_ms : m->created_ms,
				   clock_now_ms(), ago));
}

static void print_models(struct model *const *models, size_t n)
{
	autotable *table = table_new("MODEL", "VERSIONS>", "ALIASES", "UPDATED", NULL);

	for (size_t i = 0; i < n; i++)
		add_model_row(table, models[i]);
	table_print(table, stdout);
}

static int print_models_json(struct model *const *models, size_t n)
{
	struct json *top = js_obj(), *list = js_arr();

	for (size_t i = 0; i < n; i++)
		js_push(list, view_model(models[i]));
	js_set(top, "models", list);
	return cmd_print_json(top);
}

static int ls_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct model **models;
	size_t n;

	(void)opts;
	if (mlops_models_list(ctx->project, &models, &n, err))
		return -1;
	if (ctx->common.json)
		print_models_json(models, n);
	else
		print_models(models, n);
	mlops_models_free(models, n);
	return 0;
}

static const struct cmd_spec model_ls = {
	.name = "ls", .summary = "list models", .flags = CMD_PROJECT | CMD_JSON, .run = ls_run,
};

/* mlops model show */

struct show_opts {
	const char *spec;
};

static const struct arg_spec show_argv[] = {
	ARG(show_opts, spec, .name = "NAME[@ALIAS|:N]", .min = 1, .max = 1, .complete = "model", .help = "a model with its versions, or one version of it"),
	ARG_END,
};

static void print_model(const struct model *m)
{
	autotable *table = table_new("VERSION>", "ALIASES", "REGISTERED", "RUN", "PATH~", NULL);

	printf("model  %s\n", m->name);
	if (*m->description)
		printf("%s\n", m->description);
	putchar('\n');
	for (size_t i = 0; i < m->n; i++) {
		const struct model_version *v = &m->versions[i];
		autofree char *aliases = model_aliases(v);
		autofree char *run = xasprintf("%.*s", VIEW_ID, v->run_id ? v->run_id : "-");
		char number[NUM_SIZE], ago[CLOCK_ISO_SIZE];

		snprintf(number, sizeof(number), "%lld", (long long)v->version);
		table_add(table, number, aliases,
			  clock_format_ago(v->created_ms, clock_now_ms(), ago), run, v->path);
	}
	table_print(table, stdout);
}

static void print_version(const struct model_version *v)
{
	autofree char *aliases = model_aliases(v);
	char hex[MLOPS_OID_HEX + 1], iso[CLOCK_ISO_SIZE], size[NUM_SIZE], value[NUM_SIZE];

	printf("model       %s:%lld\n", v->model, (long long)v->version);
	printf("aliases     %s\n", *aliases ? aliases : "-");
	printf("stage       %s\n", mlops_model_stage_name(v->stage));
	if (v->deprecated)
		printf("deprecated  %s\n", *v->deprecated ? v->deprecated : "yes");
	for (size_t i = 0; i < v->n_approvals; i++)
		printf("approved    by %s, %s\n", v->approvals[i].user,
		       clock_format_iso(v->approvals[i].at_ms, iso));
	printf("registered  %s%s%s\n", clock_format_iso(v->created_ms, iso),
	       *v->user ? " by " : "", v->user);
	printf("path        %s\n", v->path);
	printf("object      sha256:%s\n", mlops_oid_hex(&v->ref.oid, hex));
	printf("size        %s\n", num_format_bytes(v->ref.size, size));
	printf("run         %s\n", v->run_id ? v->run_id : "-");
	printf("commit      %s\n", v->git_commit ? v->git_commit : "-");
	for (size_t i = 0; i < v->n_metrics; i++)
		printf("metric      %s = %s\n", v->metrics[i].key,
		       num_format_double(v->metrics[i].value, value));
	for (size_t i = 0; i < v->n_inputs; i++)
		printf("input       %s  sha256:%s\n", v->inputs[i].path,
		       mlops_oid_hex(&v->inputs[i].ref.oid, hex));
}

static int show_version(struct cmd_ctx *ctx, const char *spec, struct mlops_error *err)
{
	struct model_version *version;

	if (mlops_model_resolve(ctx->project, spec, &version, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(model_version_json(version));
	else
		print_version(version);
	mlops_model_version_free(version);
	return 0;
}

static int show_model(struct cmd_ctx *ctx, const char *name, struct mlops_error *err)
{
	struct model *model;

	if (mlops_model_get(ctx->project, name, &model, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(view_model(model));
	else
		print_model(model);
	mlops_model_free(model);
	return 0;
}

static int show_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct show_opts *o = opts;
	bool one = strpbrk(o->spec, "@:") != NULL;

	return one ? show_version(ctx, o->spec, err) : show_model(ctx, o->spec, err);
}

static const struct cmd_spec model_show = {
	.name = "show", .summary = "show a model, or one version of it",
	.flags = CMD_PROJECT | CMD_JSON, .args = show_argv,
	.opts_size = sizeof(struct show_opts), .run = show_run,
};

/* mlops model alias */

struct alias_opts {
	const char *name, *alias, *version;
	bool remove;
};

static const struct opt_spec alias_optv[] = {
	OPT(alias_opts, remove, .name = "remove", .type = OPT_BOOL, .no_config = true, .help = "remove the alias"),
	OPT_END,
};

static const struct arg_spec alias_argv[] = {
	ARG(alias_opts, name, .name = "NAME", .min = 1, .max = 1, .complete = "model", .help = "the model"),
	ARG(alias_opts, alias, .name = "ALIAS", .min = 1, .max = 1, .help = "the alias, such as champion"),
	ARG(alias_opts, version, .name = "VERSION", .max = 1, .help = "the version that it is to mean"),
	ARG_END,
};

static int parse_version(const struct alias_opts *o, int64_t *out, struct mlops_error *err)
{
	*out = 0;
	if (o->remove && !o->version)
		return 0;
	if (o->remove)
		return err_set(err, MLOPS_EUSAGE, "--remove takes no VERSION");
	if (!o->version) {
		err_set(err, MLOPS_EUSAGE, "which version is '%s' to mean?", o->alias);
		return err_hint(err, "give a VERSION, or --remove");
	}
	if (!num_parse_i64(o->version, out) || *out < 1)
		return err_set(err, MLOPS_EUSAGE, "VERSION takes a number from 1, not '%s'", o->version);
	return 0;
}

static int print_alias_json(const struct alias_opts *o, int64_t version)
{
	struct json *obj = js_obj();

	js_set(obj, "model", js_str(o->name));
	js_set(obj, "alias", js_str(o->alias));
	js_set(obj, "version", version ? js_int(version) : js_null());
	return cmd_print_json(obj);
}

static int alias_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct alias_opts *o = opts;
	int64_t version;

	if (parse_version(o, &version, err) ||
	    mlops_model_set_alias(ctx->project, o->name, o->alias, version, err))
		return -1;
	if (ctx->common.json)
		return print_alias_json(o, version);
	if (version)
		printf("%s@%s is version %lld\n", o->name, o->alias, (long long)version);
	else
		printf("removed %s@%s\n", o->name, o->alias);
	return 0;
}

static const struct cmd_spec model_alias = {
	.name = "alias", .summary = "point an alias at a version, or remove it",
	.flags = CMD_PROJECT | CMD_JSON, .opts = alias_optv, .args = alias_argv,
	.opts_size = sizeof(struct alias_opts), .run = alias_run,
};

extern const struct cmd_spec cmd_model_inspect, cmd_model_package, cmd_model_predict, cmd_model_sign,
	cmd_model_verify;

static const struct cmd_spec *const model_subs[] = {
	&model_register, &model_ls, &model_show, &model_alias, &cmd_model_inspect,
	&cmd_model_predict, &cmd_model_package, &cmd_model_sign, &cmd_model_verify,
	&cmd_model_promote, &cmd_model_approve, &cmd_model_deprecate, &cmd_model_archive,
	&cmd_model_restore, &cmd_model_retire,
	&cmd_model_search, &cmd_model_events, &cmd_model_diff, &cmd_model_lineage, NULL,
};

const struct cmd_spec cmd_model = {
	.group = "models", .name = "model", .summary = "register, list and show models",
	.subs = model_subs,
};
