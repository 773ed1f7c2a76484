/*
 * Reading `deployments` of mlops.yaml (mlops.yaml(5)). What each is to be is kept as JSON of the same
 * shape as what was written, so that revisions can be compared by what their authors wrote.
 */
#include "deploy/deploy.h"

#include <math.h>

#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/vec.h"
#include "fmt/yaml.h"
#include "project/project.h"

#define PORT_MAX     65535
#define REPLICAS_MAX 1000
#define PERCENT      100

enum want {
	WANT_TEXT,
	WANT_COUNT,  /* from min to max */
	WANT_NUMBER, /* above 0 */
	WANT_REAL,
	WANT_BYTES,
	WANT_DURATION,
	WANT_TEXTS, /* one or a list */
	WANT_ENV,   /* NAME: value */
	WANT_NAMES, /* of variables */
	WANT_MAP,
	WANT_MAPS, /* a list of them */
	WANT_ONE_OF,
};

/* What may stand under a key; a table of them ends with one without a key. */
struct rule {
	const char *key;
	enum want want;
	int64_t min, max;
	const struct rule *inside; /* WANT_MAP, WANT_MAPS */
	const char *choices;       /* WANT_ONE_OF: "a|b" */
	bool common;               /* each deployment has it, whatever its target */
};

static const struct rule resources[] = {
	{ .key = "cpus", .want = WANT_NUMBER },
	{ .key = "memory", .want = WANT_BYTES },
	{ .key = "gpus", .want = WANT_COUNT, .max = 64 },
	{ 0 },
};

static const struct rule runtime[] = {
	{ .key = "image", .want = WANT_TEXT },
	{ .key = "command", .want = WANT_TEXTS },
	{ .key = "port", .want = WANT_COUNT, .min = 1, .max = PORT_MAX },
	{ .key = "model_path", .want = WANT_TEXT },
	{ .key = "health", .want = WANT_TEXT },
	{ 0 },
};

static const struct rule step[] = {
	{ .key = "weight", .want = WANT_COUNT, .min = 1, .max = PERCENT - 1 },
	{ .key = "for", .want = WANT_DURATION },
	{ 0 },
};

static const struct rule strategy[] = {
	{ .key = "type", .want = WANT_ONE_OF, .choices = "rolling|canary" },
	{ .key = "steps", .want = WANT_MAPS, .inside = step },
	{ 0 },
};

static const struct rule prometheus[] = {
	{ .key = "url", .want = WANT_TEXT },
	{ .key = "query", .want = WANT_TEXT },
	{ .key = "min", .want = WANT_REAL },
	{ .key = "max", .want = WANT_REAL },
	{ 0 },
};

static const struct rule gates[] = {
	{ .key = "max_error_percent", .want = WANT_NUMBER },
	{ .key = "min_requests", .want = WANT_COUNT, .min = 1, .max = INT32_MAX },
	{ .key = "command", .want = WANT_TEXTS },
	{ .key = "timeout", .want = WANT_DURATION },
	{ .key = "prometheus", .want = WANT_MAP, .inside = prometheus },
	{ 0 },
};

static const struct rule autoscale[] = {
	{ .key = "min", .want = WANT_COUNT, .min = 1, .max = REPLICAS_MAX },
	{ .key = "max", .want = WANT_COUNT, .min = 1, .max = REPLICAS_MAX },
	{ .key = "cpu", .want = WANT_COUNT, .min = 1, .max = PERCENT },
	{ 0 },
};

static const struct rule ingress[] = {
	{ .key = "host", .want = WANT_TEXT },
	{ .key = "path", .want = WANT_TEXT },
	{ .key = "class", .want = WANT_TEXT },
	{ .key = "tls_secret", .want = WANT_TEXT },
	{ 0 },
};

static const struct rule docker[] = {
	{ .key = "host", .want = WANT_TEXT },
	{ .key = "network", .want = WANT_TEXT },
	{ 0 },
};

