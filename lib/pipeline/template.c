/* Finding ${...} in scalars, looking names up, and turning values into text or nodes. */
#include "pipeline/template.h"

#include <ctype.h>
#include <math.h>

#include "base/num.h"
#include "base/vec.h"
#include "pipeline/values.h"

#define DEFAULTS_HINT "write \\${%s} where the shell's own is meant"

static struct yaml_node *node_new(struct template *t, enum yaml_kind kind,
				  const struct yaml_node *at)
{
	struct yaml_node *node = arena_alloc(t->arena, sizeof(*node));

	*node = (struct yaml_node){
		.kind = kind, .file = at->file, .line = at->line, .column = at->column
	};
	return node;
}

static void make_room(struct template *t, struct yaml_node *node, size_t n)
{
	node->values = arena_alloc(t->arena, n * sizeof(*node->values));
	if (node->kind == YAML_MAP)
		node->keys = arena_alloc(t->arena, n * sizeof(*node->keys));
}

static struct yaml_node *scalar_new(struct template *t, const char *text, bool plain,
				    const struct yaml_node *at)
{
	struct yaml_node *node = node_new(t, YAML_SCALAR, at);

	node->text = arena_strdup(t->arena, text);
	node->plain = plain;
	return node;
}

/* How a scalar value is written into text. */
static void add_scalar(const struct json *value, struct strbuf *out)
{
	char number[NUM_SIZE];
	double d;

	if (js_type(value) == JSON_STR)
		strbuf_add(out, js_text(value), js_text_len(value));
	else if (js_type(value) == JSON_NUM && js_to_num(value, &d))
		strbuf_adds(out, num_format_python(d, number));
	else
		js_dump(value, JS_COMPACT, out);
}

struct yaml_node *template_node(struct template *t, const struct json *value,
				const struct yaml_node *at)
{
	enum json_type type = js_type(value);
	struct yaml_node *node;
	const char *key;
	struct json *item;
	void *iter = NULL;

	if (type != JSON_OBJ && type != JSON_ARR) {
		autobuf text = { 0 };

		add_scalar(value, &text);
		return scalar_new(t, text.buf ? text.buf : "", type != JSON_STR, at);
	}
	node = node_new(t, type == JSON_OBJ ? YAML_MAP : YAML_LIST, at);
	make_room(t, node, js_len(value));
	for (size_t i = 0; type == JSON_ARR && i < js_len(value); i++)
		node->values[node->n++] = template_node(t, js_at(value, i), at);
	while (type == JSON_OBJ && js_next((struct json *)value, &iter, &key, &item)) {
		node->keys[node->n] = scalar_new(t, key, false, at);
		node->values[node->n++] = template_node(t, item, at);
	}
	return node;
}

static int load_scope(struct template *t, struct scope *scope, const struct yaml_node *at,
		      struct mlops_error *err)
{
	if (scope->values || !scope->file)
		return 0;
	if (!t->load(t->arg, scope->file, &scope->values, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	if (!scope->optional)
		return yaml_error(at, err, "there is no file '%s' of variables", scope->file);
	mlops_error_clear(err);
	scope->values = js_obj();
	return 0;
}

/* "a[0].b" as the dotted key "a.0.b"; false when it is no such expression. */
static bool dotted_key(struct str expression, struct strbuf *key)
{
	bool in_brackets = false;

	for (size_t i = 0; i < expression.n; i++) {
		unsigned char c = expression.p[i];

		if (isalnum(c) || c == '_' || c == '-' || c == '.') {
			strbuf_addc(key, c);
		} else if (c == '[' && !in_brackets && key->len) {
			strbuf_addc(key, '.');
			in_brackets = true;
		} else if (c == ']' && in_brackets) {
			in_brackets = false;
		} else {
			return false;
		}
	}
	return key->len && !in_brackets;
}

/* *out is lent by its scope. */
static int look_up(struct template *t, struct scope *scope, struct str expression,
		   const struct yaml_node *at, struct json **out, struct mlops_error *err)
{
	autobuf key = { 0 };

	if (!dotted_key(expression, &key)) {
		yaml_error(at, err, "'${" STR_FMT "}' is no name of a value", STR_ARG(expression));
		return err_hint(err, "names are such as ${train.lr} or ${layers[0]}");
	}
	for (; scope; scope = scope->outer) {
		if (load_scope(t, scope, at, err))
			return -1;
		*out = values_find(scope->values, key.buf);
		if (*out)
			return 0;
	}
	yaml_error(at, err, "there is no '%s' to fill in for '${" STR_FMT "}'", key.buf,
		   STR_ARG(expression));
	return err_hint(err, DEFAULTS_HINT, key.buf);
}

/* The next ${...} of a text: what is before it, what is in it, what is behind; false: there is none. */
static bool next_hole(struct str text, struct str *before, struct str *hole, struct str *rest)
{
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] != '$' || text.p[i + 1] != '{' || (i && text.p[i - 1] == '\\'))
			continue;
		const char *end = memchr(text.p + i, '}', text.n - i);
		if (!end)
			return false;
		*before = (struct str){ text.p, i };
		*hole = str_trim((struct str){ text.p + i + 2, (size_t)(end - text.p) - i - 2 });
		*rest = (struct str){ end + 1, text.n - (size_t)(end + 1 - text.p) };
		return true;
	}
	return false;
}

