/* Which files are kept by Git LFS: lines of .gitattributes with filter=lfs. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "lfs/lfs.h"

#define ATTRIBUTES     ".gitattributes"
#define MAX_ATTRIBUTES ((size_t)16 << 20)
#define KEPT           "filter=lfs diff=lfs merge=lfs -text"

/* A pattern as .gitattributes has it: it ends at a space. */
static char *escape(const char *pattern)
{
	autobuf out = { 0 };

	if (str_starts(pattern, "./"))
		pattern += 2;
	for (const char *p = pattern; *p; p++) {
		if (*p == ' ')
			strbuf_adds(&out, "[[:space:]]");
		else if (*p == '#' && p == pattern)
			strbuf_adds(&out, "\\#");
		else
			strbuf_addc(&out, *p);
	}
	return strbuf_steal(&out);
}

/* The pattern that a line is about, when Git LFS keeps it. */
static bool is_line_of_lfs(struct str line, struct str *pattern, bool *lockable)
{
	struct str rest, word;
	bool kept = false;

	line = str_trim(line);
	*lockable = false;
	if (!line.n || *line.p == '#')
		return false;
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	*pattern = (struct str){ line.p, n };
	for (rest = (struct str){ line.p + n, line.n - n }; rest.n;) {
		word = str_trim(str_split(rest, ' ', &rest));
		kept |= str_eq(word, "filter=lfs");
		*lockable |= str_eq(word, "lockable");
	}
	return kept;
}