static const struct rule kubernetes[] = {
	{ .key = "context", .want = WANT_TEXT },
	{ .key = "namespace", .want = WANT_TEXT },
	{ .key = "registry", .want = WANT_TEXT },
	{ .key = "pull_secret", .want = WANT_TEXT },
	{ .key = "service_account", .want = WANT_TEXT },
	{ 0 },
};

static const struct rule deployment[] = {
	{ .key = "model", .want = WANT_TEXT, .common = true },
	{ .key = "target", .want = WANT_TEXT, .common = true },
	{ .key = "workers",
	  .want = WANT_COUNT,
	  .min = 1,
	  .max = DEPLOY_WORKERS_MAX,
	  .common = true },
	{ .key = "port", .want = WANT_COUNT, .max = PORT_MAX, .common = true },
	{ .key = "timeout", .want = WANT_DURATION, .common = true },
	{ .key = "strategy", .want = WANT_MAP, .inside = strategy },
	{ .key = "gates", .want = WANT_MAP, .inside = gates },
	{ .key = "replicas", .want = WANT_COUNT, .min = 1, .max = REPLICAS_MAX },
	{ .key = "runtime", .want = WANT_MAP, .inside = runtime },
	{ .key = "resources", .want = WANT_MAP, .inside = resources },
	{ .key = "env", .want = WANT_ENV },
	{ .key = "secrets", .want = WANT_NAMES },
	{ .key = "autoscale", .want = WANT_MAP, .inside = autoscale },
	{ .key = "ingress", .want = WANT_MAP, .inside = ingress },
	{ .key = "docker", .want = WANT_MAP, .inside = docker },
	{ .key = "kubernetes", .want = WANT_MAP, .inside = kubernetes },
	{ 0 },
};

static int read_map(const struct rule *rules, const struct yaml_node *node, const char *what,
		    struct json **out, struct mlops_error *err);

static int read_text(const struct yaml_node *node, const char *key, struct json **out,
		     struct mlops_error *err)
{
	if (yaml_want(node, YAML_SCALAR, key, err))
		return -1;
	if (!*node->text)
		return yaml_error(node, err, "%s is empty", key);
	*out = js_str(node->text);
	return 0;
}

static int read_count(const struct rule *rule, const struct yaml_node *node, struct json **out,
		      struct mlops_error *err)
{
	int64_t v;

	if (yaml_want(node, YAML_SCALAR, rule->key, err))
		return -1;
	if (!num_parse_i64(node->text, &v) || v < rule->min || v > rule->max)
		return yaml_error(node, err, "%s is from %lld to %lld, not '%s'", rule->key,
				  (long long)rule->min, (long long)rule->max, node->text);
	*out = js_int(v);
	return 0;
}

static int read_number(const struct rule *rule, const struct yaml_node *node, struct json **out,
		       struct mlops_error *err)
{
	bool above = rule->want == WANT_NUMBER;
	double v;

	if (yaml_want(node, YAML_SCALAR, rule->key, err))
		return -1;
	if (!num_parse_double(node->text, &v) || !isfinite(v) || (above && !(v > 0 && v < 1e6)))
		return yaml_error(node, err, "%s is a number%s, not '%s'", rule->key,
				  above ? " above 0" : "", node->text);
	*out = js_num(v);
	return 0;
}

/* Kept as it is written: who reads it parses it again. */
static int read_unit(const struct rule *rule, const struct yaml_node *node, struct json **out,
		     struct mlops_error *err)
{
	int64_t ms = 0;
	uint64_t bytes = 0;

	if (read_text(node, rule->key, out, err))
		return -1;
	if (rule->want == WANT_BYTES ? num_parse_bytes(node->text, &bytes) && bytes :
				       num_parse_duration(node->text, &ms) && ms > 0)
		return 0;
	return yaml_error(node, err, "%s is a %s, not '%s'", rule->key,
			  rule->want == WANT_BYTES ? "size such as 4GiB" :
						     "duration such as 90s or 2h",
			  node->text);
}

