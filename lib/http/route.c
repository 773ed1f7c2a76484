/* Route patterns. A pattern holds few holes, so that plain backtracking is bounded and short. */
#include "http/route.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *route_decode(struct arena *arena, const char *s, size_t n)
{
	char *out = arena_alloc(arena, n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			*to++ = s[i];
			continue;
		}
		int high = n - i > 2 ? hex_digit(s[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s[i + 2]) : -1;
		if (low < 0 || !(high | low))
			return NULL;
		*to++ = (char)(high << 4 | low);
		i += 2;
	}
	*to = '\0';
	return out;
}

/* How many characters the hole may take at most: up to the end of the segment, or of the path. */
static size_t longest_value(const char *path, bool across)
{
	return strcspn(path, across ? "" : "/");
}

static bool match_from(const char *pattern, const char *path, struct arena *arena,
		       struct route_params *out)
{
	while (*pattern && *pattern != '{') {
		if (*pattern++ != *path++)
			return false;
	}
	if (!*pattern)
		return !*path;
	const char *name = pattern + 1, *close = strchr(pattern, '}');
	size_t at = out->n;

	if (!close || at == ROUTE_MAX_PARAMS)
		return false;
	bool across = close[-1] == '*';
	size_t longest = longest_value(path, across);
	for (size_t i = 1; i <= longest; i++) {
		size_t n = across ? longest + 1 - i : i;

		out->n = at + 1;
		if (!match_from(close + 1, path + n, arena, out))
			continue;
		out->v[at].name = (struct str){ name, (size_t)(close - across - name) };
		out->v[at].value = route_decode(arena, path, n);
		return out->v[at].value != NULL;
	}
	out->n = at;
	return false;
}

bool route_match(const char *pattern, const char *path, struct arena *arena,
		 struct route_params *out)
{
	out->n = 0;
	return match_from(pattern, path, arena, out);
}