/* A backslash before ${ has done its work. */
static void add_literal(struct str text, struct strbuf *out)
{
	for (size_t i = 0; i < text.n; i++)
		if (i + 2 >= text.n || memcmp(text.p + i, "\\${", 3) != 0)
			strbuf_addc(out, text.p[i]);
}

/* A value as words of a shell's command line; `option` goes in front of a scalar. */
static void add_words(const struct json *value, const char *option, struct strbuf *out);

static void add_options(const struct json *map, const char *prefix, struct strbuf *out)
{
	const char *key;
	struct json *item;
	void *iter = NULL;

	while (js_next((struct json *)map, &iter, &key, &item)) {
		autofree char *option = xasprintf("%s%s", prefix, key);

		if (js_type(item) == JSON_OBJ) {
			autofree char *longer = xasprintf("%s.", option);
			add_options(item, longer, out);
		} else {
			add_words(item, option, out);
		}
	}
}

static void add_word(const char *text, struct strbuf *out)
{
	if (out->len && out->buf[out->len - 1] != ' ')
		strbuf_addc(out, ' ');
	strbuf_add_shell(out, text);
}

/* A flag that is false is left out, as argparse's store_true has it. */
static void add_words(const struct json *value, const char *option, struct strbuf *out)
{
	enum json_type type = js_type(value);

	if (option && type != JSON_FALSE_)
		add_word(option, out);
	if (option && (type == JSON_TRUE_ || type == JSON_FALSE_))
		return;
	for (size_t i = 0; type == JSON_ARR && i < js_len(value); i++)
		add_words(js_at(value, i), NULL, out);
	if (type != JSON_ARR) {
		autobuf text = { 0 };

		add_scalar(value, &text);
		add_word(text.buf ? text.buf : "", out);
	}
}

/* What stands for a hole in the midst of a text. */
static int add_value(const struct json *value, bool command, struct str hole,
		     const struct yaml_node *at, struct strbuf *out, struct mlops_error *err)
{
	enum json_type type = js_type(value);

	if (type != JSON_OBJ && type != JSON_ARR)
		add_scalar(value, out);
	else if (!command)
		return yaml_error(at, err, "'${" STR_FMT "}' is a %s, which fits into no text",
				  STR_ARG(hole), type == JSON_OBJ ? "map" : "list");
	else if (type == JSON_OBJ)
		add_options(value, "--", out);
	else
		add_words(value, NULL, out);
	return 0;
}

static int fill_scalar(struct template *t, struct scope *scope, const struct yaml_node *node,
		       bool command, struct yaml_node **out, struct mlops_error *err)
{
	struct str text = str_of(node->text), before, hole, rest;
	autobuf filled = { 0 };
	struct json *value;
	bool any = false;

	while (next_hole(text, &before, &hole, &rest)) {
		if (look_up(t, scope, hole, node, &value, err))
			return -1;
		if (!command && !any && !before.n && !rest.n) {
			*out = template_node(t, value, node);
			return 0;
		}
		add_literal(before, &filled);
		if (add_value(value, command, hole, node, &filled, err))
			return -1;
		text = rest;
		any = true;
	}
	add_literal(text, &filled);
	*out = scalar_new(t, filled.buf ? filled.buf : "", node->plain && !any, node);
	return 0;
}

static int fill(struct template *t, struct scope *scope, const struct yaml_node *node, bool command,
		struct yaml_node **out, struct mlops_error *err)
{
	struct yaml_node *copy;

	if (!t->left)
		return yaml_error(node, err, "the pipeline becomes too large when it is filled in");
	t->left--;
	if (node->kind == YAML_SCALAR)
		return fill_scalar(t, scope, node, command, out, err);
	copy = node_new(t, node->kind, node);
	make_room(t, copy, node->n);
	for (; copy->n < node->n; copy->n++) {
		size_t i = copy->n;

		if ((node->kind == YAML_MAP &&
		     fill_scalar(t, scope, node->keys[i], false, &copy->keys[i], err)) ||
		    fill(t, scope, node->values[i], command, &copy->values[i], err))
			return -1;
		if (node->kind == YAML_MAP && copy->keys[i]->kind != YAML_SCALAR)
			return yaml_error(node->keys[i], err, "a key cannot be a list or map");
	}
	*out = copy;
	return 0;
}

int template_fill(struct template *t, struct scope *scope, const struct yaml_node *node,
		  struct yaml_node **out, struct mlops_error *err)
{
	return fill(t, scope, node, false, out, err);
}

int template_fill_command(struct template *t, struct scope *scope, const struct yaml_node *node,
			  struct yaml_node **out, struct mlops_error *err)
{
	return fill(t, scope, node, true, out, err);
}
