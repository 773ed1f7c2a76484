/*
 * One scalar of a text replaced where it stands, so that comments and layout stay. Our own parsers
 * tell its place; that of YAML (which reads JSON too) tells where it starts, and what it ends with
 * follows from its first byte. The result is parsed again and must differ in that one value only.
 */
#include "pipeline/edit.h"

#include <ctype.h>

#include "base/num.h"
#include "base/vec.h"
#include "fmt/dotenv.h"
#include "fmt/yaml.h"
#include "pipeline/values.h"

static const struct yaml_node *child(const struct yaml_node *node, const char *name)
{
	uint64_t index;

	if (node->kind == YAML_LIST && num_parse_u64(name, &index) && index < node->n)
		return node->values[index];
	return yaml_get(node, name);
}

/* As values_find() does it. */
static const struct yaml_node *find_node(const struct yaml_node *root, const char *key)
{
	const struct yaml_node *node = yaml_get(root, key);
	struct str rest = str_of(key);

	if (node)
		return node;
	for (node = root; node && rest.n;) {
		struct str part = str_split(rest, '.', &rest);
		autofree char *name = xstrndup(part.p, part.n);

		node = child(node, name);
	}
	return node;
}

/* The byte at a line and a column, which counts characters; SIZE_MAX when there is none. */
static size_t offset_of(const struct strbuf *text, int line, int column)
{
	const char *p = text->buf, *end = p + text->len;

	for (; line > 1; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return SIZE_MAX;
		p++;
	}
	for (; column > 1; column--) {
		size_t n = utf8_sequence(p, (size_t)(end - p));

		if (!n)
			return SIZE_MAX;
		p += n;
	}
	return (size_t)(p - text->buf);
}

static size_t quoted_len(const char *s)
{
	char quote = *s;
	size_t n = 1;

	for (; s[n]; n++) {
		if (quote == '"' && s[n] == '\\' && s[n + 1])
			n++;
		else if (s[n] == quote && quote == '\'' && s[n + 1] == quote)
			n++;
		else if (s[n] == quote)
			return n + 1;
	}
	return 0;
}

/* Bytes of the scalar at `s`; false when it is one that has more to it (a tag, several lines). */
static bool scalar_len(const struct yaml_node *node, const char *s, size_t *out)
{
	size_t n = strlen(node->text);

	if (node->plain) {
		*out = n;
		return !strncmp(s, node->text, n);
	}
	*out = *s == '"' || *s == '\'' ? quoted_len(s) : 0;
	return *out;
}

static bool is_plain(const char *value)
{
	size_t sign = strspn(value, "+-.");

	if (!isalnum((unsigned char)value[sign]) || (sign && !isdigit((unsigned char)value[sign])))
		return false;
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && !strchr("+-._/", *value))
			return false;
	return true;
}

static bool is_json_scalar(const char *value)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;

	return !js_parse(value, strlen(value), "value", &v, &ignored) && js_type(v) != JSON_OBJ &&
	       js_type(v) != JSON_ARR && js_type(v) != JSON_STR;
}

/* Whether the value alone, behind a '=', is a number, boolean or the like in that language. */
static bool is_literal(values_parser *parser, const char *value)
{
	autofree char *line = xasprintf("x = %s\n", value);
	autoerr ignored = ERR_INIT;
	autojson *v = NULL;

	if (strchr(value, '#') || parser("value", line, strlen(line), NULL, &v, &ignored))
		return false;
	const struct json *x = js_get(v, "x");
	enum json_type type = js_type(x);
	return x && js_len(v) == 1 && type != JSON_OBJ && type != JSON_ARR && type != JSON_STR;
}

static bool needs_no_quotes(const char *file, const char *value)
{
	values_parser *parser = values_parser_of(file);

	if (parser && parser != dotenv_parse)
		return is_literal(parser, value);
	return str_ends(file, ".json") ? is_json_scalar(value) : is_plain(value);
}

static void add_value(struct strbuf *out, const char *file, const char *value)
{
	autojson *text = NULL;

	if (needs_no_quotes(file, value)) {
		strbuf_adds(out, value);
	} else if (values_parser_of(file) == dotenv_parse && !strpbrk(value, "'\\\r\n")) {
		strbuf_addf(out, "'%s'", value); /* in which no shell expands anything */
	} else {
		text = js_str(value);
		js_dump(text, JS_COMPACT, out);
	}
}

/* All keys and values of a file, in its order. */
struct listing {
	struct strlist keys, values;
};

