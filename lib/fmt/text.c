/* Walking text with positions. */
#include "fmt/text.h"

#include <ctype.h>

struct text text_of(const char *file, const char *text, size_t n, struct text_places *places,
		    struct mlops_error *err)
{
	const char *start = text ? text : "";

	return (struct text){ .file = file, .start = start, .at = start, .end = start + n,
			      .places = places, .err = err };
}

int text_error(const struct text *t, const char *at, const char *fmt, ...)
{
	int line = 1, column = 1;
	va_list ap;

	for (const char *p = t->start; p < at; p++) {
		bool is_tail = ((unsigned char)*p & 0xc0) == 0x80; /* of a longer character */

		column = *p == '\n' ? 1 : column + !is_tail;
		line += *p == '\n';
	}
	va_start(ap, fmt);
	autofree char *message = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(t->err, MLOPS_EINVALID, "%s:%d:%d: %s", t->file, line, column, message);
}

int text_check(const struct text *t)
{
	const char *p = t->start;

	while (p < t->end) {
		size_t n = utf8_sequence(p, (size_t)(t->end - p));

		if (!n)
			return text_error(t, p, "the text is not UTF-8");
		p += n;
	}
	return 0;
}

int text_look(const struct text *t, size_t ahead)
{
	return ahead < (size_t)(t->end - t->at) ? (unsigned char)t->at[ahead] : -1;
}

bool text_take(struct text *t, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n))
		return false;
	t->at += n;
	return true;
}

void text_skip_blanks(struct text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\t'))
		t->at++;
}

bool text_take_newline(struct text *t)
{
	return text_take(t, "\n") || text_take(t, "\r\n");
}

struct json *text_scalar(struct text *t, const char *from, struct json *value)
{
	if (!t->places)
		return value;
	js_free(value);
	vec_push(&t->places->scalars, { (size_t)(from - t->start), (size_t)(t->at - from) });
	return js_int((int64_t)t->places->scalars.n - 1);
}

bool text_add_char(struct strbuf *out, uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return false;
	if (c < 0x80) {
		strbuf_addc(out, (char)c);
		return true;
	}
	int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	strbuf_addc(out, (char)(0xff00u >> (tails + 1) | c >> (6 * tails)));
	while (tails--)
		strbuf_addc(out, (char)(0x80 | (c >> (6 * tails) & 0x3f)));
	return true;
}

static int digit_of(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool text_take_hex(struct text *t, int digits, uint32_t *out)
{
	uint32_t c = 0;

	for (int i = 0; i < digits; i++) {
		int digit = digit_of(text_look(t, (size_t)i));

		if (digit > 15)
			return false;
		c = c << 4 | (uint32_t)digit;
	}
	t->at += digits;
	*out = c;
	return true;
}

bool text_number(const char *digits, int base, int64_t *out)
{
	int64_t sum = 0;

	for (const char *p = digits; *p; p++) {
		int digit = digit_of((unsigned char)*p);

		if (*p == '_' && p != digits && p[-1] != '_' && p[1])
			continue;
		if (digit >= base || __builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*out = sum;
	return *digits;
}
