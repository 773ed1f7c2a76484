/*
 * The pointers that git names. git lists files with their ids; those that are small enough are read by
 * `git cat-file`, whose input is a file in memory, so that neither side waits for the other.
 */
#include <unistd.h>

#include "base/fs.h"
#include "base/num.h"
#include "lfs/lfs.h"

#define HEX_MAX 64

struct candidate {
	char id[HEX_MAX + 1];
	char *path;
	bool executable;
};

struct scan {
	struct lfs *lfs;
	VEC(struct candidate) found; /* in the order of what git lists */
	size_t at;
	bool content; /* what is read now: contents, else sizes */
	lfs_found_fn fn;
	void *arg;
};

static bool is_id(struct str s)
{
	bool good = s.n == 40 || s.n == HEX_MAX;

	for (size_t i = 0; i < s.n && good; i++)
		good = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
	return good;
}

static void add_candidate(struct scan *s, struct str id, const char *path, bool executable)
{
	struct candidate c = { .path = xstrdup(path), .executable = executable };

	memcpy(c.id, id.p, id.n);
	vec_push(&s->found, c);
}

static void scan_clear(struct scan *s)
{
	for (size_t i = 0; i < s->found.n; i++)
		free(s->found.v[i].path);
	vec_free(&s->found);
}

static int write_ids(const struct scan *s, int *out, struct mlops_error *err)
{
	autoclose int fd = lfs_memory_file(err);
	autobuf text = { 0 };

	if (fd < 0)
		return -1;
	for (size_t i = 0; i < s->found.n; i++)
		strbuf_addf(&text, "%s\n", s->found.v[i].id);
	if (fs_write_all(fd, text.buf, text.len, "a file in memory", err) || lfs_rewind(fd, err))
		return -1;
	*out = steal_fd(&fd);
	return 0;
}

/* "<id> blob 127"; what is no small file is left out from here on. */
static int take_size(char *line, size_t n, void *arg, struct mlops_error *err)
{
	struct str rest = { line, n }, id = str_split(rest, ' ', &rest),
		   type = str_split(rest, ' ', &rest);
	autofree char *digits = xstrndup(rest.p, rest.n);
	struct scan *s = arg;
	uint64_t size;

	(void)err, (void)id;
	if (s->at < s->found.n &&
	    (!str_eq(type, "blob") || !num_parse_u64(digits, &size) || size >= LFS_POINTER_MAX))
		*s->found.v[s->at].id = '\0';
	s->at++;
	return 0;
}

static int read_sizes(struct scan *s, struct mlops_error *err)
{
	static const char *const argv[] = { "git", "cat-file", "--batch-check", "--buffer", NULL };
	autoclose int ids = -1;
	size_t kept = 0;

	if (write_ids(s, &ids, err) ||
	    lfs_git_each(s->lfs, argv, ids, '\n', take_size, s, NULL, err))
		return -1;
	for (size_t i = 0; i < s->found.n; i++) {
		if (*s->found.v[i].id)
			s->found.v[kept++] = s->found.v[i];
		else
			free(s->found.v[i].path);
	}
	s->found.n = kept;
	return 0;
}

/* "<id> blob <size>\n", the bytes, "\n". */
static int read_one(const struct scan *s, FILE *in, const struct candidate *c,
		    struct mlops_error *err)
{
	struct lfs_found found = { .path = c->path, .executable = c->executable };
	char text[LFS_POINTER_MAX + 1], *line = NULL;
	size_t cap = 0;
	uint64_t size = UINT64_MAX;
	ssize_t n = getline(&line, &cap, in);
	const char *digits = n > 0 ? strrchr(line, ' ') : NULL;

	if (digits) {
		line[n - 1] = '\0';
		num_parse_u64(digits + 1, &size);
	}
	free(line);
	if (size >= LFS_POINTER_MAX || fread(text, 1, size + 1, in) != size + 1)
		return err_set(err, MLOPS_EFAIL, "git does not give the object %s", c->id);
	if (!lfs_pointer_parse(text, size, &found.pointer))
		return 0;
	return s->fn(&found, s->arg, err);
}

