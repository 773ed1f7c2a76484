/*
 * Everything that git keeps: each commit that a ref, the log of a ref, or a linked work tree leads
 * to, and what the indexes hold.
 */
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "git/private.h"

/* Commits that git keeps beside its refs while something is under way. */
static const char *const asides[] = { "HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD" };

struct history {
	bool is_shallow;
	struct map seen; /* a set of commits */
	VEC(git_oid) todo;
};

/* Something else than a commit may be tagged. */
static bool add_commit(struct history *h, git_repository *repo, const git_oid *oid)
{
	git_object *object, *commit;

	if (git_object_lookup(&object, repo, oid, GIT_OBJECT_ANY))
		return false;
	if (!git_object_peel(&commit, object, GIT_OBJECT_COMMIT)) {
		vec_push(&h->todo, *git_object_id(commit));
		git_object_free(commit);
	}
	git_object_free(object);
	return true;
}

/* What a log names may be gone: git lets go of it in its own time. */
static int add_log(struct history *h, git_repository *repo, const char *name,
		   struct mlops_error *err)
{
	git_reflog *log;

	if (git_reference_has_log(repo, name) != 1)
		return 0;
	int code = git_reflog_read(&log, repo, name);
	if (code)
		return git_fail(err, code, "cannot read the log of '%s'", name);
	for (size_t i = 0; i < git_reflog_entrycount(log); i++) {
		const git_reflog_entry *e = git_reflog_entry_byindex(log, i);

		add_commit(h, repo, git_reflog_entry_id_old(e));
		add_commit(h, repo, git_reflog_entry_id_new(e));
	}
	git_reflog_free(log);
	return 0;
}

static int add_ref(struct history *h, git_repository *repo, const char *name,
		   struct mlops_error *err)
{
	git_oid oid;
	int code = git_reference_name_to_id(&oid, repo, name);

	if (code && code != GIT_ENOTFOUND && code != GIT_EUNBORNBRANCH)
		return git_fail(err, code, "cannot read the ref '%s'", name);
	if (!code && !add_commit(h, repo, &oid))
		return err_set(err, MLOPS_ECORRUPT, "git has not got what its ref '%s' points to",
			       name);
	return add_log(h, repo, name, err);
}

static int add_refs(git_repository *repo, void *arg, struct mlops_error *err)
{
	git_strarray names;
	int code = git_reference_list(&names, repo), rc = 0;

	if (code)
		return git_fail(err, code, "cannot list git's refs");
	for (size_t i = 0; !rc && i < names.count; i++)
		rc = add_ref(arg, repo, names.strings[i], err);
	git_strarray_dispose(&names);
	for (size_t i = 0; !rc && i < ARRAY_LEN(asides); i++)
		rc = add_ref(arg, repo, asides[i], err);
	return rc;
}

typedef int (*repo_fn)(git_repository *repo, void *arg, struct mlops_error *err);

static int with_repo(const char *dir, repo_fn fn, void *arg, struct mlops_error *err)
{
	git_repository *repo;
	int code = git_repository_open_ext(
		&repo, dir, GIT_REPOSITORY_OPEN_BARE | GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);

	if (code)
		return git_fail(err, code, "cannot open the git repository '%s'", dir);
	int rc = fn(repo, arg, err);
	git_repository_free(repo);
	return rc;
}

/* Calls fn for the repository as each of its work trees sees it, those that are away too. */
static int each_view(struct git_repo *r, repo_fn fn, void *arg, struct mlops_error *err)
{
	const char *common = git_repository_commondir(r->repo);
	git_strarray names;
	int code = git_worktree_list(&names, r->repo);

	if (code)
		return git_fail(err, code, "cannot list git's work trees");
	int rc = with_repo(common, fn, arg, err);
	for (size_t i = 0; !rc && i < names.count; i++) {
		autofree char *dir = xasprintf("%s/worktrees/%s", common, names.strings[i]);

		rc = with_repo(dir, fn, arg, err);
	}
	git_strarray_dispose(&names);
	return rc;
}

static int visit_commit(struct git_repo *r, struct history *h, const git_oid *oid, git_commit_fn fn,
			void *arg, struct mlops_error *err)
{
	struct git_id id;
	git_commit *commit;

	if (map_putn(&h->seen, oid->id, sizeof(oid->id), h))
		return 0;
	int code = git_commit_lookup(&commit, r->repo, oid);
	if (code == GIT_ENOTFOUND && h->is_shallow)
		return 0;
	if (code)
		return git_fail(err, code, "cannot read a commit of git's history");
	for (unsigned i = 0; i < git_commit_parentcount(commit); i++)
		vec_push(&h->todo, *git_commit_parent_id(commit, i));
	git_commit_free(commit);
	id = git_id_of(oid);
	return fn(&id, arg, err);
}

int git_commits_each(struct git_repo *r, git_commit_fn fn, void *arg, struct mlops_error *err)
{
	autofree char *shallow = xasprintf("%s/shallow", git_repository_commondir(r->repo));
	struct history h = { .is_shallow = fs_exists(shallow) };
	int rc = each_view(r, add_refs, &h, err);

	while (!rc && h.todo.n) {
		git_oid oid = h.todo.v[--h.todo.n];

		rc = visit_commit(r, &h, &oid, fn, arg, err);
	}
	map_clear(&h.seen);
	vec_free(&h.todo);
	return rc;
}

struct staged {
	const char *prefix;
	git_file_fn fn;
	void *arg;
};

static int visit_index(git_repository *repo, void *arg, struct mlops_error *err)
{
	const struct staged *s = arg;
	size_t n = strlen(s->prefix);
	git_index *index;
	int code = git_repository_index(&index, repo), rc = 0;

	if (code)
		return git_fail(err, code, "cannot read git's index");
	for (size_t i = 0; !rc && i < git_index_entrycount(index); i++) {
		const git_index_entry *e = git_index_get_byindex(index, i);
		struct git_id id;

		memcpy(id.sha1, e->id.id, sizeof(id.sha1));
		if (!strncmp(e->path, s->prefix, n))
			rc = s->fn(e->path + n, &id, s->arg, err);
	}
	git_index_free(index);
	return rc;
}

int git_indexes_each(struct git_repo *r, git_file_fn fn, void *arg, struct mlops_error *err)
{
	struct staged s = { r->prefix, fn, arg };

	return each_view(r, visit_index, &s, err);
}

static int tell_worktree(struct git_repo *r, const char *name,
			 int (*fn)(const char *root, void *arg, struct mlops_error *err), void *arg,
			 struct mlops_error *err)
{
	git_worktree *worktree;
	int code = git_worktree_lookup(&worktree, r->repo, name);

	if (code)
		return git_fail(err, code, "cannot find git's work tree '%s'", name);
	autofree char *path = path_join(git_worktree_path(worktree), r->prefix);
	autofree char *root = path_normalize(path);
	git_worktree_free(worktree);
	return fn(root, arg, err);
}

int git_worktrees_each(struct git_repo *r,
		       int (*fn)(const char *root, void *arg, struct mlops_error *err), void *arg,
		       struct mlops_error *err)
{
	git_strarray names;
	int code = git_worktree_list(&names, r->repo), rc = 0;

	if (code)
		return git_fail(err, code, "cannot list git's work trees");
	for (size_t i = 0; !rc && i < names.count; i++)
		rc = tell_worktree(r, names.strings[i], fn, arg, err);
	git_strarray_dispose(&names);
	return rc;
}

int git_trust_owners(struct mlops_error *err)
{
	if (git_start(err))
		return -1;
	int code = git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	return code ? git_fail(err, code, "cannot set an option of libgit2") : 0;
}
