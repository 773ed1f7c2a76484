/* One file at a time: its variables as a chain of scopes, then each of its stages. */
#include "pipeline/expand.h"

#include "base/map.h"
#include "base/path.h"
#include "pipeline/spec.h"
#include "pipeline/values.h"

#define VERSION       1
#define INCLUDE_DEPTH 8
#define NODES_MAX     1000000

/* One file. */
struct expander {
	struct expansion *x;
	const char *file, *dir; /* relative to the root */
	struct template t;
	struct scope *vars; /* the innermost of the file */
	const struct yaml_node *defaults;
	VEC(struct scope *) scopes; /* all that were made here: their values are owned */
	int depth;
};

/* Those values alone that "a,b" names; takes `values`. */
static struct json *only_keys(struct json *values, struct str keys)
{
	struct json *only = js_obj();

	while (keys.n) {
		struct str part = str_trim(str_split(keys, ',', &keys));
		autofree char *key = xstrndup(part.p, part.n);
		struct json *value = js_get(values, key);

		if (value)
			js_set(only, key, js_ref(value));
	}
	js_free(values);
	return only;
}

/* `named` is "file", or "file:key,key" for a part of it. */
static int load_values(void *arg, const char *named, struct json **out, struct mlops_error *err)
{
	struct expander *e = arg;
	autobuf text = { 0 };

	struct str keys, path = str_split(str_of(named), ':', &keys);
	autofree char *file = xstrndup(path.p, path.n);

	if (!e->x->files)
		return err_set(err, MLOPS_ENOTFOUND, "there is no file '%s'", file);
	if (e->x->files->read(e->x->files->arg, file, &text, err))
		return -1;
	if (!strlist_has(&e->x->var_files, file))
		strlist_add(&e->x->var_files, file);
	if (values_parse(file, text.buf, text.len, out, err))
		return -1;
	if (keys.n)
		*out = only_keys(*out, keys);
	return 0;
}

static struct scope *add_scope(struct expander *e, struct scope *outer, struct json *values)
{
	struct scope *scope = arena_alloc(e->x->arena, sizeof(*scope));

	*scope = (struct scope){ .outer = outer, .values = values };
	vec_push(&e->scopes, scope);
	return scope;
}

static struct scope *add_file_scope(struct expander *e, struct scope *outer, const char *dir,
				    const char *file, bool optional)
{
	struct scope *scope = add_scope(e, outer, NULL);
	autofree char *joined = path_join(dir, file);
	autofree char *path = path_normalize(joined);

	scope->file = arena_strdup(e->x->arena, path);
	scope->optional = optional;
	return scope;
}

static int node_value(const struct yaml_node *node, struct json **out, struct mlops_error *err)
{
	*out = values_of_node(node);
	return *out ? 0 : yaml_error(node, err, "there are too many values");
}

/* A list of files (seen from `dir`) and maps of values; each comes in front of those before it. */
static int add_vars(struct expander *e, struct scope **scope, const char *dir,
		    const struct yaml_node *vars, struct mlops_error *err)
{
	struct yaml_node *filled;
	struct json *values;

	if (yaml_is_null(vars))
		return 0;
	if (yaml_want(vars, YAML_LIST, "vars", err))
		return -1;
	for (size_t i = 0; i < vars->n; i++) {
		const struct yaml_node *item = vars->values[i];

		if (template_fill(&e->t, *scope, item, &filled, err))
			return -1;
		if (filled->kind == YAML_LIST)
			return yaml_error(item, err, "an item of vars is a file or a map");
		if (filled->kind == YAML_SCALAR) {
			*scope = add_file_scope(e, *scope, dir, filled->text, false);
			if (!path_is_safe((*scope)->file))
				return yaml_error(item, err, "file '%s' leaves the project",
						  filled->text);
			continue;
		}
		if (node_value(filled, &values, err))
			return -1;
		*scope = add_scope(e, *scope, values);
	}
	return 0;
}

