/* Python's own grammar of literals, as far as pyconst needs it. */
#include "fmt/pylit.h"

#include <ctype.h>

#include "base/num.h"

bool pylit_is_name(int c)
{
	return c == '_' || c >= 0x80 || isalnum(c);
}

/* ", ', """ or ''' */
static const char *take_quotes(struct text *t)
{
	static const char *const quotes[] = { "\"\"\"", "'''", "\"", "'", NULL };

	for (size_t i = 0; quotes[i]; i++)
		if (text_take(t, quotes[i]))
			return quotes[i];
	return NULL;
}

int pylit_skip_string(struct text *t)
{
	const char *from = t->at, *quotes = take_quotes(t);

	while (t->at < t->end) {
		if (text_take(t, quotes))
			return 0;
		if (*t->at == '\n' && !quotes[1])
			break;
		t->at += *t->at == '\\' && t->at + 1 < t->end ? 2 : 1;
	}
	return text_error(t, from, "a string does not end");
}

/* Up to three octal digits. */
static uint32_t take_octal(struct text *t)
{
	uint32_t c = 0;

	for (int i = 0; i < 3 && text_look(t, 0) >= '0' && text_look(t, 0) <= '7'; i++)
		c = c * 8 + (uint32_t)(*t->at++ - '0');
	return c;
}

