/* Commits that are made beside the branches: of the work tree as it is, git's index untouched. */
#include <sys/stat.h>

#include "base/path.h"
#include "base/user.h"
#include "git/private.h"

static void cleanup_commit(git_commit **commit)
{
	if (*commit)
		git_commit_free(*commit);
}
#define autocommit __attribute__((cleanup(cleanup_commit))) git_commit

static void cleanup_signature(git_signature **signature)
{
	if (*signature)
		git_signature_free(*signature);
}
#define autosignature __attribute__((cleanup(cleanup_signature))) git_signature

struct adding {
	struct git_repo *repo;
	git_index *index;
	struct git_large large;
	struct mlops_error *err;
};

/* A new file that is too large for git was hardly meant for it. */
static int allow(const char *path, const char *pattern, void *payload)
{
	struct adding *a = payload;
	autofree char *full = path_join(git_repository_workdir(a->repo->repo), path);
	struct stat st;

	(void)pattern;
	if (lstat(full, &st) || (uint64_t)st.st_size <= a->large.max ||
	    git_index_get_bypath(a->index, path, 0))
		return 0;
	if (a->large.skip)
		return 1;
	err_set(a->err, MLOPS_EINVALID, "'%s' is new and too large to be put into git", path);
	err_hint(a->err, "track it with: mlops track, or have git ignore it");
	return GIT_EUSER;
}

/* Changes the index in memory only, and then forgets that. */
static int write_work_tree(struct git_repo *r, struct git_large large, git_oid *tree,
			   struct mlops_error *err)
{
	autoindex *index = NULL;
	struct adding adding = { r, NULL, large, err };

	if (git_read_index(r, &index, err))
		return -1;
	adding.index = index;
	int code = git_index_add_all(index, NULL, GIT_INDEX_ADD_DEFAULT, allow, &adding);
	if (!code)
		code = git_index_write_tree(tree, index);
	if (code && !err->kind)
		git_fail(err, code, "cannot take a snapshot of the work tree");
	git_index_read(index, true);
	return code ? -1 : 0;
}

static int sign(struct git_repo *r, git_signature **out, struct mlops_error *err)
{
	int code = git_signature_default(out, r->repo);

	if (code) { /* git knows no name */
		autofree char *user = user_name();
		autofree char *mail = xasprintf("%s@localhost", user);

		code = git_signature_now(out, user, mail);
	}
	return code ? git_fail(err, code, "cannot sign a commit") : 0;
}

static int commit_tree(struct git_repo *r, const git_oid *id, const git_commit *parent,
		       const char *message, git_oid *out, struct mlops_error *err)
{
	autosignature *who = NULL;
	autotree *tree = NULL;
	int code = git_tree_lookup(&tree, r->repo, id);

	if (code)
		return git_fail(err, code, "cannot read a folder of a snapshot");
	if (sign(r, &who, err))
		return -1;
	code = git_commit_create(out, r->repo, NULL, who, who, NULL, message, tree, parent ? 1 : 0,
				 &parent);
	return code ? git_fail(err, code, "cannot make a commit") : 0;
}

static int read_head(struct git_repo *r, git_commit **out, struct mlops_error *err)
{
	git_oid id;
	int code = git_reference_name_to_id(&id, r->repo, "HEAD");

	if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH)
		return 0;
	if (!code)
		code = git_commit_lookup(out, r->repo, &id);
	return code ? git_fail(err, code, "cannot read git's HEAD") : 0;
}

static int tree_of(const git_commit *commit, git_oid *out, struct mlops_error *err)
{
	git_tree *tree;
	int code = git_commit_tree(&tree, commit);

	if (code)
		return git_fail(err, code, "cannot read the folder of a commit");
	*out = *git_tree_id(tree);
	git_tree_free(tree);
	return 0;
}

int git_snapshot(struct git_repo *r, const char *message, struct git_large large,
		 struct git_id *out, struct mlops_error *err)
{
	autocommit *head = NULL;
	git_oid tree, before, id;

	if (write_work_tree(r, large, &tree, err) || read_head(r, &head, err) ||
	    (head && tree_of(head, &before, err)))
		return -1;
	if (head && git_oid_equal(&tree, &before))
		id = *git_commit_id(head);
	else if (commit_tree(r, &tree, head, message, &id, err))
		return -1;
	*out = git_id_of(&id);
	return 0;
}

int git_ref_create(struct git_repo *r, const char *name, const struct git_id *commit, bool replace,
		   struct mlops_error *err)
{
	git_oid id = git_oid_of(commit);
	git_reference *ref;
	int code = git_reference_create(&ref, r->repo, name, &id, replace, "mlops exp");

	if (code == GIT_EEXISTS)
		return err_set(err, MLOPS_EEXISTS, "git has '%s' already", name);
	if (code)
		return git_fail(err, code, "cannot make '%s' in git", name);
	git_reference_free(ref);
	return 0;
}

void git_ref_unlock(struct git_repo *r, const char *name)
{
	autofree char *dir = git_common_dir(r);
	autofree char *lock = xasprintf("%s/%s.lock", dir, name);

	unlink(lock);
}

int git_ref_remove(struct git_repo *r, const char *name, struct mlops_error *err)
{
	int code = git_reference_remove(r->repo, name);

	return code && code != GIT_ENOTFOUND ?
		       git_fail(err, code, "cannot remove '%s' from git", name) :
		       0;
}

char *git_id_text(const struct git_id *id)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid oid = git_oid_of(id);

	return xstrdup(git_oid_tostr(hex, sizeof(hex), &oid));
}
