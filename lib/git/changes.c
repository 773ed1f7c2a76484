/* What changed between revisions, and which of them a remote of git's has yet to see. */
#include "git/private.h"

typedef int (*change_fn)(const struct git_change *c, void *arg, struct mlops_error *err);

/* The tree of the root in a commit; NULL where there is none. */
static int open_tree(struct git_repo *r, const struct git_id *commit, git_tree **out,
		     struct mlops_error *err)
{
	struct git_id id;
	bool found;

	*out = NULL;
	if (!commit)
		return 0;
	if (git_root_tree(r, commit, &id, &found, err))
		return -1;
	if (!found)
		return 0;
	git_oid oid = git_oid_of(&id);
	int code = git_tree_lookup(out, r->repo, &oid);
	return code ? git_fail(err, code, "cannot read a folder of a commit") : 0;
}

static bool is_file(const git_diff_file *f)
{
	return f->mode == GIT_FILEMODE_BLOB || f->mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

static int tell(const git_diff_delta *d, change_fn fn, void *arg, struct mlops_error *err)
{
	struct git_id from = git_id_of(&d->old_file.id), to = git_id_of(&d->new_file.id);
	struct git_change c = {
		.path = is_file(&d->new_file) ? d->new_file.path : d->old_file.path,
		.from = is_file(&d->old_file) ? &from : NULL,
		.to = is_file(&d->new_file) ? &to : NULL,
	};

	return c.from || c.to ? fn(&c, arg, err) : 0;
}

int git_changes(struct git_repo *r, const struct git_id *from, const struct git_id *to,
		change_fn fn, void *arg, struct mlops_error *err)
{
	autotree *before = NULL;
	autotree *after = NULL;
	git_diff *diff;
	int rc = 0;

	if (open_tree(r, from, &before, err) || open_tree(r, to, &after, err))
		return -1;
	if (!before && !after)
		return 0;
	int code = git_diff_tree_to_tree(&diff, r->repo, before, after, NULL);
	if (code)
		return git_fail(err, code, "cannot compare two revisions");
	for (size_t i = 0; !rc && i < git_diff_num_deltas(diff); i++)
		rc = tell(git_diff_get_delta(diff, i), fn, arg, err);
	git_diff_free(diff);
	return rc;
}

static void cleanup_walk(git_revwalk **walk)
{
	if (*walk)
		git_revwalk_free(*walk);
}

/* What the remote has may have been collected here, and a remote need not be known here. */
static int start(git_revwalk *walk, const struct git_id *tip, const struct git_id *known,
		 const char *remote)
{
	git_oid oid = git_oid_of(tip);
	int code = git_revwalk_push(walk, &oid);

	if (!code && known) {
		oid = git_oid_of(known);
		git_revwalk_hide(walk, &oid);
	}
	if (code || !remote)
		return code;
	autofree char *branches = xasprintf("refs/remotes/%s/*", remote);
	return git_revwalk_hide_glob(walk, branches);
}

typedef int (*commit_fn)(const struct git_id *commit, const struct git_id *parent, void *arg,
			 struct mlops_error *err);

static int tell_commit(struct git_repo *r, const git_oid *oid, commit_fn fn, void *arg,
		       struct mlops_error *err)
{
	struct git_id id = git_id_of(oid), parent = { 0 };
	git_commit *commit;
	int code = git_commit_lookup(&commit, r->repo, oid);

	if (code)
		return git_fail(err, code, "cannot read a commit");
	const git_oid *first = git_commit_parent_id(commit, 0);
	if (first)
		parent = git_id_of(first);
	git_commit_free(commit);
	return fn(&id, first ? &parent : NULL, arg, err);
}

int git_outgoing(struct git_repo *r, const struct git_id *tip, const struct git_id *known,
		 const char *remote, commit_fn fn, void *arg, struct mlops_error *err)
{
	__attribute__((cleanup(cleanup_walk))) git_revwalk *walk = NULL;
	int code = git_revwalk_new(&walk, r->repo), rc = 0;
	git_oid oid;

	if (!code)
		code = start(walk, tip, known, remote);
	while (!code && !rc && !(code = git_revwalk_next(&oid, walk)))
		rc = tell_commit(r, &oid, fn, arg, err);
	if (code && code != GIT_ITEROVER)
		return git_fail(err, code, "cannot list the commits that are to be pushed");
	return rc;
}
