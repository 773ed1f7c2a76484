/* Which style a scalar gets, and where each style may be folded, as ruamel.yaml 0.18 has it. */
#include "fmt/ruamel.h"

#include <ctype.h>

#include "base/num.h"

#define WIDTH	80
#define KEY_MAX 128 /* a longer key is written with "? " */

/* What is being written: the text behind the last line end tells the column. */
struct writer {
	struct strbuf *out;
	size_t indent; /* of a line that continues the scalar */
	bool may_fold;
};

static size_t characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static size_t column(const struct strbuf *out)
{
	size_t start = out->len;

	while (start && out->buf[start - 1] != '\n')
		start--;
	return characters(out->buf + start, out->len - start);
}

static void begin_line(struct strbuf *out, size_t indent)
{
	strbuf_addf(out, "\n%*s", (int)indent, "");
}

static size_t skip(const char *s, const char *set)
{
	return strspn(s, set);
}

/* 0b11, 0o17, 017, 1_000, 0x1f */
static bool is_int(const char *s)
{
	if (*s == '_')
		return false;
	s += *s == '-' || *s == '+';
	if (s[0] == '0' && s[1] && strchr("bxo", s[1])) {
		const char *digits = s[1] == 'b' ? "01_" : s[1] == 'o' ? "01234567_" : "0123456789abcdefABCDEF_";

		return s[2] && !s[2 + skip(s + 2, digits)];
	}
	return *s && !s[skip(s, "0123456789_")];
}

static bool is_exponent(const char *s)
{
	if (!*s)
		return true;
	if (*s != 'e' && *s != 'E')
		return false;
	s++;
	s += *s == '-' || *s == '+';
	return *s && !s[skip(s, "0123456789")];
}

static bool is_one_of(const char *s, const char *const *words)
{
	while (*words && strcmp(s, *words) != 0)
		words++;
	return *words;
}

static bool is_float(const char *s)
{
	static const char *const special[] = { ".inf", ".Inf", ".INF", NULL };
	static const char *const nan[] = { ".nan", ".NaN", ".NAN", NULL };

	if (is_one_of(s, nan))
		return true;
	s += *s == '-' || *s == '+';
	if (is_one_of(s, special))
		return true;
	if (!isdigit((unsigned char)*s) && !(s[0] == '.' && s[1] && strchr("0123456789_", s[1])))
		return false;
	s += skip(s, "0123456789_");
	if (*s == '.')
		s += 1 + skip(s + 1, "0123456789_");
	return is_exponent(s);
}

static bool has_form(const char *s, const char *form, const char **rest)
{
	for (; *form; form++, s++)
		if (*form == 'd' ? !isdigit((unsigned char)*s) : *s != *form)
			return false;
	*rest = s;
	return true;
}

/* 2020-01-31, or with a time behind it. */
static bool is_timestamp(const char *s)
{
	if (!has_form(s, "dddd-dd-dd", &s))
		return false;
	if (!*s)
		return true;
	s += *s == 'T' || *s == 't' ? 1 : skip(s, " \t");
	return (has_form(s, "dd:dd:dd", &s) || has_form(s, "d:dd:dd", &s)) &&
	       !s[skip(s, "0123456789.:+-Z \t")];
}

/* What a reader would take for something else than text. */
static bool is_special(const char *s)
{
	static const char *const words[] = { "",     "~",	"null",	 "Null", "NULL", "true", "True",
					     "TRUE", "false", "False", "FALSE", "<<", "=", "!", "&", "*",
					     NULL };

	return is_one_of(s, words) || is_int(s) || is_float(s) || is_timestamp(s);
}

