/* Parsing YAML into nodes with positions. */
#include "fmt/yaml.h"

#include <yaml.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/num.h"

#define MAX_BYTES ((size_t)16 << 20)
#define MAX_DEPTH 64
#define MAX_NODES 2000000

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	const char *file;
	struct map anchors; /* name -> struct yaml_node, complete ones only */
	size_t nodes;       /* as a walk over the tree would meet them: again for each alias */
	struct mlops_error *err;
};

int yaml_error(const struct yaml_node *at, struct mlops_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *msg = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(err, MLOPS_EINVALID, "%s:%d:%d: %s", at->file, at->line, at->column, msg);
}

static int parser_error(struct reader *r)
{
	const yaml_mark_t *m = &r->parser.problem_mark;

	return err_set(r->err, MLOPS_EINVALID, "%s:%zu:%zu: %s", r->file, m->line + 1,
		       m->column + 1, r->parser.problem ? r->parser.problem : "not YAML");
}

static int next_event(struct reader *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? 0 : parser_error(r);
}

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind, const yaml_event_t *e)
{
	struct yaml_node *node = arena_alloc(r->arena, sizeof(*node));

	node->kind = kind;
	node->file = r->file;
	node->line = (int)e->start_mark.line + 1;
	node->column = (int)e->start_mark.column + 1;
	r->nodes++;
	return node;
}

/* Counts what an alias stands for, and refuses what it would make too large or too deep. */
static int count_alias(struct reader *r, const struct yaml_node *node, int depth)
{
	if (++r->nodes > MAX_NODES)
		return yaml_error(node, r->err, "more than %d values, counted through aliases",
				  MAX_NODES);
	if (depth > MAX_DEPTH)
		return yaml_error(node, r->err, "nested deeper than %d levels through aliases",
				  MAX_DEPTH);
	for (size_t i = 0; i < node->n; i++)
		if (count_alias(r, node->values[i], depth + 1))
			return -1;
	return 0;
}

/* Takes the event. */
static int read_alias(struct reader *r, yaml_event_t *e, int depth, struct yaml_node **out)
{
	const char *name = (const char *)e->data.alias.anchor;
	struct yaml_node *node = map_get(&r->anchors, name);
	int rc;

	if (node)
		rc = count_alias(r, node, depth);
	else
		rc = yaml_error(new_node(r, YAML_SCALAR, e), r->err,
				"unknown or recursive alias '*%s'", name);
	yaml_event_delete(e);
	*out = node;
	return rc;
}

static const char *anchor_of(const yaml_event_t *e)
{
	const yaml_char_t *anchor = e->type == YAML_SCALAR_EVENT ? e->data.scalar.anchor :
				    e->type == YAML_MAPPING_START_EVENT ?
								   e->data.mapping_start.anchor :
								   e->data.sequence_start.anchor;

	return (const char *)anchor;
}

static int read_node(struct reader *r, yaml_event_t *e, int depth, struct yaml_node **out);

typedef VEC(struct yaml_node *) node_vec;

static struct yaml_node **keep(struct reader *r, const node_vec *nodes)
{
	size_t bytes = nodes->n * sizeof(*nodes->v);
	struct yaml_node **kept = arena_alloc(r->arena, bytes);

	if (bytes)
		memcpy(kept, nodes->v, bytes);
	return kept;
}

static int read_key(struct reader *r, struct yaml_node *map, struct map *seen,
		    struct yaml_node *key)
{
	if (key->kind != YAML_SCALAR)
		return yaml_error(key, r->err, "a key must be a scalar");
	struct yaml_node *first = map_get(seen, key->text);
	if (first)
		return yaml_error(key, r->err, "key '%s' was already given on line %d", key->text,
				  first->line);
	map_put(seen, key->text, key);
	map->n++;
	return 0;
}

static int read_items(struct reader *r, struct yaml_node *node, int depth, node_vec *keys,
		      node_vec *values, struct map *seen)
{
	bool is_map = node->kind == YAML_MAP;

	for (;;) {
		yaml_event_t e;
		struct yaml_node *item;

		if (next_event(r, &e))
			return -1;
		if (e.type == (is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT)) {
			yaml_event_delete(&e);
			return 0;
		}
		if (read_node(r, &e, depth, &item))
			return -1;
		if (is_map) {
			if (read_key(r, node, seen, item))
				return -1;
			vec_push(keys, item);
			if (next_event(r, &e) || read_node(r, &e, depth, &item))
				return -1;
		} else {
			node->n++;
		}
		vec_push(values, item);
	}
}

