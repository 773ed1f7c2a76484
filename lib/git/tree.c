/* Reading what a commit holds, without checking it out. */
#include "base/mem.h"
#include "git/private.h"

static void cleanup_object(git_object **object)
{
	if (*object)
		git_object_free(*object);
}
#define autoobject __attribute__((cleanup(cleanup_object))) git_object

static int find_object(struct git_repo *r, const char *rev, git_object **out,
		       struct mlops_error *err)
{
	int code = git_revparse_single(out, r->repo, rev);

	if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC)
		return err_set(err, MLOPS_ENOTFOUND, "git knows no revision '%s'", rev);
	if (code == GIT_EAMBIGUOUS)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is too short for a revision", rev);
	return code ? git_fail(err, code, "cannot find the revision '%s'", rev) : 0;
}

int git_resolve(struct git_repo *r, const char *rev, struct git_id *out, struct mlops_error *err)
{
	autoobject *object = NULL, *commit = NULL;

	if (find_object(r, rev, &object, err))
		return -1;
	if (git_object_peel(&commit, object, GIT_OBJECT_COMMIT))
		return err_set(err, MLOPS_EINVALID, "'%s' names no commit", rev);
	*out = git_id_of(git_object_id(commit));
	return 0;
}

struct each_name {
	int (*fn)(const char *name, void *arg, struct mlops_error *err);
	void *arg;
	struct mlops_error *err;
	int rc; /* what fn returned */
};

static int each_name(const char *name, void *payload)
{
	static const char *const prefixes[] = { "refs/heads/", "refs/tags/", "refs/remotes/" };
	struct each_name *e = payload;

	for (size_t i = 0; !e->rc && i < ARRAY_LEN(prefixes); i++)
		if (str_starts(name, prefixes[i]))
			e->rc = e->fn(name + strlen(prefixes[i]), e->arg, e->err);
	return e->rc ? 1 : 0;
}

int git_each_name(struct git_repo *r, int (*fn)(const char *name, void *arg, struct mlops_error *err),
		  void *arg, struct mlops_error *err)
{
	struct each_name e = { fn, arg, err, 0 };
	int code = git_reference_foreach_name(r->repo, each_name, &e);

	return code < 0 ? git_fail(err, code, "cannot list branches and tags") : e.rc;
}

static enum git_entry_kind kind_of(const git_tree_entry *entry)
{
	switch (git_tree_entry_filemode(entry)) {
	case GIT_FILEMODE_TREE:
		return GIT_ENTRY_FOLDER;
	case GIT_FILEMODE_BLOB:
	case GIT_FILEMODE_BLOB_EXECUTABLE:
		return GIT_ENTRY_FILE;
	default:
		return GIT_ENTRY_OTHER;
	}
}

/* What is at a path, when it is of that kind. */
static int find_path(git_tree *top, const char *path, enum git_entry_kind kind, struct git_id *out,
		     bool *found, struct mlops_error *err)
{
	git_tree_entry *entry = NULL;
	int code = git_tree_entry_bypath(&entry, top, path);

	*found = false;
	if (code == GIT_ENOTFOUND)
		return 0;
	if (code)
		return git_fail(err, code, "cannot look for '%s' in a commit", path);
	*found = kind_of(entry) == kind;
	if (*found)
		*out = git_id_of(git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	return 0;
}

/* The folder that the project's root is in the tree of a commit. */
static int find_root(struct git_repo *r, git_tree *top, struct git_id *out, bool *found,
		     struct mlops_error *err)
{
	autofree char *path = xstrndup(r->prefix, strlen(r->prefix) - 1);

	return find_path(top, path, GIT_ENTRY_FOLDER, out, found, err);
}

int git_root_tree(struct git_repo *r, const struct git_id *id, struct git_id *out, bool *found,
		  struct mlops_error *err)
{
	git_oid oid = git_oid_of(id);
	git_commit *commit;
	autotree *top = NULL;
	int code = git_commit_lookup(&commit, r->repo, &oid);

	if (!code) {
		code = git_commit_tree(&top, commit);
		git_commit_free(commit);
	}
	if (code)
		return git_fail(err, code, "cannot read a commit");
	if (*r->prefix)
		return find_root(r, top, out, found, err);
	*out = git_id_of(git_tree_id(top));
	*found = true;
	return 0;
}

int git_tree_file(struct git_repo *r, const struct git_id *tree, const char *path,
		  struct git_id *out, bool *found, struct mlops_error *err)
{
	git_oid oid = git_oid_of(tree);
	autotree *top = NULL;
	int code = git_tree_lookup(&top, r->repo, &oid);

	if (code)
		return git_fail(err, code, "cannot read a folder of a commit");
	return find_path(top, path, GIT_ENTRY_FILE, out, found, err);
}

int git_tree_each(struct git_repo *r, const struct git_id *id,
		  int (*fn)(const struct git_entry *e, void *arg, struct mlops_error *err),
		  void *arg, struct mlops_error *err)
{
	git_oid oid = git_oid_of(id);
	autotree *tree = NULL;
	int code = git_tree_lookup(&tree, r->repo, &oid), rc = 0;

	if (code)
		return git_fail(err, code, "cannot read a folder of a commit");
	for (size_t i = 0; !rc && i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		struct git_entry e = { git_tree_entry_name(entry), git_id_of(git_tree_entry_id(entry)),
				       kind_of(entry) };

		rc = fn(&e, arg, err);
	}
	return rc;
}

int git_read_blob(struct git_repo *r, const struct git_id *id, size_t max, struct strbuf *out,
		  struct mlops_error *err)
{
	git_oid oid = git_oid_of(id);
	git_blob *blob;
	int code = git_blob_lookup(&blob, r->repo, &oid), rc = 0;

	if (code)
		return git_fail(err, code, "cannot read a file of a commit");
	uint64_t size = (uint64_t)git_blob_rawsize(blob);
	if (size > max)
		rc = err_set(err, MLOPS_EINVALID, "a file of a commit is larger than %zu bytes",
			     max);
	else
		strbuf_add(out, git_blob_rawcontent(blob), size);
	git_blob_free(blob);
	return rc;
}