static struct yaml_node *text_node(struct expander *e, const struct yaml_node *at, const char *text)
{
	struct yaml_node *node = arena_alloc(e->x->arena, sizeof(*node));

	*node = *at;
	node->text = text;
	return node;
}

/* A copy of a map without some of its keys, with what the defaults of the file add. */
static struct yaml_node *stage_body(struct expander *e, const struct yaml_node *body,
				    const char *const *without)
{
	const struct yaml_node *defaults = e->defaults;
	size_t room = body->n + (defaults ? defaults->n : 0);
	struct yaml_node *copy = arena_alloc(e->x->arena, sizeof(*copy));

	*copy = *body;
	copy->n = 0;
	copy->keys = arena_alloc(e->x->arena, room * sizeof(*copy->keys));
	copy->values = arena_alloc(e->x->arena, room * sizeof(*copy->values));
	for (size_t i = 0; i < body->n; i++) {
		bool left_out = false;

		for (size_t k = 0; without[k]; k++)
			left_out |= !strcmp(body->keys[i]->text, without[k]);
		if (left_out)
			continue;
		copy->keys[copy->n] = body->keys[i];
		copy->values[copy->n++] = body->values[i];
	}
	for (size_t i = 0; defaults && i < defaults->n; i++) {
		if (yaml_get(body, defaults->keys[i]->text))
			continue;
		copy->keys[copy->n] = defaults->keys[i];
		copy->values[copy->n++] = defaults->values[i];
	}
	return copy;
}

/* Fills in one stage, the commands by their own rules. */
static int fill_body(struct expander *e, struct scope *scope, const char *name,
		     const struct yaml_node *body, struct yaml_node **out, struct mlops_error *err)
{
	struct yaml_node *filled = arena_alloc(e->x->arena, sizeof(*filled));

	*filled = *body;
	filled->values = arena_alloc(e->x->arena, body->n * sizeof(*filled->values));
	for (size_t i = 0; i < body->n; i++) {
		bool command = !strcmp(body->keys[i]->text, "cmd");
		int rc = command ? template_fill_command(&e->t, scope, body->values[i],
							 &filled->values[i], err) :
				   template_fill(&e->t, scope, body->values[i], &filled->values[i],
						 err);

		if (rc)
			return err_wrap(err, "stage '%s'", name);
	}
	*out = filled;
	return 0;
}

/* To DVC, files that a stage's vars name lie where the stage runs. */
static int vars_dir(struct expander *e, struct scope *scope, const struct yaml_node *body,
		    const char **dir, struct mlops_error *err)
{
	const struct yaml_node *wdir = yaml_get(body, "wdir");
	struct yaml_node *filled;

	if (!e->x->dvc || !wdir)
		return 0;
	if (template_fill(&e->t, scope, wdir, &filled, err) ||
	    yaml_want(filled, YAML_SCALAR, "wdir", err))
		return -1;
	autofree char *joined = path_join(e->dir, filled->text);
	*dir = arena_strdup(e->x->arena, joined);
	return 0;
}

static int add_stage(struct expander *e, struct scope *scope, const struct yaml_node *key,
		     const char *name, const struct yaml_node *body, const char *const *without,
		     struct mlops_error *err)
{
	struct plain_stage stage = { .name = text_node(e, key, name), .dir = e->dir };
	const struct yaml_node *vars = yaml_get(body, "vars");
	const char *dir = e->dir;

	if (yaml_want(body, YAML_MAP, "a stage", err) ||
	    vars_dir(e, scope, body, &dir, err) || add_vars(e, &scope, dir, vars, err))
		return -1;
	if (fill_body(e, scope, name, stage_body(e, body, without), &stage.body, err))
		return -1;
	vec_push(&e->x->stages, stage);
	return 0;
}

static const char *const stage_without[] = { "vars", NULL };