static int read_collection(struct reader *r, struct yaml_node *node, int depth)
{
	automap seen = { 0 };
	node_vec keys = { 0 }, values = { 0 };
	int rc = read_items(r, node, depth, &keys, &values, &seen);

	if (!rc) {
		node->keys = node->kind == YAML_MAP ? keep(r, &keys) : NULL;
		node->values = keep(r, &values);
	}
	vec_free(&keys);
	vec_free(&values);
	return rc;
}

static int read_scalar(struct reader *r, const yaml_event_t *e, struct yaml_node *node)
{
	size_t n = e->data.scalar.length;

	node->text = arena_strndup(r->arena, (const char *)e->data.scalar.value, n);
	node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (strlen(node->text) != n)
		return yaml_error(node, r->err, "text with a NUL byte");
	return 0;
}

/* Takes the event. */
static int read_node(struct reader *r, yaml_event_t *e, int depth, struct yaml_node **out)
{
	struct yaml_node *node;
	int rc = 0;

	if (e->type == YAML_ALIAS_EVENT)
		return read_alias(r, e, depth, out);
	node = new_node(r,
			e->type == YAML_SCALAR_EVENT         ? YAML_SCALAR :
			e->type == YAML_SEQUENCE_START_EVENT ? YAML_LIST :
							       YAML_MAP,
			e);
	autofree char *anchor = anchor_of(e) ? xstrdup(anchor_of(e)) : NULL;
	if (r->nodes > MAX_NODES)
		rc = yaml_error(node, r->err, "more than %d values", MAX_NODES);
	else if (depth > MAX_DEPTH)
		rc = yaml_error(node, r->err, "nested deeper than %d levels", MAX_DEPTH);
	else if (node->kind == YAML_SCALAR)
		rc = read_scalar(r, e, node);
	yaml_event_delete(e);
	if (!rc && node->kind != YAML_SCALAR)
		rc = read_collection(r, node, depth + 1);
	if (!rc && anchor)
		map_put(&r->anchors, anchor, node);
	*out = node;
	return rc;
}

static int expect_event(struct reader *r, yaml_event_type_t type, const char *problem)
{
	yaml_event_t e;

	if (next_event(r, &e))
		return -1;
	size_t line = e.start_mark.line + 1, column = e.start_mark.column + 1;
	bool ok = e.type == type;
	yaml_event_delete(&e);
	return ok ? 0 :
		    err_set(r->err, MLOPS_EINVALID, "%s:%zu:%zu: %s", r->file, line, column,
			    problem);
}

static int read_document(struct reader *r, struct yaml_node **out)
{
	yaml_event_t e;

	if (expect_event(r, YAML_STREAM_START_EVENT, "not YAML") || next_event(r, &e))
		return -1;
	bool empty = e.type == YAML_STREAM_END_EVENT;
	if (empty) {
		*out = new_node(r, YAML_SCALAR, &e);
		(*out)->text = "";
		(*out)->plain = true;
	}
	yaml_event_delete(&e);
	if (empty)
		return 0;
	if (next_event(r, &e) || read_node(r, &e, 0, out) ||
	    expect_event(r, YAML_DOCUMENT_END_EVENT, "not YAML"))
		return -1;
	return expect_event(r, YAML_STREAM_END_EVENT, "more than one document");
}

int yaml_parse(struct arena *arena, const char *file, const char *text, size_t n,
	       struct yaml_node **out, struct mlops_error *err)
{
	struct reader r = { .arena = arena, .file = arena_strdup(arena, file), .err = err };
	struct yaml_node *root = NULL;

	if (n > MAX_BYTES)
		return err_set(err, MLOPS_EINVALID, "%s is larger than %zu bytes", file, MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		return err_set(err, MLOPS_EFAIL, "cannot start the YAML parser");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
	int rc = read_document(&r, &root);
	yaml_parser_delete(&r.parser);
	map_clear(&r.anchors);
	if (!rc)
		*out = root;
	return rc;
}

int yaml_load(struct arena *arena, const char *path, const char *shown, struct yaml_node **out,
	      struct mlops_error *err)
{
	autobuf text = { 0 };

	if (fs_read(path, MAX_BYTES, &text, err))
		return -1;
	return yaml_parse(arena, shown, text.buf, text.len, out, err);
}

static size_t find(const struct yaml_node *map, const char *key)
{
	size_t i = 0;

	if (!map || map->kind != YAML_MAP)
		return SIZE_MAX;
	while (i < map->n && strcmp(map->keys[i]->text, key))
		i++;
	return i < map->n ? i : SIZE_MAX;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	size_t i = find(map, key);

	return i == SIZE_MAX ? NULL : map->values[i];
}

struct yaml_node *yaml_key(const struct yaml_node *map, const char *key)
{
	size_t i = find(map, key);

