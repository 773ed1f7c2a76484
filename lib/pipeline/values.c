/* Files of all formats as one kind of value. */
#include "pipeline/values.h"

#include <math.h>

#include "base/num.h"
#include "base/vec.h"
#include "fmt/dotenv.h"
#include "fmt/pyconst.h"
#include "fmt/toml.h"
#include "fmt/yaml.h"

#define MAX_VALUES 100000

static struct json *scalar_of(const struct yaml_node *node)
{
	double d = NAN;
	int64_t i;

	switch (yaml_scalar_type(node)) {
	case YAML_S_NULL:
		return js_null();
	case YAML_S_BOOL:
		return js_bool((node->text[0] | 0x20) == 't');
	case YAML_S_INT:
		if (num_parse_i64(node->text, &i))
			return js_int(i);
		/* fallthrough */
	case YAML_S_FLOAT:
		if (num_parse_double(node->text, &d))
			return js_num(d);
		/* fallthrough */
	case YAML_S_TEXT:
		break;
	}
	return js_str(node->text);
}

/* An alias is copied each time it is used: *left bounds what comes of that. NULL when it is used up. */
static struct json *value_of(const struct yaml_node *node, size_t *left)
{
	if (!*left)
		return NULL;
	--*left;
	if (node->kind == YAML_SCALAR)
		return scalar_of(node);
	autojson *v = node->kind == YAML_MAP ? js_obj() : js_arr();
	for (size_t i = 0; i < node->n; i++) {
		struct json *item = value_of(node->values[i], left);

		if (!item)
			return NULL;
		if (node->kind == YAML_MAP)
			js_set(v, node->keys[i]->text, item);
		else
			js_push(v, item);
	}
	return steal_ptr(&v);
}

struct json *values_of_node(const struct yaml_node *node)
{
	size_t left = MAX_VALUES;

	return value_of(node, &left);
}

static bool is_dotenv(const char *file)
{
	const char *slash = strrchr(file, '/');

	return str_ends(file, ".env") || str_starts(slash ? slash + 1 : file, ".env.");
}

values_parser *values_parser_of(const char *file)
{
	if (is_dotenv(file))
		return dotenv_parse;
	if (str_ends(file, ".toml"))
		return toml_parse;
	return str_ends(file, ".py") ? pyconst_parse : NULL;
}

int values_parse(const char *file, const char *text, size_t n, struct json **out,
		 struct mlops_error *err)
{
	autoarena arena = { 0 };
	autofree char *what = xasprintf("'%s'", file);
	values_parser *parser = values_parser_of(file);
	struct yaml_node *root;

	if (parser)
		return parser(file, text, n, NULL, out, err);
	if (str_ends(file, ".json"))
		return js_parse(text ? text : "", n, what, out, err);
	if (yaml_parse(&arena, file, text, n, &root, err))
		return -1;
	struct json *value = values_of_node(root);
	if (!value)
		return yaml_error(root, err, "more than %d values", MAX_VALUES);
	*out = value;
	return 0;
}

static struct json *child(struct json *parent, const char *name)
{
	uint64_t index;

	if (js_type(parent) == JSON_OBJ)
		return js_get(parent, name);
	if (js_type(parent) == JSON_ARR && num_parse_u64(name, &index) && index < js_len(parent))
		return js_at(parent, index);
	return NULL;
}

struct json *values_find(struct json *root, const char *key)
{
	struct json *whole = js_type(root) == JSON_OBJ ? js_get(root, key) : NULL;
	struct str rest = str_of(key);

	if (whole)
		return whole; /* a key that has dots of its own */
	while (root && rest.n) {
		struct str part = str_split(rest, '.', &rest);
		autofree char *name = xstrndup(part.p, part.n);

		root = child(root, name);
	}
	return root;
}

struct walk {
	bool into_lists;
	int (*fn)(const char *key, const struct json *value, void *arg, struct mlops_error *err);
	void *arg;
	struct mlops_error *err;
};

static int walk(const struct walk *w, struct strbuf *key, struct json *value);

static int walk_child(const struct walk *w, struct strbuf *key, const char *name,
		      struct json *value)
{
	size_t len = key->len;

	strbuf_addf(key, "%s%s", len ? "." : "", name);
	int rc = walk(w, key, value);
	strbuf_trunc(key, len);
	return rc;
}

static int walk(const struct walk *w, struct strbuf *key, struct json *value)
{
	enum json_type type = js_type(value);
	void *iter = NULL;
	const char *name;
	struct json *item;
	int rc = 0;

	if (!js_len(value) || (type == JSON_ARR && !w->into_lists))
		return w->fn(key->len ? key->buf : "", value, w->arg, w->err);
	for (size_t i = 0; !rc && type == JSON_ARR && i < js_len(value); i++) {
		char index[NUM_SIZE];

		snprintf(index, sizeof(index), "%zu", i);
		rc = walk_child(w, key, index, js_at(value, i));
	}
	while (!rc && type == JSON_OBJ && js_next(value, &iter, &name, &item))
		rc = walk_child(w, key, name, item);
	return rc;
}

int values_each(struct json *value, const char *key, bool into_lists,
		int (*fn)(const char *key, const struct json *value, void *arg,
			  struct mlops_error *err),
		void *arg, struct mlops_error *err)
{
	struct walk w = { into_lists, fn, arg, err };
	autobuf path = { 0 };

	strbuf_adds(&path, key);
	return walk(&w, &path, value);
}

static int add_name(const char *key, const struct json *value, void *arg, struct mlops_error *err)
{
	(void)value, (void)err;
	strlist_add(arg, key);
	return 0;
}

int values_missing(struct json *root, const char *file, const char *key, struct mlops_error *err)
{
	autostrlist names = { 0 };
	autoerr ignored = ERR_INIT;

	values_each(root, "", false, add_name, &names, &ignored);
	const char *near = strlist_suggest(key, &names);
	err_set(err, MLOPS_ENOTFOUND, "there is no parameter '%s' in '%s'", key, file);
	return near ? err_hint(err, "did you mean '%s'?", near) :
		      err_hint(err, "add it to '%s' first", file);
}
