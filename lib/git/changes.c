/* What changed between revisions, and which of them a remote of git's has yet to see. */
#include "git/private.h"

#define MAX_DEPTH 256

/* Two folders, side by side. Libgit2's own comparison reads folders that are equal, too. */
struct differ {
	git_repository *repo;
	int (*fn)(const struct git_change *c, void *arg, struct mlops_error *err);
	void *arg;
	struct strbuf path; /* of the folder, with a slash behind it */
	struct mlops_error *err;
};

static int open_tree(struct differ *d, const git_oid *id, git_tree **out)
{
	int code = id ? git_tree_lookup(out, d->repo, id) : 0;

	return code ? git_fail(d->err, code, "cannot read a folder of a commit") : 0;
}

static const git_oid *id_if(const git_tree_entry *e, bool folder)
{
	git_filemode_t mode = e ? git_tree_entry_filemode(e) : GIT_FILEMODE_UNREADABLE;
	bool yes = folder ? mode == GIT_FILEMODE_TREE :
			    mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;

	return yes ? git_tree_entry_id(e) : NULL;
}

static int diff_trees(struct differ *d, const git_oid *from, const git_oid *to, int depth);

static int tell(struct differ *d, const git_oid *from, const git_oid *to)
{
	struct git_id before, after;
	struct git_change c = { .path = d->path.buf };

	if (from)
		before = git_id_of(from), c.from = &before;
	if (to)
		after = git_id_of(to), c.to = &after;
	return d->fn(&c, d->arg, d->err);
}

/* Entries of one name, in git's order, by which a file and a folder have never the same. */
static int diff_entries(struct differ *d, const git_tree_entry *from, const git_tree_entry *to,
			int depth)
{
	const git_oid *from_folder = id_if(from, true), *to_folder = id_if(to, true);
	const git_oid *from_file = id_if(from, false), *to_file = id_if(to, false);
	size_t len = d->path.len;
	int rc = 0;

	if (from && to && git_oid_equal(git_tree_entry_id(from), git_tree_entry_id(to)))
		return 0;
	strbuf_adds(&d->path, git_tree_entry_name(from ? from : to));
	if (from_file || to_file)
		rc = tell(d, from_file, to_file);
	if (!rc && (from_folder || to_folder)) {
		strbuf_addc(&d->path, '/');
		rc = diff_trees(d, from_folder, to_folder, depth + 1);
	}
	strbuf_trunc(&d->path, len);
	return rc;
}

static const git_tree_entry *entry_at(const git_tree *tree, size_t i)
{
	return tree ? git_tree_entry_byindex(tree, i) : NULL;
}

static int diff_trees(struct differ *d, const git_oid *from, const git_oid *to, int depth)
{
	autotree *before = NULL;
	autotree *after = NULL;
	const git_tree_entry *a, *b;
	size_t i = 0, k = 0;
	int rc = 0;

	if (depth > MAX_DEPTH)
		return err_set(d->err, MLOPS_EINVALID, "folders are nested deeper than %d",
			       MAX_DEPTH);
	if (open_tree(d, from, &before) || open_tree(d, to, &after))
		return -1;
	while (!rc) {
		a = entry_at(before, i);
		b = entry_at(after, k);
		if (!a && !b)
			break;
		int order = !a ? 1 : !b ? -1 : git_tree_entry_cmp(a, b);
		rc = diff_entries(d, order <= 0 ? a : NULL, order >= 0 ? b : NULL, depth);
		i += order <= 0;
		k += order >= 0;
	}
	return rc;
}

/* The folder of the root in a commit; *there is false where the commit has none. */
static int find_root(struct git_repo *r, const struct git_id *commit, git_oid *out, bool *there,
		     struct mlops_error *err)
{
	struct git_id id;

	*there = false;
	if (!commit)
		return 0;
	if (git_root_tree(r, commit, &id, there, err))
		return -1;
	if (*there)
		*out = git_oid_of(&id);
	return 0;
}

int git_changes(struct git_repo *r, const struct git_id *from, const struct git_id *to,
		int (*fn)(const struct git_change *c, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err)
{
	struct differ d = { .repo = r->repo, .fn = fn, .arg = arg, .err = err };
	git_oid before, after;
	bool was, is;

	if (find_root(r, from, &before, &was, err) || find_root(r, to, &after, &is, err))
		return -1;
	if (was && is && git_oid_equal(&before, &after))
		return 0;
	int rc = diff_trees(&d, was ? &before : NULL, is ? &after : NULL, 0);
	strbuf_clear(&d.path);
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
