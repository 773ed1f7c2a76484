/* The only file that knows jansson. */
#include "fmt/json.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>

#include "base/num.h"

#define MAX_DEPTH 64

static json_t *in(const struct json *v)
{
	return (json_t *)v;
}

static struct json *made(json_t *v)
{
	if (!v)
		abort(); /* out of memory: all else is checked before */
	return (struct json *)v;
}

struct json *js_obj(void)
{
	return made(json_object());
}

struct json *js_arr(void)
{
	return made(json_array());
}

struct json *js_strn(const char *s, size_t n)
{
	autobuf mended = { 0 };

	if (utf8_valid(s, n))
		return made(json_stringn_nocheck(s, n));
	utf8_mend(&mended, s, n);
	return made(json_stringn_nocheck(mended.buf, mended.len));
}

struct json *js_str(const char *s)
{
	return s ? js_strn(s, strlen(s)) : js_null();
}

struct json *js_int(int64_t v)
{
	return made(json_integer(v));
}

struct json *js_num(double v)
{
	char buf[NUM_SIZE];

	if (isnan(v) || isinf(v))
		return js_str(num_format_double(v, buf));
	return made(json_real(v));
}

struct json *js_bool(bool v)
{
	return made(json_boolean(v));
}

struct json *js_null(void)
{
	return made(json_null());
}

struct json *js_pack(const char *pattern, ...)
{
	va_list args;

	va_start(args, pattern);
	json_t *v = json_vpack_ex(NULL, 0, pattern, args);
	va_end(args);
	return made(v);
}

struct json *js_ref(struct json *v)
{
	return (struct json *)json_incref(in(v));
}

void js_free(struct json *v)
{
	json_decref(in(v));
}

void js_set(struct json *obj, const char *key, struct json *value)
{
	if (utf8_valid(key, strlen(key))) {
		if (json_object_set_new_nocheck(in(obj), key, in(value)))
			abort();
		return;
	}
	struct json *mended = js_str(key);
	js_set(obj, js_text(mended), value);
	js_free(mended);
}

void js_push(struct json *arr, struct json *value)
{
	if (json_array_append_new(in(arr), in(value)))
		abort();
}

/* Depth before parsing: jansson's own limit is 2048 levels of recursion. */
static bool too_deep(const char *text, size_t n)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '[' || c == '{') {
			if (++depth > MAX_DEPTH)
				return true;
		} else if ((c == ']' || c == '}') && depth) {
			depth--;
		}
	}
	return false;
}

int js_parse(const char *text, size_t n, const char *what, struct json **out,
	     struct mlops_error *err)
{
	json_error_t e;

	if (too_deep(text, n))
		return err_set(err, MLOPS_EINVALID, "%s is nested deeper than %d levels", what,
			       MAX_DEPTH);
	json_t *v =
		json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
	if (!v)
		return err_set(err, MLOPS_EINVALID, "%s is not valid JSON: line %d, column %d: %s",
			       what, e.line, e.column, e.text);
	*out = made(v);
	return 0;
}

static int append(const char *p, size_t n, void *arg)
{
	strbuf_add(arg, p, n);
	return 0;
}

static void dump_indent(int indent, struct strbuf *out)
{
	if (indent >= 0)
		strbuf_addf(out, "\n%*s", indent, "");
}

static void dump_value(json_t *v, int indent, struct strbuf *out);

static void dump_object(json_t *v, int indent, struct strbuf *out)
{
	int inner = indent < 0 ? -1 : indent + 2;
	const char *key;
	json_t *value;
	bool first = true;

	strbuf_addc(out, '{');
	json_object_foreach (v, key, value) {
		json_t *name = in(js_str(key));

		strbuf_adds(out, first ? "" : ",");
		first = false;
		dump_indent(inner, out);
		dump_value(name, -1, out);
		strbuf_adds(out, indent < 0 ? ":" : ": ");
		dump_value(value, inner, out);
		json_decref(name);
	}
	if (!first)
		dump_indent(indent, out);
	strbuf_addc(out, '}');
}

