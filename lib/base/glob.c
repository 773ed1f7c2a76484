/* Both levels, bytes of a name and components of a path, go back to their last star alone. */
#include "base/glob.h"

#include <ctype.h>

bool glob_is_pattern(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (strchr("*?[", *c))
			return true;
		if (*c == '\\' && c[1])
			c++;
	}
	return false;
}

static bool in_class(struct str name, unsigned char c)
{
	static const struct {
		const char *name;
		int (*is)(int c);
	} classes[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
		{ "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
		{ "lower", islower }, { "print", isprint }, { "punct", ispunct },
		{ "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
	};

	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (str_eq(name, classes[i].name))
			return classes[i].is(c);
	return false;
}

/* Takes one byte of a bracket expression, which may be behind a backslash. */
static unsigned char take_byte(const char **p, const char *end)
{
	if (**p == '\\' && *p + 1 < end)
		++*p;
	return (unsigned char)*(*p)++;
}

/* Takes one element of a bracket expression: a byte, a range, or a class. */
static bool take_element(const char **p, const char *end, unsigned char c)
{
	if (end - *p > 3 && (*p)[0] == '[' && (*p)[1] == ':') {
		const char *name = *p + 2;
		const char *close = memchr(name, ':', (size_t)(end - name));

		if (close && close + 1 < end && close[1] == ']') {
			*p = close + 2;
			return in_class((struct str){ name, (size_t)(close - name) }, c);
		}
	}
	unsigned char low = take_byte(p, end), high = low;
	if (end - *p > 1 && (*p)[0] == '-' && (*p)[1] != ']') {
		++*p;
		high = take_byte(p, end);
	}
	return low <= c && c <= high;
}

/* `p` is behind the '['; NULL when c does not match, or the bracket is never closed. */
static const char *match_bracket(const char *p, const char *end, unsigned char c)
{
	bool negate = p < end && (*p == '!' || *p == '^'), found = false;

	p += negate;
	for (const char *first = p; p < end; found |= take_element(&p, end, c))
		if (*p == ']' && p != first)
			return found != negate ? p + 1 : NULL;
	return NULL;
}

/* The pattern behind its first element, which is no star; NULL when c is not that. */
static const char *match_byte(const char *p, const char *end, unsigned char c)
{
	if (*p == '?')
		return p + 1;
	if (*p == '[')
		return match_bracket(p + 1, end, c);
	if (*p == '\\' && p + 1 < end)
		p++;
	return (unsigned char)*p == c ? p + 1 : NULL;
}

bool glob_match_name(struct str pattern, struct str name)
{
	const char *p = pattern.p, *p_end = p + pattern.n;
	const char *s = name.p, *s_end = s + name.n;
	const char *star = NULL,
		   *retry = NULL; /* the pattern behind the last star, and its match */

	while (s < s_end) {
		const char *next = NULL;

		if (p < p_end && *p == '*') {
			star = ++p;
			retry = s;
			continue;
		}
		if (p < p_end)
			next = match_byte(p, p_end, (unsigned char)*s);
		if (!next && !star)
			return false;
		s = next ? s + 1 : ++retry;
		p = next ? next : star;
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

bool glob_match_path(const char *pattern, const char *path)
{
	struct str p = str_of(pattern), s = str_of(path);
	struct str star = { 0 }, retry = { 0 }; /* as above, of components */

	while (s.n) {
		struct str p_rest, s_rest;
		struct str want = str_split(p, '/', &p_rest);
		struct str have = str_split(s, '/', &s_rest);

		if (str_eq(want, "**")) {
			star = p = p_rest;
			retry = s;
			if (!star.n)
				return true;
			continue;
		}
		if (p.n && glob_match_name(want, have)) {
			p = p_rest;
			s = s_rest;
			continue;
		}
		if (!star.p)
			return false;
		str_split(retry, '/', &retry);
		p = star;
		s = retry;
	}
	return !p.n;
}
