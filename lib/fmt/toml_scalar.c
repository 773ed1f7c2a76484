/* Strings, numbers, dates and times of TOML. */
#include "fmt/toml_scalar.h"

#include <ctype.h>
#include <math.h>

#include "base/num.h"

bool toml_is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* A backslash at the end of a line of """: it and all space up to the next word are nothing. */
static bool skip_line_end(struct text *t)
{
	const char *from = t->at;

	text_skip_blanks(t);
	if (!text_take_newline(t)) {
		t->at = from;
		return false;
	}
	do
		text_skip_blanks(t);
	while (text_take_newline(t));
	return true;
}

/* What stands behind a backslash. */
static int read_escape(struct text *t, bool multiline, struct strbuf *out)
{
	static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	const char *from = t->at - 1;
	int c = text_look(t, 0);
	const char *known = c > 0 ? strchr(names, c) : NULL;
	uint32_t code = UINT32_MAX;

	if (multiline && skip_line_end(t))
		return 0;
	if (known) {
		t->at++;
		strbuf_addc(out, values[known - names]);
		return 0;
	}
	if (text_take(t, "u"))
		c = text_take_hex(t, 4, &code);
	else if (text_take(t, "U"))
		c = text_take_hex(t, 8, &code);
	return text_add_char(out, code) ? 0 : text_error(t, from, "unknown escape in a string");
}

static int read_basic(struct text *t, bool multiline, struct strbuf *out)
{
	for (;;) {
		if (t->at == t->end)
			return text_error(t, t->at, "a string does not end");
		if (text_take(t, "\\")) {
			if (read_escape(t, multiline, out))
				return -1;
		} else if (multiline && text_take_newline(t)) {
			strbuf_addc(out, '\n');
		} else if (toml_is_control(*t->at)) {
			return text_error(t, t->at, "a string has a control character or line end");
		} else if (*t->at == '"' && (!multiline || text_take(t, "\"\"\""))) {
			t->at += !multiline;
			return 0;
		} else {
			strbuf_addc(out, *t->at++);
		}
	}
}

static int read_literal(struct text *t, bool multiline, struct strbuf *out)
{
	for (;;) {
		if (t->at == t->end)
			return text_error(t, t->at, "a string does not end");
		if (multiline && text_take_newline(t)) {
			strbuf_addc(out, '\n');
		} else if (toml_is_control(*t->at)) {
			return text_error(t, t->at, "a string has a control character or line end");
		} else if (*t->at == '\'' && (!multiline || text_take(t, "'''"))) {
			t->at += !multiline;
			return 0;
		} else {
			strbuf_addc(out, *t->at++);
		}
	}
}

int toml_string(struct text *t, bool multiline, struct strbuf *out)
{
	char quote = *t->at;
	bool is_long = multiline && (text_take(t, "\"\"\"") || text_take(t, "'''"));

	if (is_long)
		text_take_newline(t); /* the first one is not a part of it */
	else
		t->at++;
	if ((quote == '"' ? read_basic : read_literal)(t, is_long, out))
		return -1;
	/* One or two quotes may stand in front of the three at the end. */
	for (int i = 0; is_long && i < 2 && text_look(t, 0) == quote; i++, t->at++)
		strbuf_addc(out, quote);
	return 0;
}

static bool are_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

static int two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* YYYY-MM-DD; a year of the Gregorian calendar. */
static bool is_date(const char *s)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (strlen(s) < 10 || !are_digits(s, 4) || s[4] != '-' || !are_digits(s + 5, 2) ||
	    s[7] != '-' || !are_digits(s + 8, 2))
		return false;
	int year = two_digits(s) * 100 + two_digits(s + 2);
	int month = two_digits(s + 5), day = two_digits(s + 8);
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);
	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && leap);
}

/* HH:MM:SS and a fraction; *rest is what follows. */
static bool is_time(const char *s, const char **rest)
{
	if (strlen(s) < 8 || !are_digits(s, 2) || s[2] != ':' || !are_digits(s + 3, 2) ||
	    s[5] != ':' || !are_digits(s + 6, 2))
		return false;
	if (two_digits(s) > 23 || two_digits(s + 3) > 59 || two_digits(s + 6) > 60)
		return false;
	s += 8;
	if (*s == '.') {
		size_t n = strspn(s + 1, "0123456789");

		if (!n)
			return false;
		s += 1 + n;
	}
	*rest = s;
	return true;
}

static bool is_offset(const char *s)
{
	if (!strcmp(s, "Z") || !strcmp(s, "z") || !*s)
		return true;
	return (*s == '+' || *s == '-') && strlen(s) == 6 && are_digits(s + 1, 2) && s[3] == ':' &&
	       are_digits(s + 4, 2) && two_digits(s + 1) < 24 && two_digits(s + 4) < 60;
}

static bool is_date_or_time(const char *s)
{
	const char *rest;

	if (is_time(s, &rest))
		return !*rest;
	if (!is_date(s))
		return false;
	return !s[10] || (strchr("Tt ", s[10]) && is_time(s + 11, &rest) && is_offset(rest));
}

/* Digits with single '_' between them: the same without those, appended. */
static bool add_digits(const char **s, struct strbuf *out)
{
	const char *p = *s;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p) || (*p == '_' && isdigit((unsigned char)p[1])); p++)
		if (*p != '_')
			strbuf_addc(out, *p);
	*s = p;
	return true;
}

/* A decimal number in the form that num.h reads. */
static bool plain_number(const char *s, struct strbuf *out, bool *is_float)
{
	if (*s == '-' || *s == '+')
		strbuf_add(out, s, *s == '-'), s++;
	if (*s == '0' && (isdigit((unsigned char)s[1]) || s[1] == '_'))
		return false;
	if (!add_digits(&s, out))
		return false;
	*is_float = *s;
	if (*s == '.') {
		strbuf_addc(out, *s++);
		if (!add_digits(&s, out))
			return false;
	}
	if (*s == 'e' || *s == 'E') {
		strbuf_addc(out, *s++);
		if (*s == '-' || *s == '+')
			strbuf_addc(out, *s++);
		if (!add_digits(&s, out))
			return false;
	}
	return !*s;
}

static struct json *decimal(const char *s)
{
	autobuf plain = { 0 };
	bool is_float;
	int64_t i;
	double d;

	if (!plain_number(s, &plain, &is_float))
		return NULL;
	if (is_float)
		return num_parse_double(plain.buf, &d) ? js_num(d) : NULL;
	return num_parse_i64(plain.buf, &i) ? js_int(i) : NULL;
}

static struct json *special(const char *s)
{
	bool minus = *s == '-';

	if (!strcmp(s, "true") || !strcmp(s, "false"))
		return js_bool(*s == 't');
	s += *s == '-' || *s == '+';
	if (!strcmp(s, "inf"))
		return js_num(minus ? -INFINITY : INFINITY);
	return strcmp(s, "nan") ? NULL : js_num(NAN);
}

static struct json *word_value(const char *s)
{
	struct json *v = special(s);
	int64_t i;
	int base = 0;

	if (v)
		return v;
	if (*s == '0')
		base = s[1] == 'x' ? 16 : s[1] == 'o' ? 8 : s[1] == 'b' ? 2 : 0;
	if (base)
		return text_number(s + 2, base, &i) ? js_int(i) : NULL;
	return is_date_or_time(s) ? js_str(s) : decimal(s);
}

/* The bytes of a scalar without quotes: a space is one when it is between a date and its time. */
static size_t word_len(const struct text *t)
{
	size_t n = 0;

	for (;; n++) {
		int c = text_look(t, n);

		if (c == ' ' && n == 10 && t->at[4] == '-' && isdigit(text_look(t, 11)) &&
		    text_look(t, 13) == ':')
			continue;
		if (c <= 0 || !(isalnum(c) || strchr("_+-.:", c)))
			return n;
	}
}

struct json *toml_scalar(struct text *t)
{
	const char *from = t->at;
	autobuf text = { 0 };

	if (text_look(t, 0) == '"' || text_look(t, 0) == '\'') {
		if (toml_string(t, true, &text))
			return NULL;
		return text_scalar(t, from, js_strn(text.buf ? text.buf : "", text.len));
	}
	size_t n = word_len(t);
	autofree char *word = xstrndup(from, n);
	struct json *v = n ? word_value(word) : NULL;
	if (!v) {
		if (n)
			text_error(t, from, "'%s' is no value; text stands in quotes", word);
		else
			text_error(t, from, "a value should be here");
		return NULL;
	}
	t->at += n;
	return text_scalar(t, from, v);
}
