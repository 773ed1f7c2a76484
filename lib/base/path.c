/* Joining, taming and relating paths. */
#include "base/path.h"

#include "base/vec.h"

#define PATH_LIMIT 4095
#define NAME_LIMIT 255

char *path_join(const char *a, const char *b)
{
	if (!*a || *b == '/')
		return xstrdup(b);
	return xasprintf("%s%s%s", a, str_ends(a, "/") ? "" : "/", b);
}

size_t path_push(struct strbuf *path, const char *name)
{
	size_t len = path->len;

	if (len)
		strbuf_addc(path, '/');
	strbuf_adds(path, name);
	return len;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

char *path_normalize(const char *path)
{
	VEC(struct str) parts = { 0 };
	struct str rest = str_of(path);
	autobuf out = { 0 };
	bool absolute = *path == '/';

	while (rest.n) {
		struct str part = str_split(rest, '/', &rest);

		if (!part.n || str_eq(part, "."))
			continue;
		if (!str_eq(part, "..") ||
		    (!absolute && (!parts.n || str_eq(parts.v[parts.n - 1], ".."))))
			vec_push(&parts, part);
		else if (parts.n)
			parts.n--;
	}
	if (absolute)
		strbuf_addc(&out, '/');
	for (size_t i = 0; i < parts.n; i++)
		strbuf_addf(&out, "%s" STR_FMT, i ? "/" : "", STR_ARG(parts.v[i]));
	if (!out.len)
		strbuf_addc(&out, '.');
	vec_free(&parts);
	return strbuf_steal(&out);
}

bool path_is_safe_name(const char *name, size_t n)
{
	if (!n || n > NAME_LIMIT || memchr(name, '/', n) || memchr(name, '\0', n))
		return false;
	return !(n == 1 && name[0] == '.') && !(n == 2 && name[0] == '.' && name[1] == '.');
}

bool path_is_safe(const char *path)
{
	struct str rest = str_of(path);

	if (!rest.n || rest.n > PATH_LIMIT || str_ends(path, "/"))
		return false;
	while (rest.n) {
		struct str part = str_split(rest, '/', &rest);

		if (!path_is_safe_name(part.p, part.n))
			return false;
	}
	return true;
}

char *path_relative(const char *from, const char *path)
{
	size_t common = 0, i = 0;
	autobuf out = { 0 };

	for (; from[i] && from[i] == path[i]; i++)
		if (from[i] == '/')
			common = i + 1;
	if ((!from[i] && path[i] == '/') || (from[i] == '/' && !path[i]) || (!from[i] && !path[i]))
		common = i + (from[i] || path[i]);
	if (common < strlen(from)) {
		strbuf_adds(&out, "../");
		for (const char *p = from + common; *p; p++)
			if (*p == '/')
				strbuf_adds(&out, "../");
	}
	if (common < strlen(path))
		strbuf_adds(&out, path + common);
	if (out.len && out.buf[out.len - 1] == '/')
		strbuf_trunc(&out, out.len - 1);
	if (!out.len)
		strbuf_addc(&out, '.');
	return strbuf_steal(&out);
}

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (!strcmp(dir, "/"))
		return *path == '/';
	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

int path_compare(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	int x = *a == '/' ? 1 : (unsigned char)*a * 2, y = *b == '/' ? 1 : (unsigned char)*b * 2;

	return (x > y) - (x < y);
}

char *path_expand(const char *path)
{
	const char *home = getenv("HOME");

	return str_starts(path, "~/") && home ? path_join(home, path + 2) : xstrdup(path);
}
