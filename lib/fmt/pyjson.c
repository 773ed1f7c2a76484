/* Walking a value and writing it down. */
#include "fmt/pyjson.h"

#include "base/num.h"
#include "base/vec.h"

struct member {
	const char *key;
	struct json *value;
};

/* The code point of the UTF-8 sequence of n bytes. */
static uint32_t code_point(const char *s, size_t n)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char)s[0] & first[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

static void add_escaped(uint32_t c, struct strbuf *out)
{
	static const char names[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; names[i]; i += 2)
		if ((unsigned char)names[i] == c) {
			strbuf_addf(out, "\\%c", names[i + 1]);
			return;
		}
	if (c >= 0x10000)
		strbuf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			    0xdc00 + ((c - 0x10000) & 0x3ff));
	else
		strbuf_addf(out, "\\u%04x", c);
}

static bool is_plain(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] == 0x7f || text[i] == '"' || text[i] == '\\')
			return false;
	return true;
}

/* A byte that is no UTF-8 is what Python's surrogateescape makes of it. */
void pyjson_text(const char *text, size_t n, struct strbuf *out)
{
	strbuf_addc(out, '"');
	if (is_plain(text, n)) {
		strbuf_add(out, text, n);
		n = 0;
	}
	for (size_t i = 0, len; i < n; i += len) {
		unsigned char byte = (unsigned char)text[i];

		len = utf8_sequence(text + i, n - i);
		if (!len) {
			len = 1;
			add_escaped(0xdc00 + byte, out);
		} else if (len > 1 || byte < 0x20 || byte == '"' || byte == '\\') {
			add_escaped(code_point(text + i, len), out);
		} else {
			strbuf_addc(out, (char)byte);
		}
	}
	strbuf_addc(out, '"');
}

static void add_text(const char *text, size_t n, int flags, struct strbuf *out)
{
	autojson *v = NULL;

	if (flags & PYJSON_UTF8)
		js_dump(v = js_strn(text, n), JS_COMPACT, out);
	else
		pyjson_text(text, n, out);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static void add_object(const struct json *obj, int flags, struct strbuf *out)
{
	VEC(struct member) members = { 0 };
	struct member m;
	void *iter = NULL;

	while (js_next((struct json *)obj, &iter, &m.key, &m.value))
		vec_push(&members, m);
	if (flags & PYJSON_SORTED)
		vec_sort(&members, by_key);
	strbuf_addc(out, '{');
	for (size_t i = 0; i < members.n; i++) {
		if (i)
			strbuf_adds(out, ", ");
		add_text(members.v[i].key, strlen(members.v[i].key), flags, out);
		strbuf_adds(out, ": ");
		pyjson_dump(members.v[i].value, flags, out);
	}
	strbuf_addc(out, '}');
	vec_free(&members);
}

static void add_array(const struct json *arr, int flags, struct strbuf *out)
{
	strbuf_addc(out, '[');
	for (size_t i = 0; i < js_len(arr); i++) {
		if (i)
			strbuf_adds(out, ", ");
		pyjson_dump(js_at(arr, i), flags, out);
	}
	strbuf_addc(out, ']');
}

void pyjson_dump(const struct json *value, int flags, struct strbuf *out)
{
	char number[NUM_SIZE];
	double d;

	switch (js_type(value)) {
	case JSON_OBJ:
		add_object(value, flags, out);
		break;
	case JSON_ARR:
		add_array(value, flags, out);
		break;
	case JSON_STR:
		add_text(js_text(value), js_text_len(value), flags, out);
		break;
	case JSON_NUM:
		js_to_num(value, &d);
		strbuf_adds(out, num_format_python(d, number));
		break;
	default:
		js_dump(value, JS_COMPACT, out);
	}
}