static bool is_blank(char c)
{
	return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Only double quotes can hold it. */
static bool needs_escapes(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\n') || *s == 0x7f)
			return true;
	return false;
}

static bool may_be_plain(const char *s)
{
	size_t n = strlen(s);

	if (is_special(s) || s[0] == ' ' || s[n - 1] == ' ' || strchr(s, '\n') ||
	    str_starts(s, "---") || str_starts(s, "..."))
		return false;
	if (strchr("#,[]{}&*!|>'\"%@`", s[0]) || (strchr("?:-", s[0]) && is_blank(s[1])))
		return false;
	for (size_t i = 1; i < n; i++)
		if ((s[i] == ':' && is_blank(s[i + 1])) || (s[i] == '#' && is_blank(s[i - 1])))
			return false;
	return true;
}

/* A word that does not fit goes on a line of its own; so does one behind a full line. */
static void write_plain(struct writer *w, const char *s)
{
	while (*s) {
		size_t word = strcspn(s, " "), spaces = skip(s + word, " ");
		size_t at = column(w->out);

		if (at + characters(s, word) > WIDTH && at > w->indent)
			begin_line(w->out, w->indent);
		strbuf_add(w->out, s, word);
		s += word + spaces;
		if (spaces == 1 && w->may_fold && column(w->out) >= WIDTH)
			begin_line(w->out, w->indent);
		else
			strbuf_addf(w->out, "%*s", (int)spaces, "");
	}
}

static void write_single_quoted(struct writer *w, const char *s)
{
	const char *start = s;

	strbuf_addc(w->out, '\'');
	while (*s) {
		size_t word = strcspn(s, " '"), spaces;

		strbuf_add(w->out, s, word);
		s += word;
		if (*s == '\'') {
			strbuf_adds(w->out, "''");
			s++;
			continue;
		}
		spaces = skip(s, " ");
		if (spaces == 1 && w->may_fold && column(w->out) > WIDTH && s != start && s[1])
			begin_line(w->out, w->indent);
		else
			strbuf_addf(w->out, "%*s", (int)spaces, "");
		s += spaces;
	}
	strbuf_addc(w->out, '\'');
}

static void write_escape(struct strbuf *out, unsigned char c)
{
	static const char names[] = "\aa\bb\tt\nn\vv\ff\rr\033e\"\"\\\\";

	for (size_t i = 0; names[i]; i += 2)
		if ((unsigned char)names[i] == c) {
			strbuf_addf(out, "\\%c", names[i + 1]);
			return;
		}
	strbuf_addf(out, "\\x%02X", c);
}

static bool is_escaped(unsigned char c)
{
	return c < 0x20 || c == 0x7f || c == '"' || c == '\\';
}

/*
 * Whether a line that is broken at s[end] needs a backslash, for want of one space alone that the
 * line end could stand for: looked at is the text up to the next space or line end.
 */
static bool needs_backslash(const char *s, size_t start, size_t end)
{
	const char *stop = strchr(s + end, ' ');

	if (!stop)
		return true;
	const char *line = memchr(s + end, '\n', (size_t)(stop - s) - end);
	if (line && line[1] != ' ')
		return true;
	if (line)
		stop = line;
	for (const char *p = s + end; p < stop; p++)
		if (*p == '"' || *p == '\'')
			return true;
	return !stop[1] || stop[1] == ' ' || stop[1] == '\n' ||
	       (s[end - 1] == ' ' && s[end] == ' ') || start == end;
}

static size_t next_character(const char *s, size_t i)
{
	i++;
	while (((unsigned char)s[i] & 0xc0) == 0x80)
		i++;
	return i;
}

static size_t fold_double(struct writer *w, const char *s, size_t start, size_t end)
{
	bool backslash = needs_backslash(s, start, end);

	strbuf_add(w->out, s + start, end > start ? end - start : 0);
	if (backslash)
		strbuf_addc(w->out, '\\');
	if (start < end)
		start = end;
	begin_line(w->out, w->indent);
	if (s[start] == ' ' && backslash)
		strbuf_addc(w->out, '\\');
	else if (s[start] == ' ')
		start++;
	return start;
}

/* Counted is what waits to be written, too; an escape that was counts one less. */
static bool is_full(const struct writer *w, const char *s, size_t start, size_t end)
{
	size_t waiting = start < end ? characters(s + start, end - start) : 0;

	return w->may_fold && column(w->out) + waiting > WIDTH + (start > end);
}

static void write_double_quoted(struct writer *w, const char *s)
{
	size_t start = 0, n = strlen(s);

	strbuf_addc(w->out, '"');
	for (size_t end = 0; end <= n; end = next_character(s, end)) {
		if (end == n || is_escaped((unsigned char)s[end])) {
			if (start < end)
				strbuf_add(w->out, s + start, end - start);
			start = end;
		}
		if (end < n && is_escaped((unsigned char)s[end])) {
			write_escape(w->out, (unsigned char)s[end]);
			start = end + 1;
		}
		if (end == n)
			break;
		if (end && next_character(s, end) < n && (s[end] == ' ' || start >= end) &&
		    is_full(w, s, start, end))
			start = fold_double(w, s, start, end);
	}
	strbuf_addc(w->out, '"');
}

static void write_text(struct writer *w, const char *s)
{
	if (needs_escapes(s))
		write_double_quoted(w, s);
	else if (may_be_plain(s))
		write_plain(w, s);
	else if (strchr(s, '\'') || strchr(s, '\n'))
		write_double_quoted(w, s);
	else
		write_single_quoted(w, s);
}

static void write_scalar(struct strbuf *out, size_t indent, const struct json *value)
{
	struct writer w = { out, indent + 2, true };
	char number[NUM_SIZE];
	double d;

	if (js_type(value) != JSON_NIL || out->buf[out->len - 1] == '-')
		strbuf_addc(out, ' ');
	if (js_type(value) == JSON_NIL)
		return;
	if (js_type(value) == JSON_STR)
		write_text(&w, js_text(value));
	else if (js_type(value) == JSON_NUM && js_to_num(value, &d))
		strbuf_adds(out, num_format_python(d, number));
	else
		js_dump(value, JS_COMPACT, out);
}

void ruamel_key(struct strbuf *out, size_t indent, const char *key)
{
	struct writer w = { out, indent + 2, false };
	bool simple = characters(key, strlen(key)) < KEY_MAX && !strchr(key, '\n');

	if (!simple)
		strbuf_adds(out, "? ");
	w.may_fold = !simple;
	write_text(&w, key);
	if (!simple)
		begin_line(out, indent);
	strbuf_addc(out, ':');
}

static void write_list(struct strbuf *out, size_t indent, const struct json *list, bool inline_first)
{
	for (size_t i = 0; i < js_len(list); i++) {
		if (i || !inline_first)
			begin_line(out, indent);
		strbuf_addc(out, '-');
		ruamel_value(out, indent, js_at(list, i));
	}
}

static void write_map(struct strbuf *out, size_t indent, const struct json *map, bool inline_first)
{
	const char *key;
	struct json *item;
	void *iter = NULL;

	for (bool first = inline_first; js_next((struct json *)map, &iter, &key, &item); first = false) {
		if (!first)
			begin_line(out, indent);
		ruamel_key(out, indent, key);
		ruamel_value(out, indent, item);
	}
}

/* A dash, or the colon of a long key, which has a line of its own. */
static bool is_behind_dash(const struct strbuf *out)
{
	char last = out->buf[out->len - 1], before = out->len > 1 ? out->buf[out->len - 2] : '\n';

	return last == '-' || (last == ':' && (before == ' ' || before == '\n'));
}

/* Behind a dash a map or list begins on the same line; behind a key on the next, a list not deeper. */
void ruamel_value(struct strbuf *out, size_t indent, const struct json *value)
{
	bool behind_dash = is_behind_dash(out);
	enum json_type type = js_type(value);

	if (type != JSON_OBJ && type != JSON_ARR) {
		write_scalar(out, indent, value);
	} else if (!js_len(value)) {
		strbuf_adds(out, type == JSON_OBJ ? " {}" : " []");
	} else {
		if (behind_dash)
			strbuf_addc(out, ' ');
		if (type == JSON_OBJ)
			write_map(out, indent + 2, value, behind_dash);
		else
			write_list(out, behind_dash ? indent + 2 : indent, value, behind_dash);
	}
}

void ruamel_put(struct strbuf *out, size_t indent, const char *key, const struct json *value)
{
	strbuf_addf(out, "%*s", (int)indent, "");
	ruamel_key(out, indent, key);
	ruamel_value(out, indent, value);
	strbuf_addc(out, '\n');
}
