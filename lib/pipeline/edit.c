/*
 * One scalar of a YAML or JSON text replaced where it stands, so that comments and layout stay.
 * The parser tells where it starts; what it ends with follows from its first byte. As that is a
 * second reading of YAML, the result is parsed again and must differ in that one value only.
 */
#include "pipeline/edit.h"

#include <ctype.h>

#include "base/num.h"
#include "base/vec.h"
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

static void add_value(struct strbuf *out, const char *file, const char *value)
{
	autojson *text = NULL;

	if (str_ends(file, ".json") ? is_json_scalar(value) : is_plain(value)) {
		strbuf_adds(out, value);
		return;
	}
	text = js_str(value);
	js_dump(text, JS_COMPACT, out);
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
		      const char *key, const struct yaml_node *at, struct mlops_error *err)
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
	yaml_error(at, err, "the value of '%s' cannot be changed without changing more", key);
	return err_hint(err, "change it in '%s' by hand", file);
}

static int find_scalar(struct arena *arena, const char *file, const struct strbuf *text,
		       const char *key, const struct yaml_node **out, struct mlops_error *err)
{
	autojson *values = NULL;
	struct yaml_node *root;

	if (yaml_parse(arena, file, text->buf, text->len, &root, err))
		return -1;
	*out = find_node(root, key);
	if (*out && (*out)->kind == YAML_SCALAR)
		return 0;
	if (*out)
		yaml_error(*out, err, "'%s' is a %s and not one value", key,
			   (*out)->kind == YAML_MAP ? "map" : "list");
	else if (!values_parse(file, text->buf, text->len, &values, err))
		values_missing(values, file, key, err);
	return -1;
}

int edit_scalar(const char *file, struct strbuf *text, const char *key, const char *value,
		struct mlops_error *err)
{
	autoarena arena = { 0 };
	const struct yaml_node *node;
	autobuf edited = { 0 };
	size_t len;

	if (find_scalar(&arena, file, text, key, &node, err))
		return -1;
	size_t at = offset_of(text, node->line, node->column);
	if (at > text->len || !scalar_len(node, text->buf + at, &len)) {
		yaml_error(node, err, "the value of '%s' cannot be changed in place", key);
		return err_hint(err, "change it in '%s' by hand", file);
	}
	strbuf_add(&edited, text->buf, at);
	if (!len && at && text->buf[at - 1] == ':')
		strbuf_addc(&edited, ' ');
	add_value(&edited, file, value);
	strbuf_add(&edited, text->buf + at + len, text->len - at - len);
	if (check_edit(file, text, &edited, key, node, err))
		return -1;
	strbuf_clear(text);
	*text = edited;
	edited = (struct strbuf){ 0 };
	return 0;
}