static int read_contents(struct scan *s, struct mlops_error *err)
{
	static const char *const argv[] = { "git", "cat-file", "--batch", "--buffer", NULL };
	autoclose int ids = -1;
	autoerr ignored = ERR_INIT;
	struct lfs_git g = { 0 };
	int rc = 0, status;

	if (!s->found.n)
		return 0;
	if (write_ids(s, &ids, err) || lfs_git_start(s->lfs, argv, ids, &g, err))
		return -1;
	for (size_t i = 0; !rc && i < s->found.n; i++)
		rc = read_one(s, g.out, &s->found.v[i], err);
	if (lfs_git_end(&g, argv, rc ? &status : NULL, rc ? &ignored : err))
		return rc ? rc : -1;
	return rc;
}

static int read_pointers(struct scan *s, struct mlops_error *err)
{
	int rc = s->found.n ? read_sizes(s, err) : 0;

	if (!rc)
		rc = read_contents(s, err);
	return rc;
}

/* "<mode> <id> <stage>\t<path>" of ls-files, "<mode> blob <id>\t<path>" of ls-tree. */
static int take_listed(char *record, size_t n, void *arg, struct mlops_error *err)
{
	char *tab = memchr(record, '\t', n);
	struct scan *s = arg;
	struct str rest = { record, tab ? (size_t)(tab - record) : 0 },
		   mode = str_split(rest, ' ', &rest), second = str_split(rest, ' ', &rest);

	(void)err;
	if (!tab || !str_starts(record, "100"))
		return 0;
	struct str id = str_eq(second, "blob") ? rest : second;
	if (mode.n && is_id(id))
		add_candidate(s, id, tab + 1, str_eq(mode, "100755"));
	return 0;
}

static int scan_list(struct lfs *l, const char *const *argv, lfs_found_fn fn, void *arg,
		     struct mlops_error *err)
{
	struct scan s = { .lfs = l, .fn = fn, .arg = arg };
	int rc = lfs_git_each(l, argv, -1, '\0', take_listed, &s, NULL, err);

	if (!rc)
		rc = read_pointers(&s, err);
	scan_clear(&s);
	return rc;
}

/* Those whose filter is lfs alone: what else git's index holds need not be looked at. */
int lfs_scan_index(struct lfs *l, lfs_found_fn fn, void *arg, struct mlops_error *err)
{
	static const char *const argv[] = { "git", "ls-files",           "-z", "--stage",
					    "--",  ":(attr:filter=lfs)", NULL };

	return scan_list(l, argv, fn, arg, err);
}

int lfs_scan_tree(struct lfs *l, const char *rev, lfs_found_fn fn, void *arg,
		  struct mlops_error *err)
{
	const char *const argv[] = { "git",         "ls-tree",          "-r", "-z",
				     "--full-tree", "--end-of-options", rev,  NULL };

	if (*rev == '-')
		return err_set(err, MLOPS_ENOTFOUND, "git knows no revision '%s'", rev);
	if (scan_list(l, argv, fn, arg, err))
		return err_wrap(err, "cannot list '%s'", rev);
	return 0;
}

/* "<id> <path>"; of a commit, and of its folder, there is no path. */
static int take_object(char *line, size_t n, void *arg, struct mlops_error *err)
{
	struct str path, id = str_split((struct str){ line, n }, ' ', &path);

	(void)err;
	if (path.n && is_id(id))
		add_candidate(arg, id, path.p, false);
	return 0;
}

int lfs_scan_commits(struct lfs *l, const struct strbuf *revs, bool all, lfs_found_fn fn, void *arg,
		     struct mlops_error *err)
{
	const char *const argv[] = { "git",       "rev-list",
				     "--objects", "--ignore-missing",
				     "--stdin",   all ? "--all" : NULL,
				     NULL };
	struct scan s = { .lfs = l, .fn = fn, .arg = arg };
	autoclose int fd = lfs_memory_file(err);

	if (fd < 0 ||
	    (revs->len && fs_write_all(fd, revs->buf, revs->len, "a file in memory", err)) ||
	    lfs_rewind(fd, err))
		return -1;
	int rc = lfs_git_each(l, argv, fd, '\n', take_object, &s, NULL, err);
	if (!rc)
		rc = read_pointers(&s, err);
	scan_clear(&s);
	return rc;
}