static void dump_array(json_t *v, int indent, struct strbuf *out)
{
	int inner = indent < 0 ? -1 : indent + 2;

	strbuf_addc(out, '[');
	for (size_t i = 0; i < json_array_size(v); i++) {
		strbuf_adds(out, i ? "," : "");
		dump_indent(inner, out);
		dump_value(json_array_get(v, i), inner, out);
	}
	if (json_array_size(v))
		dump_indent(indent, out);
	strbuf_addc(out, ']');
}

/* jansson would write 0.1 as 0.10000000000000001, so numbers (and the walk to them) are ours. */
static void dump_value(json_t *v, int indent, struct strbuf *out)
{
	char number[NUM_SIZE];

	if (json_is_object(v))
		dump_object(v, indent, out);
	else if (json_is_array(v))
		dump_array(v, indent, out);
	else if (json_is_real(v) && json_real_value(v) == 0 && signbit(json_real_value(v)))
		strbuf_adds(out, "-0.0"); /* "-0" reads back as the whole number 0 */
	else if (json_is_real(v))
		strbuf_adds(out, num_format_double(json_real_value(v), number));
	else if (json_dump_callback(v, append, out, JSON_ENCODE_ANY | JSON_COMPACT))
		abort();
}

void js_dump(const struct json *v, enum js_dump_flags flags, struct strbuf *out)
{
	dump_value(in(v), flags & JS_PRETTY ? 0 : -1, out);
	if (flags & JS_PRETTY)
		strbuf_addc(out, '\n');
}

enum json_type js_type(const struct json *v)
{
	static const enum json_type types[] = {
		[JSON_OBJECT] = JSON_OBJ,   [JSON_ARRAY] = JSON_ARR, [JSON_STRING] = JSON_STR,
		[JSON_INTEGER] = JSON_INT,  [JSON_REAL] = JSON_NUM,  [JSON_TRUE] = JSON_TRUE_,
		[JSON_FALSE] = JSON_FALSE_, [JSON_NULL] = JSON_NIL,
	};

	return v ? types[json_typeof(in(v))] : JSON_NIL;
}

struct json *js_get(const struct json *obj, const char *key)
{
	return (struct json *)json_object_get(in(obj), key);
}

struct json *js_at(const struct json *arr, size_t i)
{
	return (struct json *)json_array_get(in(arr), i);
}

size_t js_len(const struct json *v)
{
	return json_is_object(in(v)) ? json_object_size(in(v)) : json_array_size(in(v));
}

const char *js_text(const struct json *v)
{
	return json_string_value(in(v));
}

size_t js_text_len(const struct json *v)
{
	return json_string_length(in(v));
}

const char *js_get_text(const struct json *obj, const char *key)
{
	return js_text(js_get(obj, key));
}

bool js_to_int(const struct json *v, int64_t *out)
{
	if (!json_is_integer(in(v)))
		return false;
	*out = json_integer_value(in(v));
	return true;
}

bool js_to_num(const struct json *v, double *out)
{
	if (!json_is_number(in(v)))
		return false;
	*out = json_number_value(in(v));
	return true;
}

bool js_get_int(const struct json *obj, const char *key, int64_t *out)
{
	return js_to_int(js_get(obj, key), out);
}

bool js_get_num(const struct json *obj, const char *key, double *out)
{
	return js_to_num(js_get(obj, key), out);
}

bool js_get_bool(const struct json *obj, const char *key, bool fallback)
{
	json_t *v = json_object_get(in(obj), key);

	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

bool js_next(struct json *obj, void **iter, const char **key, struct json **value)
{
	*iter = *iter ? json_object_iter_next(in(obj), *iter) : json_object_iter(in(obj));
	if (!*iter)
		return false;
	*key = json_object_iter_key(*iter);
	*value = (struct json *)json_object_iter_value(*iter);
	return true;
}

const char *js_version(void)
{
	return jansson_version_str();
}