/* What names one of many: a scalar itself, of anything else its place. */
static char *value_name(const struct json *value, const char *prefix, size_t place)
{
	enum json_type type = js_type(value);
	autobuf text = { 0 };

	if (type == JSON_OBJ || type == JSON_ARR)
		return xasprintf("%s%zu", prefix, place);
	if (type == JSON_STR)
		return xstrdup(js_text(value));
	js_dump(value, JS_COMPACT, &text);
	return strbuf_steal(&text);
}

static int add_item(struct expander *e, struct scope *outer, const struct yaml_node *key,
		    const char *item_key, struct json *item, const char *name,
		    const struct yaml_node *body, const char *const *without,
		    struct mlops_error *err)
{
	struct json *values = js_obj();
	const char *full = arena_printf(e->x->arena, "%s@%s", key->text, name);

	js_set(values, "item", js_ref(item));
	if (item_key)
		js_set(values, "key", js_str(item_key));
	return add_stage(e, add_scope(e, outer, values), key, full, body, without, err);
}

/* The value of a node that may be one ${...}; new. */
static int filled_value(struct expander *e, const struct yaml_node *node, struct json **out,
			struct mlops_error *err)
{
	struct yaml_node *filled;

	return template_fill(&e->t, e->vars, node, &filled, err) ? -1 : node_value(filled, out, err);
}

static int expand_foreach(struct expander *e, const struct yaml_node *key,
			  const struct yaml_node *node, struct mlops_error *err)
{
	static const char *const known[] = { "foreach", "do", NULL };
	const struct yaml_node *over = yaml_get(node, "foreach"), *body = yaml_get(node, "do");
	autojson *items = NULL;
	const char *name;
	struct json *item;
	void *iter = NULL;

	if (yaml_check_keys(node, known, "a stage with foreach", err))
		return -1;
	if (!body)
		return yaml_error(key, err, "stage '%s' has foreach and no do", key->text);
	if (filled_value(e, over, &items, err))
		return -1;
	if (js_type(items) != JSON_OBJ && js_type(items) != JSON_ARR)
		return yaml_error(over, err, "foreach is over a list or a map");
	for (size_t i = 0; js_type(items) == JSON_ARR && i < js_len(items); i++) {
		autofree char *part = value_name(js_at(items, i), "", i);

		if (add_item(e, e->vars, key, NULL, js_at(items, i), part, body, stage_without, err))
			return -1;
	}
	while (js_type(items) == JSON_OBJ && js_next(items, &iter, &name, &item))
		if (add_item(e, e->vars, key, name, item, name, body, stage_without, err))
			return -1;
	return 0;
}

/* Reads the axes as a map of lists. */
static int read_axes(struct expander *e, const struct yaml_node *matrix, struct json **out,
		     struct mlops_error *err)
{
	autojson *axes = NULL;
	const char *axis;
	struct json *values;
	void *iter = NULL;

	if (filled_value(e, matrix, &axes, err))
		return -1;
	if (js_type(axes) != JSON_OBJ || !js_len(axes))
		return yaml_error(matrix, err, "matrix is a map from names to lists");
	while (js_next(axes, &iter, &axis, &values))
		if (js_type(values) != JSON_ARR)
			return yaml_error(matrix, err, "'%s' of the matrix is no list", axis);
	*out = steal_ptr(&axes);
	return 0;
}

/* The n-th combination, the last axis changing fastest: its values, and its name (new). */
static struct json *combination(struct json *axes, size_t n, char **name)
{
	VEC(struct json *) lists = { 0 };
	VEC(size_t) places = { 0 };
	struct json *item = js_obj(), *values;
	autobuf text = { 0 };
	const char *axis;
	void *iter = NULL;