	return i == SIZE_MAX ? NULL : map->keys[i];
}

bool yaml_is_null(const struct yaml_node *node)
{
	return !node || (node->kind == YAML_SCALAR && yaml_scalar_type(node) == YAML_S_NULL);
}

int yaml_want(const struct yaml_node *node, enum yaml_kind kind, const char *what,
	      struct mlops_error *err)
{
	static const char *const kinds[] = { "one value", "a list", "a map" };

	if (node->kind == kind)
		return 0;
	return yaml_error(node, err, "%s must be %s", what, kinds[kind]);
}

int yaml_check_keys(const struct yaml_node *map, const char *const *known, const char *what,
		    struct mlops_error *err)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *key = map->keys[i];
		const char *const *k = known;

		while (*k && strcmp(*k, key->text))
			k++;
		if (*k)
			continue;
		yaml_error(key, err, "unknown key '%s' in %s", key->text, what);
		const char *near = str_suggest(key->text, known);
		if (near)
			err_hint(err, "did you mean '%s'?", near);
		return -1;
	}
	return 0;
}

/* 1: there, 0: absent, -1: not a scalar. */
static int get_scalar(const struct yaml_node *map, const char *key, struct yaml_node **out,
		      struct mlops_error *err)
{
	*out = yaml_get(map, key);
	if (!*out)
		return 0;
	return yaml_want(*out, YAML_SCALAR, key, err) ? -1 : 1;
}

int yaml_get_text(const struct yaml_node *map, const char *key, const char **out,
		  struct mlops_error *err)
{
	struct yaml_node *node;
	int there = get_scalar(map, key, &node, err);

	if (there <= 0)
		return there;
	*out = node->text;
	return 0;
}

int yaml_get_bool(const struct yaml_node *map, const char *key, bool *out, struct mlops_error *err)
{
	struct yaml_node *node;
	int there = get_scalar(map, key, &node, err);

	if (there <= 0)
		return there;
	if (yaml_scalar_type(node) != YAML_S_BOOL)
		return yaml_error(node, err, "%s must be true or false, not '%s'", key, node->text);
	*out = (node->text[0] | 0x20) == 't';
	return 0;
}

int yaml_get_int(const struct yaml_node *map, const char *key, int64_t *out,
		 struct mlops_error *err)
{
	struct yaml_node *node;
	int there = get_scalar(map, key, &node, err);

	if (there <= 0)
		return there;
	if (!num_parse_i64(node->text, out))
		return yaml_error(node, err, "%s must be a whole number, not '%s'", key,
				  node->text);
	return 0;
}

int yaml_get_uint(const struct yaml_node *map, const char *key, uint64_t *out,
		  struct mlops_error *err)
{
	struct yaml_node *node;
	int there = get_scalar(map, key, &node, err);

	if (there <= 0)
		return there;
	if (!num_parse_u64(node->text, out))
		return yaml_error(node, err, "%s must be a whole number of 0 or more, not '%s'",
				  key, node->text);
	return 0;
}

int yaml_get_num(const struct yaml_node *map, const char *key, double *out, struct mlops_error *err)
{
	struct yaml_node *node;
	int there = get_scalar(map, key, &node, err);

	if (there <= 0)
		return there;
	if (!num_parse_double(node->text, out))
		return yaml_error(node, err, "%s must be a number, not '%s'", key, node->text);
	return 0;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

enum yaml_scalar yaml_scalar_type(const struct yaml_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const bools[] = {
		"true", "True", "TRUE", "false", "False", "FALSE", NULL
	};
	static const char *const specials[] = { ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf", ".INF",
						"-.inf", "-.Inf", "-.INF", "+.inf", NULL };
	const char *text = node->text;
	double d;

	if (!node->plain)
		return YAML_S_TEXT;
	if (is_one_of(text, nulls))
		return YAML_S_NULL;
	if (is_one_of(text, bools))
		return YAML_S_BOOL;
	if (is_one_of(text, specials))
		return YAML_S_FLOAT;
	size_t sign = text[0] == '-' || text[0] == '+';
	if (text[sign] && strspn(text + sign, "0123456789") == strlen(text + sign))
		return YAML_S_INT;
	if (strspn(text, "+-.0123456789eE") == strlen(text) && num_parse_double(text, &d))
		return YAML_S_FLOAT;
	return YAML_S_TEXT;
}

const char *yaml_version(void)
{
	return yaml_get_version_string();
}