static int add_texts(const struct rule *rule, const struct yaml_node *node, struct json *list,
		     struct mlops_error *err)
{
	bool is_list = node->kind == YAML_LIST;

	for (size_t i = 0; i < (is_list ? node->n : 1); i++) {
		const struct yaml_node *item = is_list ? node->values[i] : node;
		struct json *text = NULL;

		if (read_text(item, rule->key, &text, err))
			return -1;
		js_push(list, text);
		if (rule->want == WANT_NAMES && !proc_is_variable(item->text))
			return yaml_error(item, err, "'%s' is no name of a variable", item->text);
	}
	return 0;
}

static int add_variables(const struct yaml_node *node, struct json *map, struct mlops_error *err)
{
	if (yaml_want(node, YAML_MAP, "env", err))
		return -1;
	for (size_t i = 0; i < node->n; i++) {
		if (!proc_is_variable(node->keys[i]->text))
			return yaml_error(node->keys[i], err, "'%s' is no name of a variable",
					  node->keys[i]->text);
		if (yaml_want(node->values[i], YAML_SCALAR, "a variable", err))
			return -1;
		js_set(map, node->keys[i]->text, js_str(node->values[i]->text));
	}
	return 0;
}

static int add_maps(const struct rule *rule, const struct yaml_node *node, struct json *list,
		    struct mlops_error *err)
{
	if (yaml_want(node, YAML_LIST, rule->key, err))
		return -1;
	for (size_t i = 0; i < node->n; i++) {
		struct json *map = NULL;
		int rc = read_map(rule->inside, node->values[i], rule->key, &map, err);

		js_push(list, map);
		if (rc)
			return -1;
	}
	return 0;
}

static int read_one_of(const struct rule *rule, const struct yaml_node *node, struct json **out,
		       struct mlops_error *err)
{
	struct str rest = str_of(rule->choices);

	if (read_text(node, rule->key, out, err))
		return -1;
	while (rest.n) {
		struct str choice = str_split(rest, '|', &rest);

		if (str_eq(choice, node->text))
			return 0;
	}
	return yaml_error(node, err, "%s is one of %s, not '%s'", rule->key, rule->choices,
			  node->text);
}

/* *out is set also when it fails, as far as it came. */
static int read_value(const struct rule *rule, const struct yaml_node *node, struct json **out,
		      struct mlops_error *err)
{
	switch (rule->want) {
	case WANT_TEXT:
		return read_text(node, rule->key, out, err);
	case WANT_COUNT:
		return read_count(rule, node, out, err);
	case WANT_NUMBER:
	case WANT_REAL:
		return read_number(rule, node, out, err);
	case WANT_BYTES:
	case WANT_DURATION:
		return read_unit(rule, node, out, err);
	case WANT_TEXTS:
	case WANT_NAMES:
		return add_texts(rule, node, *out = js_arr(), err);
	case WANT_ENV:
		return add_variables(node, *out = js_obj(), err);
	case WANT_MAP:
		return read_map(rule->inside, node, rule->key, out, err);
	case WANT_MAPS:
		return add_maps(rule, node, *out = js_arr(), err);
	case WANT_ONE_OF:
		return read_one_of(rule, node, out, err);
	}
	return 0;
}

static const struct rule *find_rule(const struct rule *rules, const char *key)
{
	while (rules->key && strcmp(rules->key, key))
		rules++;
	return rules->key ? rules : NULL;
}

static int check_keys(const struct rule *rules, const struct yaml_node *node, const char *what,
		      struct mlops_error *err)
{
	VEC(const char *) known = { 0 };

	for (const struct rule *r = rules; r->key; r++)
		vec_push(&known, r->key);
	vec_push(&known, NULL);
	int rc = yaml_want(node, YAML_MAP, what, err) || yaml_check_keys(node, known.v, what, err);
	vec_free(&known);
	return rc ? -1 : 0;
}

