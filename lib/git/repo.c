/*
 * Repositories: finding, making, staging, asking. A repo is opened by the root of a project, which
 * may be a folder below the top of git's work tree; paths are translated here.
 */
#include <pthread.h>

#include "base/path.h"
#include "git/private.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
	git_libgit2_init();
}

int git_start(struct mlops_error *err)
{
	if (git_lazy_load(err))
		return -1;
	pthread_once(&once, start);
	return 0;
}

static enum mlops_error_kind kind_of(int code)
{
	switch (code) {
	case GIT_ENOTFOUND:
		return MLOPS_ENOTFOUND;
	case GIT_EINVALIDSPEC:
	case GIT_EBAREREPO:
		return MLOPS_EINVALID;
	case GIT_ELOCKED:
		return MLOPS_ELOCKED;
	default:
		return MLOPS_EFAIL;
	}
}

int git_fail(struct mlops_error *err, int code, const char *fmt, ...)
{
	const git_error *why = git_error_last();
	va_list ap;

	va_start(ap, fmt);
	autofree char *msg = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(err, kind_of(code), "%s: %s", msg,
		       why && why->message ? why->message : "libgit2 gives no reason");
}

static int open_above(const char *dir, git_repository **out, struct mlops_error *err)
{
	int code;

	if (git_start(err))
		return -1;
	code = git_repository_open_ext(out, dir, 0, NULL);
	if (code == GIT_ENOTFOUND)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is in no git repository", dir);
	if (code)
		return git_fail(err, code, "cannot open the git repository of '%s'", dir);
	if (git_repository_workdir(*out))
		return 0;
	git_repository_free(*out);
	return err_set(err, MLOPS_EINVALID, "the git repository of '%s' has no work tree", dir);
}

/* libgit2 gives the work tree with a slash behind it. */
static char *work_tree(git_repository *repo)
{
	return path_normalize(git_repository_workdir(repo));
}

int git_discover(const char *dir, char **root, struct mlops_error *err)
{
	git_repository *repo;

	if (open_above(dir, &repo, err))
		return -1;
	*root = work_tree(repo);
	git_repository_free(repo);
	return 0;
}

int git_init(const char *dir, struct mlops_error *err)
{
	git_repository *repo;
	int code;

	if (git_start(err))
		return -1;
	code = git_repository_init(&repo, dir, false);
	if (code)
		return git_fail(err, code, "cannot make a git repository in '%s'", dir);
	git_repository_free(repo);
	return 0;
}

int git_open(const char *root, struct git_repo **out, struct mlops_error *err)
{
	git_repository *repo;

	if (open_above(root, &repo, err))
		return -1;
	autofree char *top = work_tree(repo);
	if (!path_is_below(root, top)) {
		git_repository_free(repo);
		return err_set(err, MLOPS_EINVALID, "git's work tree '%s' does not hold '%s'", top,
			       root);
	}
	struct git_repo *r = xcalloc(1, sizeof(*r));
	r->repo = repo;
	r->prefix = strcmp(root, top) ? xasprintf("%s/", root + strlen(top) + (top[1] != 0)) :
					xstrdup("");
	*out = r;
	return 0;
}

void git_free(struct git_repo *r)
{
	if (!r)
		return;
	git_repository_free(r->repo);
	free(r->prefix);
	free(r);
}

int git_read_index(struct git_repo *r, git_index **out, struct mlops_error *err)
{
	int code = git_repository_index(out, r->repo);

	if (!code)
		code = git_index_read(*out, false);
	return code ? git_fail(err, code, "cannot read git's index") : 0;
}

/* Calls `change` for each path, as git's index has it, and writes the index. */
static int change_index(struct git_repo *r, const char *const *paths, size_t n,
			int (*change)(git_index *index, const char *path, const char *shown,
				      struct mlops_error *err),
			struct mlops_error *err)
{
	autoindex *index = NULL;

	if (git_read_index(r, &index, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		autofree char *path = xasprintf("%s%s", r->prefix, paths[i]);

		if (change(index, path, paths[i], err))
			return -1;
	}
	int code = git_index_write(index);
	return code ? git_fail(err, code, "cannot write git's index") : 0;
}

static int add_path(git_index *index, const char *path, const char *shown, struct mlops_error *err)
{
	int code = git_index_add_bypath(index, path);

	return code ? git_fail(err, code, "cannot stage '%s' in git", shown) : 0;
}

static int remove_path(git_index *index, const char *path, const char *shown,
		       struct mlops_error *err)
{
	int code = git_index_remove(index, path, 0);

	if (!code || code == GIT_ENOTFOUND)
		return 0;
	return git_fail(err, code, "cannot take '%s' out of git's index", shown);
}

int git_stage(struct git_repo *r, const char *const *paths, size_t n, struct mlops_error *err)
{
	return change_index(r, paths, n, add_path, err);
}

int git_unstage(struct git_repo *r, const char *const *paths, size_t n, struct mlops_error *err)
{
	return change_index(r, paths, n, remove_path, err);
}

int git_is_ignored(struct git_repo *r, const char *path, bool *ignored, struct mlops_error *err)
{
	autofree char *full = xasprintf("%s%s", r->prefix, path);
	int yes, code = git_ignore_path_is_ignored(&yes, r->repo, full);

	if (code)
		return git_fail(err, code, "cannot read git's ignore rules for '%s'", path);
	*ignored = yes;
	return 0;
}

int git_is_staged(struct git_repo *r, const char *path, bool *staged, struct mlops_error *err)
{
	autofree char *full = xasprintf("%s%s", r->prefix, path);
	autofree char *below = xasprintf("%s/", full);
	autoindex *index = NULL;

	if (git_read_index(r, &index, err))
		return -1;
	*staged =
		git_index_get_bypath(index, full, 0) || !git_index_find_prefix(NULL, index, below);
	return 0;
}

static int stop_at_first(const char *path, unsigned flags, void *payload)
{
	(void)path, (void)flags;
	*(bool *)payload = true;
	return 1;
}

/* Whether files that git knows differ from HEAD, in its index or in the work tree. */
static int is_dirty(struct git_repo *r, bool *dirty, struct mlops_error *err)
{
	git_status_options options;
	int code;

	*dirty = false;
	git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
	options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
	code = git_status_foreach_ext(r->repo, &options, stop_at_first, dirty);
	return code < 0 ? git_fail(err, code, "cannot tell whether the work tree has changes") : 0;
}

int git_head(struct git_repo *r, char **out, struct mlops_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid oid;
	bool dirty;
	int code = git_reference_name_to_id(&oid, r->repo, "HEAD");

	if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH) {
		*out = NULL;
		return 0;
	}
	if (code)
		return git_fail(err, code, "cannot read git's HEAD");
	if (is_dirty(r, &dirty, err))
		return -1;
	*out = xasprintf("%s%s", git_oid_tostr(hex, sizeof(hex), &oid), dirty ? "-dirty" : "");
	return 0;
}

int git_version(char *buf, size_t n, struct mlops_error *err)
{
	int major, minor, patch;

	if (git_start(err))
		return -1;
	git_libgit2_version(&major, &minor, &patch);
	snprintf(buf, n, "%d.%d.%d", major, minor, patch);
	return 0;
}