	while (js_next(axes, &iter, &axis, &values))
		vec_push(&lists, values);
	vec_reserve(&places, lists.n);
	for (size_t i = lists.n; i--; n /= js_len(lists.v[i]))
		places.v[i] = n % js_len(lists.v[i]);
	iter = NULL;
	for (size_t i = 0; js_next(axes, &iter, &axis, &values); i++) {
		struct json *value = js_at(values, places.v[i]);
		autofree char *part = value_name(value, axis, places.v[i]);

		js_set(item, axis, js_ref(value));
		strbuf_addf(&text, "%s%s", i ? "-" : "", part);
	}
	vec_free(&lists);
	vec_free(&places);
	*name = strbuf_steal(&text);
	return item;
}

static int expand_matrix(struct expander *e, const struct yaml_node *key,
			 const struct yaml_node *node, struct mlops_error *err)
{
	static const char *const without[] = { "vars", "matrix", NULL };
	autojson *axes = NULL;
	struct json *values;
	const char *axis;
	void *iter = NULL;
	size_t n = 1;

	if (read_axes(e, yaml_get(node, "matrix"), &axes, err))
		return -1;
	while (js_next(axes, &iter, &axis, &values))
		if (__builtin_mul_overflow(n, js_len(values), &n) || n > NODES_MAX)
			return yaml_error(key, err, "the matrix of stage '%s' is too large", key->text);
	for (size_t i = 0; i < n; i++) {
		autofree char *name = NULL;
		autojson *item = combination(axes, i, &name);

		if (add_item(e, e->vars, key, name, item, name, node, without, err))
			return -1;
	}
	return 0;
}

static int expand_stages(struct expander *e, const struct yaml_node *stages, struct mlops_error *err)
{
	int rc = yaml_want(stages, YAML_MAP, "stages", err);

	for (size_t i = 0; i < stages->n && !rc; i++) {
		const struct yaml_node *key = stages->keys[i], *node = stages->values[i];

		if (yaml_get(node, "foreach"))
			rc = expand_foreach(e, key, node, err);
		else if (yaml_get(node, "matrix"))
			rc = expand_matrix(e, key, node, err);
		else
			rc = add_stage(e, e->vars, key, key->text, node, stage_without, err);
	}
	return rc;
}

static int expand_file(struct expansion *x, const char *file, const struct yaml_node *root,
		       int depth, struct mlops_error *err);

static int include(struct expander *e, const struct yaml_node *item, struct mlops_error *err)
{
	autofree char *joined = NULL;
	autofree char *path = NULL;
	struct yaml_node *root;
	autobuf text = { 0 };

	if (yaml_want(item, YAML_SCALAR, "an item of include", err))
		return -1;
	joined = path_join(e->dir, item->text);
	path = path_normalize(joined);
	if (!path_is_safe(path))
		return yaml_error(item, err, "'%s' leaves the project", item->text);
	if (e->depth >= INCLUDE_DEPTH)
		return yaml_error(item, err, "files include each other more than %d deep", INCLUDE_DEPTH);
	if (!e->x->files || e->x->files->read(e->x->files->arg, path, &text, err))
		return err->kind == MLOPS_ENOTFOUND || !err->kind ?
			       yaml_error(item, err, "there is no file '%s' to include", path) :
			       -1;
	strlist_add(&e->x->included, path);
	if (yaml_parse(e->x->arena, arena_strdup(e->x->arena, path), text.buf, text.len, &root, err))
		return -1;
	return expand_file(e->x, path, root, e->depth + 1, err);
}

static int include_all(struct expander *e, const struct yaml_node *list, struct mlops_error *err)
{
	if (yaml_is_null(list))
		return 0;
	if (yaml_want(list, YAML_LIST, "include", err))
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (include(e, list->values[i], err))
			return -1;
	return 0;
}

static int check_dvc_top(const struct yaml_node *root, const char *file, struct mlops_error *err)
{
	static const char *const known[] = { "vars",  "stages",	   "params",   "metrics",
					     "plots", "artifacts", "datasets", NULL };

	if (yaml_is_null(root))
		return 0;
	return yaml_want(root, YAML_MAP, file, err) || yaml_check_keys(root, known, file, err) ? -1 : 0;
}