static int read_text(const char *path, struct strbuf *out, struct mlops_error *err)
{
	if (!fs_read(path, MAX_ATTRIBUTES, out, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

struct listing {
	struct lfs *lfs;
	int (*fn)(const struct lfs_pattern *p, void *arg, struct mlops_error *err);
	void *arg;
};

static int list_file(const struct listing *s, const char *full, const char *shown,
		     struct mlops_error *err)
{
	autobuf text = { 0 };
	struct str rest, pattern;
	bool lockable;
	int rc = read_text(full, &text, err);

	for (rest = (struct str){ text.buf, text.len }; !rc && rest.n;) {
		if (!is_line_of_lfs(str_split(rest, '\n', &rest), &pattern, &lockable))
			continue;
		autofree char *name = xstrndup(pattern.p, pattern.n);
		const struct lfs_pattern p = { name, shown, lockable };

		rc = s->fn(&p, s->arg, err);
	}
	return rc;
}

static int list_named(char *path, size_t n, void *arg, struct mlops_error *err)
{
	const struct listing *s = arg;
	autofree char *full = path_join(s->lfs->top, path);

	(void)n;
	return list_file(s, full, path, err);
}

int mlops_lfs_patterns(struct lfs *l,
		       int (*fn)(const struct lfs_pattern *p, void *arg, struct mlops_error *err),
		       void *arg, struct mlops_error *err)
{
	static const char *const argv[] = { "git",      "ls-files", "-z",
					    "--cached", "--others", "--exclude-standard",
					    "--",       ATTRIBUTES, "**/" ATTRIBUTES,
					    NULL };
	struct listing s = { l, fn, arg };
	autofree char *info = path_join(l->common_dir, "info/attributes");

	if (!l->top)
		return err_set(err, MLOPS_EINVALID, "this repository has no work tree");
	int rc = list_file(&s, info, info, err);
	return rc ? rc : lfs_git_each(l, argv, -1, '\0', list_named, &s, NULL, err);
}

/* Git looks only at files whose time is another: those that are in git are taken anew. */
static int touch(char *path, size_t n, void *arg, struct mlops_error *err)
{
	const struct lfs *l = arg;
	autofree char *full = path_join(l->top, path);

	(void)n;
	if (utimensat(AT_FDCWD, full, NULL, AT_SYMLINK_NOFOLLOW) && errno != ENOENT)
		return err_sys(err, "cannot touch '%s'", path);
	return 0;
}

static int touch_matching(struct lfs *l, const char *pattern, struct mlops_error *err)
{
	bool anywhere = !strchr(pattern, '/');
	autofree char *spec = xasprintf(":(glob)%s%s%s", l->prefix, anywhere ? "**/" : "",
					pattern + (*pattern == '/'));
	const char *const argv[] = { "git", "ls-files", "-z", "--full-name", "--", spec, NULL };

	return lfs_git_each(l, argv, -1, '\0', touch, l, NULL, err);
}

struct edit {
	char *path;
	struct strbuf before, after;
	bool found, changed;
};

static void edit_clear(struct edit *e)
{
	free(e->path);
	strbuf_clear(&e->before);
	strbuf_clear(&e->after);
}

static int edit_begin(const struct lfs *l, struct edit *e, struct mlops_error *err)
{
	*e = (struct edit){ 0 };
	if (!l->top)
		return err_set(err, MLOPS_EINVALID, "this repository has no work tree");
	e->path = xasprintf("%s/%s" ATTRIBUTES, l->top, l->prefix);
	return read_text(e->path, &e->before, err);
}

/* Goes through the lines; those of the pattern become `line`, or go when it is NULL. */
static void edit_lines(struct edit *e, const char *pattern, int lockable, bool keep)
{
	struct str rest = { e->before.buf, e->before.len };

	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest), of;
		bool locks;

		if (!is_line_of_lfs(line, &of, &locks) || !str_eq(of, pattern)) {
			strbuf_addf(&e->after, STR_FMT "\n", STR_ARG(line));
			continue;
		}
		if (keep && !e->found && (lockable < 0 || lockable == locks))
			strbuf_addf(&e->after, STR_FMT "\n", STR_ARG(line));
		else if (keep && !e->found)
			strbuf_addf(&e->after, "%s " KEPT "%s\n", pattern,
				    lockable ? " lockable" : "");
		e->changed |= !keep || e->found || (lockable >= 0 && lockable != locks);
		e->found = true;
	}
}

static int edit_end(struct edit *e, bool *changed, struct mlops_error *err)
{
	*changed = e->changed;
	return e->changed ? fs_write_atomic(e->path, e->after.buf ? e->after.buf : "", e->after.len,
					    0666, err) :
			    0;
}

static int check_pattern(const char *pattern, struct mlops_error *err)
{
	if (!*pattern || strpbrk(pattern, "\n\r\t\"") || *pattern == '!')
		return err_set(err, MLOPS_EINVALID, "'%s' is no pattern of " ATTRIBUTES, pattern);
	if (str_ends(pattern, ATTRIBUTES))
		return err_set(err, MLOPS_EINVALID, "git has to read '%s' itself", pattern);
	return 0;
}

int mlops_lfs_track(struct lfs *l, const char *pattern, int lockable, bool *changed,
		    struct mlops_error *err)
{
	autofree char *escaped = escape(pattern);
	struct edit e;

	if (check_pattern(pattern, err))
		return -1;
	int rc = edit_begin(l, &e, err);
	if (!rc) {
		edit_lines(&e, escaped, lockable, true);
		if (!e.found)
			strbuf_addf(&e.after, "%s " KEPT "%s\n", escaped,
				    lockable > 0 ? " lockable" : "");
		e.changed |= !e.found;
		rc = edit_end(&e, changed, err);
	}
	edit_clear(&e);
	if (!rc && *changed)
		rc = touch_matching(l, escaped, err);
	return rc;
}

int mlops_lfs_untrack(struct lfs *l, const char *pattern, bool *changed, struct mlops_error *err)
{
	autofree char *escaped = escape(pattern);
	struct edit e;

	int rc = edit_begin(l, &e, err);
	if (!rc) {
		edit_lines(&e, escaped, -1, false);
		rc = edit_end(&e, changed, err);
	}
	edit_clear(&e);
	return rc;
}
