/* Whether a version of a file is in the history. */
#include "git/private.h"

static void cleanup_walk(git_revwalk **walk)
{
	if (*walk)
		git_revwalk_free(*walk);
}
#define autowalk __attribute__((cleanup(cleanup_walk))) git_revwalk

/* Whether the commit has this blob at the path. */
static int commit_has(git_repository *repo, const git_oid *id, const char *path, const git_oid *blob,
		      bool *has)
{
	git_tree_entry *entry = NULL;
	git_commit *commit;
	git_tree *tree;
	int code = git_commit_lookup(&commit, repo, id);

	if (code)
		return code;
	code = git_commit_tree(&tree, commit);
	git_commit_free(commit);
	if (code)
		return code;
	code = git_tree_entry_bypath(&entry, tree, path);
	*has = !code && git_oid_equal(git_tree_entry_id(entry), blob);
	if (!code)
		git_tree_entry_free(entry);
	git_tree_free(tree);
	return code == GIT_ENOTFOUND ? 0 : code;
}

/* A repository without commits has no HEAD to start from. */
static int start(git_repository *repo, git_revwalk **out)
{
	int code = git_revwalk_new(out, repo);
	git_oid head;

	if (!code)
		code = git_revwalk_push_glob(*out, "*");
	if (!code && !git_reference_name_to_id(&head, repo, "HEAD"))
		code = git_revwalk_push(*out, &head);
	return code;
}

int git_was_committed(struct git_repo *r, const char *path, const struct strbuf *text, bool *out,
		      struct mlops_error *err)
{
	autofree char *full = xasprintf("%s%s", r->prefix, path);
	autowalk *walk = NULL;
	git_oid blob, id;
	bool has = false;
	int code = git_odb_hash(&blob, text->buf, text->len, GIT_OBJECT_BLOB);

	if (!code)
		code = start(r->repo, &walk);
	while (!code && !has && !(code = git_revwalk_next(&id, walk)))
		code = commit_has(r->repo, &id, full, &blob, &has);
	if (code && code != GIT_ITEROVER)
		return git_fail(err, code, "cannot look for '%s' in the history", path);
	*out = has;
	return 0;
}