/* What stands behind a backslash; an unknown escape stays as it is. */
static bool read_escape(struct text *t, struct strbuf *out)
{
	static const char names[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
	int c = text_look(t, 0);
	const char *known = c > 0 ? strchr(names, c) : NULL;
	uint32_t code = 0;

	if (text_take_newline(t))
		return true;
	if (known)
		return strbuf_addc(out, values[known - names]), t->at++;
	if (c >= '0' && c <= '7')
		return text_add_char(out, take_octal(t));
	if (text_take(t, "x"))
		return text_take_hex(t, 2, &code) && text_add_char(out, code);
	if (text_take(t, "u"))
		return text_take_hex(t, 4, &code) && text_add_char(out, code);
	if (text_take(t, "U"))
		return text_take_hex(t, 8, &code) && text_add_char(out, code);
	strbuf_addc(out, '\\');
	return c != 'N';
}

static bool read_string(struct text *t, bool raw, struct strbuf *out)
{
	const char *quotes = take_quotes(t);

	while (quotes && t->at < t->end) {
		if (text_take(t, quotes))
			return true;
		if (*t->at == '\n' && !quotes[1])
			return false;
		if (*t->at == '\\' && !raw) {
			t->at++;
			if (!read_escape(t, out))
				return false;
			continue;
		}
		if (*t->at == '\\' && t->at + 1 < t->end)
			strbuf_addc(out, *t->at++);
		strbuf_addc(out, *t->at++);
	}
	return false;
}

/* The r or u in front of a string; false for one that has no constant text (b, f). */
static bool take_prefix(struct text *t, bool *raw)
{
	int c = text_look(t, 0), next = text_look(t, 1);

	*raw = c == 'r' || c == 'R';
	if (c == '"' || c == '\'')
		return true;
	if ((next != '"' && next != '\'') || !(*raw || c == 'u' || c == 'U'))
		return false;
	t->at++;
	return true;
}

static bool starts_string(const struct text *t)
{
	struct text ahead = *t;
	bool raw;

	return take_prefix(&ahead, &raw);
}

/* Blanks; inside of brackets line ends and comments too. */
static void skip_space(struct text *t, bool in_brackets)
{
	for (;;) {
		text_skip_blanks(t);
		if (in_brackets && text_look(t, 0) == '#')
			while (t->at < t->end && *t->at != '\n')
				t->at++;
		if (!(in_brackets && text_take_newline(t)) && !text_take(t, "\\\n"))
			return;
	}
}

/* Strings side by side are one. */
static struct json *read_strings(struct text *t, bool in_brackets)
{
	const char *from = t->at, *end;
	autobuf text = { 0 };
	bool raw;

	do {
		if (!take_prefix(t, &raw) || !read_string(t, raw, &text))
			return NULL;
		end = t->at;
		skip_space(t, in_brackets);
	} while (starts_string(t));
	t->at = end;
	return text_scalar(t, from, js_strn(text.buf ? text.buf : "", text.len));
}

static struct json *whole(const char *digits, int base, bool minus)
{
	int64_t i;

	return text_number(digits, base, &i) ? js_int(minus ? -i : i) : NULL;
}

/* As float() reads it, with single '_' between digits. */
static struct json *real(const char *digits, bool minus)
{
	autobuf plain = { 0 };
	double d;

	for (const char *p = digits; *p; p++) {
		if (*p == '_' && p != digits && isdigit((unsigned char)p[-1]) &&
		    isdigit((unsigned char)p[1]))
			continue;
		if (!isdigit((unsigned char)*p) && !strchr("+-.eE", *p))
			return NULL;
		strbuf_addc(&plain, *p);
	}
	return num_parse_double(plain.buf, &d) ? js_num(minus ? -d : d) : NULL;
}

/* Letters, digits and dots, and a sign behind an exponent's e. */
static size_t number_len(const struct text *t)
{
	bool hex = text_look(t, 0) == '0' && (text_look(t, 1) | 0x20) == 'x';
	size_t n = 0;

	for (;; n++) {
		int c = text_look(t, n), before = n ? text_look(t, n - 1) | 0x20 : 0;

		if (!pylit_is_name(c) && c != '.' &&
		    !((c == '-' || c == '+') && before == 'e' && !hex))
			return n;
	}
}

static struct json *read_number(struct text *t)
{
	const char *from = t->at;
	bool minus = text_look(t, 0) == '-';
	struct json *v;

	if (minus || text_look(t, 0) == '+')
		t->at++;
	text_skip_blanks(t);
	size_t n = number_len(t);
	autofree char *word = xstrndup(t->at, n);
	char kind = *word == '0' ? (char)(word[1] | 0x20) : 0;
	size_t prefix = word[0] && word[1] && word[2] == '_' ? 3 : 2;

	if (!isdigit((unsigned char)*word) && *word != '.')
		return NULL;
	t->at += n;
	if (kind == 'x' || kind == 'o' || kind == 'b')
		v = whole(word + prefix, kind == 'x' ? 16 : kind == 'o' ? 8 : 2, minus);
	else if (strpbrk(word, ".eE"))
		v = real(word, minus);
	else if (*word == '0' && word[strspn(word, "0_")])
		return NULL; /* 012 is no number in Python 3 */
	else
		v = whole(word, 10, minus);
	return v ? text_scalar(t, from, v) : NULL;
}

static struct json *read_word(struct text *t)
{
	static const char *const words[] = { "None", "True", "False" };
	const char *from = t->at;

	for (size_t i = 0; i < 3; i++) {
		if (!text_take(t, words[i]))
			continue;
		if (pylit_is_name(text_look(t, 0)))
			return NULL;
		return text_scalar(t, from, i ? js_bool(i == 1) : js_null());
	}
	return NULL;
}

static struct json *read_any(struct text *t, bool in_brackets, int depth);

/* Items up to `close`. A tuple of one has a comma; without it the brackets mean nothing. */
static struct json *read_items(struct text *t, const char *close, int depth)
{
	autojson *list = js_arr();
	bool comma = true;

	for (;;) {
		skip_space(t, true);
		if (text_take(t, close))
			break;
		struct json *item = comma ? read_any(t, true, depth) : NULL;
		if (!item)
			return NULL;
		js_push(list, item);
		skip_space(t, true);
		comma = text_take(t, ",");
	}
	if (*close == ')' && js_len(list) == 1 && !comma)
		return js_ref(js_at(list, 0));
	return steal_ptr(&list);
}

/* The key of a dict as text: a string, or a number as it is written. */
static char *read_dict_key(struct text *t)
{
	struct text key = *t;
	const char *from = t->at;

	key.places = NULL;
	autojson *v = read_any(&key, true, TEXT_DEPTH);
	t->at = key.at;
	if (!v || js_type(v) == JSON_NIL || js_type(v) == JSON_TRUE_ || js_type(v) == JSON_FALSE_)
		return NULL;
	if (js_type(v) == JSON_STR)
		return strlen(js_text(v)) == js_text_len(v) ? xstrdup(js_text(v)) : NULL;
	return xstrndup(from, (size_t)(key.at - from));
}

static struct json *read_dict(struct text *t, int depth)
{
	autojson *dict = js_obj();
	bool comma = true;

	for (;;) {
		skip_space(t, true);
		if (text_take(t, "}"))
			return steal_ptr(&dict);
		autofree char *key = comma ? read_dict_key(t) : NULL;
		skip_space(t, true);
		if (!key || !text_take(t, ":"))
			return NULL;
		skip_space(t, true);
		struct json *value = read_any(t, true, depth);
		if (!value)
			return NULL;
		js_set(dict, key, value);
		skip_space(t, true);
		comma = text_take(t, ",");
	}
}

static struct json *read_any(struct text *t, bool in_brackets, int depth)
{
	int c = text_look(t, 0);

	if (c == '[' || c == '(' || c == '{') {
		if (depth >= TEXT_DEPTH)
			return NULL;
		t->at++;
		return c == '{' ? read_dict(t, depth + 1) :
				  read_items(t, c == '[' ? "]" : ")", depth + 1);
	}
	if (c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9'))
		return read_number(t);
	return starts_string(t) ? read_strings(t, in_brackets) : read_word(t);
}

struct json *pylit_read(struct text *t)
{
	return read_any(t, false, 0);
}