static int list_value(const char *key, const struct json *value, void *arg, struct mlops_error *err)
{
	struct listing *list = arg;
	autobuf text = { 0 };

	(void)err;
	js_dump(value, JS_COMPACT, &text);
	strlist_add(&list->keys, key);
	strlist_take(&list->values, strbuf_steal(&text));
	return 0;
}

static int list_text(const char *file, const struct strbuf *text, struct listing *out,
		     struct mlops_error *err)
{
	autojson *root = NULL;

	if (values_parse(file, text->buf, text->len, &root, err))
		return -1;
	return values_each(root, "", true, list_value, out, err);
}

static bool differ_only_at(const struct listing *a, const struct listing *b, const char *key)
{
	if (a->keys.n != b->keys.n)
		return false;
	for (size_t i = 0; i < a->keys.n; i++)
		if (strcmp(a->keys.v[i], b->keys.v[i]) ||
		    (strcmp(a->values.v[i], b->values.v[i]) && strcmp(a->keys.v[i], key)))
			return false;
	return true;
}

static int check_edit(const char *file, const struct strbuf *before, const struct strbuf *after,
		      const char *key, struct mlops_error *err)
{
	struct listing a = { 0 }, b = { 0 };
	autoerr ignored = ERR_INIT;
	bool fine = !list_text(file, before, &a, &ignored) &&
		    !list_text(file, after, &b, &ignored) && differ_only_at(&a, &b, key);

	strlist_clear(&a.keys);
	strlist_clear(&a.values);
	strlist_clear(&b.keys);
	strlist_clear(&b.values);
	if (fine)
		return 0;
	err_set(err, MLOPS_EINVALID,
		"the value of '%s' in '%s' cannot be changed without changing more", key, file);
	return err_hint(err, "change it in '%s' by hand", file);
}

static int no_scalar(const char *file, const struct strbuf *text, const char *key,
		     struct mlops_error *err)
{
	autojson *values = NULL;

	if (values_parse(file, text->buf, text->len, &values, err))
		return -1;
	const struct json *found = values_find(values, key);
	if (!found)
		return values_missing(values, file, key, err);
	return err_set(err, MLOPS_EINVALID, "'%s' of '%s' is a %s and not one value", key, file,
		       js_type(found) == JSON_OBJ ? "map" : "list");
}

static int find_yaml(const char *file, const struct strbuf *text, const char *key,
		     struct text_place *out, struct mlops_error *err)
{
	autoarena arena = { 0 };
	struct yaml_node *root;

	if (yaml_parse(&arena, file, text->buf, text->len, &root, err))
		return -1;
	const struct yaml_node *node = find_node(root, key);
	if (!node)
		return no_scalar(file, text, key, err);
	if (node->kind != YAML_SCALAR)
		return yaml_error(node, err, "'%s' is a %s and not one value", key,
				  node->kind == YAML_MAP ? "map" : "list");
	out->at = offset_of(text, node->line, node->column);
	if (out->at <= text->len && scalar_len(node, text->buf + out->at, &out->len))
		return 0;
	yaml_error(node, err, "the value of '%s' cannot be changed in place", key);
	return err_hint(err, "change it in '%s' by hand", file);
}

/* With places wanted, the value of each scalar is the number of its place. */
static int find_place(values_parser *parser, const char *file, const struct strbuf *text,
		      const char *key, struct text_place *out, struct mlops_error *err)
{
	struct text_places places = { 0 };
	autojson *root = NULL;
	int64_t number;
	int rc = parser(file, text->buf, text->len, &places, &root, err);
	bool found = !rc && js_to_int(values_find(root, key), &number);

	if (found)
		*out = places.scalars.v[number];
	vec_free(&places.scalars);
	return rc || found ? rc : no_scalar(file, text, key, err);
}

int edit_scalar(const char *file, struct strbuf *text, const char *key, const char *value,
		struct mlops_error *err)
{
	values_parser *parser = values_parser_of(file);
	struct text_place place = { 0 };
	autobuf edited = { 0 };

	if (parser ? find_place(parser, file, text, key, &place, err) :
		     find_yaml(file, text, key, &place, err))
		return -1;
	strbuf_add(&edited, text->buf, place.at);
	if (!place.len && place.at && text->buf[place.at - 1] == ':')
		strbuf_addc(&edited, ' ');
	add_value(&edited, file, value);
	strbuf_add(&edited, text->buf + place.at + place.len, text->len - place.at - place.len);
	if (check_edit(file, text, &edited, key, err))
		return -1;
	strbuf_clear(text);
	*text = edited;
	edited = (struct strbuf){ 0 };
	return 0;
}