static int check_top(const struct yaml_node *root, const char *file, struct mlops_error *err)
{
	static const char *const known[] = { "version", "desc", "meta", "on", "vars", "include", "defaults",
					     "stages", "plots", "deployments", "monitors", NULL };
	int64_t version = VERSION;
	const char *desc;

	if (yaml_want(root, YAML_MAP, file, err) || yaml_get_text(root, "desc", &desc, err) ||
	    yaml_get_int(root, "version", &version, err))
		return -1;
	if (version != VERSION)
		return yaml_error(yaml_get(root, "version"), err,
				  "version %lld is not known to this program", (long long)version);
	if (yaml_check_keys(root, known, file, err))
		return -1;
	if (!yaml_get(root, "stages") && !yaml_get(root, "include") && !yaml_get(root, "plots") &&
	    !yaml_get(root, "deployments") && !yaml_get(root, "monitors"))
		return yaml_error(root, err, "there is no 'stages' in %s", file);
	return 0;
}

static int read_defaults(struct expander *e, const struct yaml_node *node, struct mlops_error *err)
{
	static const char *const known[] = { "env", "timeout", "retries", "resources", "always", NULL };

	if (yaml_is_null(node))
		return 0;
	e->defaults = node;
	return yaml_want(node, YAML_MAP, "defaults", err) ||
	       yaml_check_keys(node, known, "defaults", err) ? -1 : 0;
}

static int expand_plots(struct expander *e, const struct yaml_node *plots, struct mlops_error *err)
{
	struct yaml_node *filled;

	if (yaml_is_null(plots))
		return 0;
	if (template_fill(&e->t, e->vars, plots, &filled, err))
		return -1;
	vec_push(&e->x->plots, { filled, e->dir });
	return 0;
}

static int check_triggers(const struct expander *e, const struct yaml_node *root,
			  struct mlops_error *err)
{
	const struct yaml_node *on = yaml_key(root, "on");

	if (!on || !e->depth)
		return 0;
	return yaml_error(on, err, "on is for %s, not for files it includes", SPEC_FILE);
}

static int expand(struct expander *e, const struct yaml_node *root, struct mlops_error *err)
{
	const struct yaml_node *stages = yaml_get(root, "stages");

	e->vars = add_file_scope(e, NULL, e->dir, PARAMS_FILE, true);
	if ((e->x->dvc ? check_dvc_top : check_top)(root, e->file, err) ||
	    check_triggers(e, root, err) ||
	    read_defaults(e, yaml_get(root, "defaults"), err) ||
	    add_vars(e, &e->vars, e->dir, yaml_get(root, "vars"), err))
		return -1;
	if ((stages && expand_stages(e, stages, err)) ||
	    expand_plots(e, yaml_get(root, "plots"), err))
		return -1;
	return include_all(e, yaml_get(root, "include"), err);
}

static int expand_file(struct expansion *x, const char *file, const struct yaml_node *root,
		       int depth, struct mlops_error *err)
{
	autofree char *dir = strchr(file, '/') ? path_dir(file) : xstrdup("");
	struct expander e = {
		.x = x,
		.file = arena_strdup(x->arena, file),
		.dir = arena_strdup(x->arena, dir),
		.t = { .arena = x->arena, .load = load_values, .left = NODES_MAX },
		.depth = depth,
	};

	e.t.arg = &e;
	int rc = expand(&e, root, err);
	for (size_t i = 0; i < e.scopes.n; i++)
		js_free(e.scopes.v[i]->values);
	vec_free(&e.scopes);
	return rc;
}

int expand_pipeline(struct expansion *x, const char *file, const struct yaml_node *root,
		    struct mlops_error *err)
{
	return expand_file(x, file, root, 0, err);
}

void expand_clear(struct expansion *x)
{
	vec_free(&x->stages);
	vec_free(&x->plots);
	strlist_clear(&x->var_files);
	strlist_clear(&x->included);
}
