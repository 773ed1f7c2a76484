/* Which paths are fetched: lfs.fetchinclude and lfs.fetchexclude, patterns as in gitignore(5). */
#include "base/glob.h"
#include "lfs/lfs.h"

static void add_patterns(struct strlist *list, const char *text)
{
	struct str rest = str_of(text ? text : ""), one;

	while (rest.n) {
		one = str_trim(str_split(rest, ',', &rest));
		while (one.n && one.p[one.n - 1] == '/')
			one.n--;
		if (one.n)
			strlist_take(list, xstrndup(one.p, one.n));
	}
}

void lfs_choice_init(struct lfs_choice *c, struct lfs *l, const char *include, const char *exclude)
{
	*c = (struct lfs_choice){ 0 };
	add_patterns(&c->include, include ? include : lfs_setting(l, "lfs.fetchinclude"));
	add_patterns(&c->exclude, exclude ? exclude : lfs_setting(l, "lfs.fetchexclude"));
}

void lfs_choice_clear(struct lfs_choice *c)
{
	strlist_clear(&c->include);
	strlist_clear(&c->exclude);
}

/* A path, or a folder above it: without a '/' by its last name, at any depth. */
static bool matches_here(const char *pattern, const char *path)
{
	const char *name = strrchr(path, '/');

	if (*pattern == '/')
		return glob_match_path(pattern + 1, path);
	if (strchr(pattern, '/'))
		return glob_match_path(pattern, path);
	return glob_match_name(str_of(pattern), str_of(name ? name + 1 : path));
}

static bool matches(const char *pattern, const char *path)
{
	autofree char *part = xstrdup(path);

	for (char *slash = part + strlen(part); slash; slash = strrchr(part, '/')) {
		*slash = '\0';
		if (matches_here(pattern, part))
			return true;
	}
	return false;
}

static bool any_matches(const struct strlist *patterns, const char *path)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (matches(patterns->v[i], path))
			return true;
	return false;
}

bool lfs_choice_has(const struct lfs_choice *c, const char *path)
{
	return (!c->include.n || any_matches(&c->include, path)) && !any_matches(&c->exclude, path);
}
