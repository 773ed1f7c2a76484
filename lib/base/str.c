/* Text that grows, slices of it, and near-miss suggestions. */
#include "base/str.h"

struct str str_of(const char *s)
{
	return (struct str){ s, strlen(s) };
}

int str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_eq(struct str s, const char *text)
{
	return strlen(text) == s.n && !memcmp(s.p, text, s.n);
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !memcmp(s + n - m, suffix, m);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n && is_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_split(struct str s, char sep, struct str *rest)
{
	const char *at = s.n ? memchr(s.p, sep, s.n) : NULL;

	if (!at) {
		*rest = (struct str){ s.p + s.n, 0 };
		return s;
	}
	size_t n = (size_t)(at - s.p);
	*rest = (struct str){ at + 1, s.n - n - 1 };
	return (struct str){ s.p, n };
}

void strbuf_reserve(struct strbuf *b, size_t extra)
{
	size_t need;

	if (!size_add(b->len, extra, &need) || !size_add(need, 1, &need))
		abort();
	if (need <= b->cap)
		return;
	size_t cap = b->cap ? b->cap : 32;
	while (cap < need)
		cap += cap / 2;
	b->buf = xrealloc(b->buf, cap);
	b->cap = cap;
}

void strbuf_add(struct strbuf *b, const void *p, size_t n)
{
	strbuf_reserve(b, n);
	if (n)
		memcpy(b->buf + b->len, p, n);
	b->len += n;
	b->buf[b->len] = '\0';
}

void strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_addc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	strbuf_reserve(b, (size_t)n);
	vsnprintf(b->buf + b->len, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
}

void strbuf_add_shell(struct strbuf *b, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-+=:,./@%";

	if (*word && !word[strspn(word, safe)]) {
		strbuf_adds(b, word);
		return;
	}
	strbuf_addc(b, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_adds(b, "'\\'");
		strbuf_addc(b, *word);
	}
	strbuf_addc(b, '\'');
}

void strbuf_trunc(struct strbuf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->buf[len] = '\0';
}

void strbuf_clear(struct strbuf *b)
{
	free(b->buf);
	*b = (struct strbuf){ 0 };
}

char *strbuf_steal(struct strbuf *b)
{
	char *s = b->buf ? b->buf : xstrdup("");

	*b = (struct strbuf){ 0 };
	return s;
}

/* Damerau-Levenshtein distance (adjacent swaps count one), for words of up to 63 letters. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned char d[64][64];

	if (n > 63 || m > 63)
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned char)i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = (unsigned char)best;
		}
	}
	return d[n][m];
}

const char *str_suggest(const char *word, const char *const *choices)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) / 3 + 1;

	for (; *choices; choices++) {
		size_t distance = edit_distance(word, *choices);

		if (distance <= best_distance && (!best || distance < best_distance)) {
			best = *choices;
			best_distance = distance;
		}
	}
	return best;
}

/* Unicode 15, table 3-7. */
size_t utf8_sequence(const void *p, size_t n)
{
	const unsigned char *s = p;
	unsigned char lead = n ? s[0] : 0xff, low = 0x80, high = 0xbf;
	size_t len;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (len > n)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

bool utf8_valid(const void *p, size_t n)
{
	const unsigned char *s = p;

	while (n) {
		size_t len = utf8_sequence(s, n);

		if (!len)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

void utf8_mend(struct strbuf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = utf8_sequence(s + i, n - i);

		if (len)
			strbuf_add(out, s + i, len);
		else
			strbuf_adds(out, "\xef\xbf\xbd");
		i += len ? len : 1;
	}
}

bool str_parse_bool(const char *value, bool *out)
{
	static const char *const words[] = { "true", "yes", "on", "1", "false", "no", "off", "0" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!strcmp(value, words[i])) {
			*out = i < 4;
			return true;
		}
	}
	return false;
}