/* What is null counts as not written. */
static int read_map(const struct rule *rules, const struct yaml_node *node, const char *what,
		    struct json **out, struct mlops_error *err)
{
	*out = js_obj();
	if (check_keys(rules, node, what, err))
		return -1;
	for (size_t i = 0; i < node->n; i++) {
		struct json *value = NULL;

		if (yaml_is_null(node->values[i]))
			continue;
		int rc = read_value(find_rule(rules, node->keys[i]->text), node->values[i], &value,
				    err);
		if (value)
			js_set(*out, node->keys[i]->text, value);
		if (rc)
			return -1;
	}
	return 0;
}

/* The rest of it is for the target. */
static void lift(struct json *all, struct arena *arena, struct deploy_how *how)
{
	autojson *rest = js_obj();
	autobuf text = { 0 };
	const char *key;
	struct json *value;

	how->model = arena_strdup(arena, js_get_text(all, "model"));
	how->target = js_get_text(all, "target") ? arena_strdup(arena, js_get_text(all, "target")) :
						   DEPLOY_TARGET;
	js_get_int(all, "workers", &how->workers);
	js_get_int(all, "port", &how->port);
	if (js_get_text(all, "timeout"))
		num_parse_duration(js_get_text(all, "timeout"), &how->timeout_ms);
	for (void *iter = NULL; js_next(all, &iter, &key, &value);)
		if (!find_rule(deployment, key)->common)
			js_set(rest, key, js_ref(value));
	js_dump(rest, JS_COMPACT, &text);
	how->config = arena_strdup(arena, text.buf);
}

static int read_deployment(struct deploy_specs *specs, const struct yaml_node *name,
			   const struct yaml_node *node, struct mlops_error *err)
{
	struct deploy_how how = { .name = name->text };
	autojson *all = NULL;

	if (deploy_check_name(name->text, err))
		return err_wrap(err, "%s:%d:%d", name->file, name->line, name->column);
	if (read_map(deployment, node, "a deployment", &all, err))
		return -1;
	if (!js_get_text(all, "model"))
		return yaml_error(name, err, "deployment '%s' has no model", name->text);
	lift(all, specs->arena, &how);
	const struct target *target;
	autojson *config = NULL;
	if (target_find(how.target, &target, err) ||
	    target_config(target, how.config, &config, err))
		return err_wrap(err, "%s:%d:%d: deployment '%s'", name->file, name->line,
				name->column, name->text);
	specs->v[specs->n++] = how;
	return 0;
}

static int read_deployments(struct deploy_specs *specs, const char *path, struct mlops_error *err)
{
	const struct yaml_node *all;
	struct yaml_node *root;

	if (yaml_load(specs->arena, path, SPEC_FILE, &root, err))
		return -1;
	all = yaml_get(root, "deployments");
	if (yaml_is_null(all))
		return 0;
	if (yaml_want(all, YAML_MAP, "deployments", err))
		return -1;
	specs->v = arena_alloc(specs->arena, (all->n + 1) * sizeof(*specs->v));
	for (size_t i = 0; i < all->n; i++)
		if (read_deployment(specs, all->keys[i], all->values[i], err))
			return -1;
	return 0;
}

int mlops_deploy_specs_load(struct project *project, struct deploy_specs **out,
			    struct mlops_error *err)
{
	struct deploy_specs *specs = xcalloc(1, sizeof(*specs));
	autofree char *path = project_abspath(project, SPEC_FILE);

	specs->arena = xcalloc(1, sizeof(*specs->arena));
	if (fs_exists(path) && read_deployments(specs, path, err)) {
		mlops_deploy_specs_free(specs);
		return -1;
	}
	*out = specs;
	return 0;
}

const struct deploy_how *mlops_deploy_specs_find(const struct deploy_specs *specs, const char *name)
{
	for (size_t i = 0; i < specs->n; i++)
		if (!strcmp(specs->v[i].name, name))
			return &specs->v[i];
	return NULL;
}

void mlops_deploy_specs_free(struct deploy_specs *specs)
{
	if (!specs)
		return;
	arena_clear(specs->arena);
	free(specs->arena);
	free(specs);
}
