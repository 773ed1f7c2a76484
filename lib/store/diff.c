/* Comparing folders with trees, side by side in order of name. */
#include "store/diff.h"

#include <fcntl.h>

#include "base/path.h"
#include "store/store.h"

struct differ {
	struct scan *scan;
	diff_fn fn;
	void *arg;
	struct strbuf path;
	struct mlops_error *err;
};

struct tree_entry diff_entry_of(const struct object_ref *ref)
{
	return (struct tree_entry){
		.kind = ref->kind == OBJECT_TREE ? TREE_FOLDER :
			ref->executable          ? TREE_EXECUTABLE :
						   TREE_FILE,
		.oid = ref->oid,
		.size = ref->size,
		.files = ref->files,
	};
}

static int tell(struct differ *d, enum status_kind kind, const struct tree_entry *have, int dir_fd,
		const struct tree_entry *want, bool empty)
{
	struct diff diff = { kind, d->path.buf, have, want, have ? dir_fd : -1, empty };

	return d->fn(&diff, d->arg, d->err);
}

/*
 * The tree of the folder at hand; the index learns it, so that a scan can tell it by its listing.
 * *here: it is in the store.
 */
static int load(struct differ *d, const struct tree_entry *want, struct tree *out, bool *here)
{
	struct index *ix = d->scan->index;
	autobuf text = { 0 };
	struct oid known;

	*here = mlops_store_has(d->scan->store, &want->oid);
	if (!*here)
		return 0;
	if (tree_load(d->scan->store, &want->oid, out, d->err))
		return -1;
	if (!ix)
		return 0;
	tree_format(out, &text);
	struct fingerprint print = index_fingerprint(&text);
	if (!index_match_tree(ix, d->path.buf, &print, &known))
		index_put_tree(ix, d->path.buf, &print, &want->oid);
	return 0;
}

static int open_below(struct differ *d, int parent)
{
	int fd = openat(parent, path_base(d->path.buf),
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		err_sys(d->err, "cannot open folder '%s'", d->path.buf);
	return fd;
}

static int tell_have(struct differ *d, const struct tree_entry *have, int dir_fd, int depth);

static int have_below(struct differ *d, const struct tree *tree, int fd, int depth)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < tree->entries.n; i++) {
		size_t len = path_push(&d->path, tree->entries.v[i].name);

		rc = tell_have(d, &tree->entries.v[i], fd, depth + 1);
		strbuf_trunc(&d->path, len);
	}
	return rc;
}

/* All that is in the work tree and should not be. With `have` NULL the folder itself was told. */
static int have_folder(struct differ *d, const struct tree_entry *have, int dir_fd, int depth)
{
	autoclose int fd = open_below(d, dir_fd);
	struct tree tree;

	if (fd < 0 || scan_list(d->scan, fd, &d->path, depth, &tree, d->err))
		return -1;
	int rc = have ? tell(d, STATUS_ADDED, have, dir_fd, NULL, !tree.entries.n) : 0;
	if (!rc)
		rc = have_below(d, &tree, fd, depth);
	tree_clear(&tree);
	return rc;
}

static int tell_have(struct differ *d, const struct tree_entry *have, int dir_fd, int depth)
{
	if (have->kind == TREE_FOLDER)
		return have_folder(d, have, dir_fd, depth);
	return tell(d, STATUS_ADDED, have, dir_fd, NULL, false);
}

static int too_deep(struct differ *d)
{
	return err_set(d->err, MLOPS_ECORRUPT,
		       "the tree of '%.100s...' is nested deeper than %d folders", d->path.buf,
		       TREE_DEPTH_MAX);
}

static int tell_want(struct differ *d, const struct tree_entry *want, int depth);

static int want_folder(struct differ *d, const struct tree_entry *want, bool told, int depth)
{
	struct tree tree;
	bool here;

	if (depth > TREE_DEPTH_MAX)
		return too_deep(d);
	if (load(d, want, &tree, &here))
		return -1;
	if (!here)
		return tell(d, STATUS_ABSENT, NULL, -1, want, false);
	int rc = told ? 0 : tell(d, STATUS_DELETED, NULL, -1, want, !tree.entries.n);
	for (size_t i = 0; !rc && i < tree.entries.n; i++) {
		size_t len = path_push(&d->path, tree.entries.v[i].name);

		rc = tell_want(d, &tree.entries.v[i], depth + 1);
		strbuf_trunc(&d->path, len);
	}
	tree_clear(&tree);
	return rc;
}

/* All that should be in the work tree and is not. */
static int tell_want(struct differ *d, const struct tree_entry *want, int depth)
{
	bool here;

	if (want->kind == TREE_FOLDER)
		return want_folder(d, want, false, depth);
	here = mlops_store_has(d->scan->store, &want->oid);
	return tell(d, here ? STATUS_DELETED : STATUS_ABSENT, NULL, -1, want, false);
}

static bool is_file(const struct tree_entry *e)
{
	return e->kind == TREE_FILE || e->kind == TREE_EXECUTABLE;
}

static int tell_type(struct differ *d, const struct tree_entry *have, int dir_fd,
		     const struct tree_entry *want, int depth)
{
	int rc = tell(d, STATUS_TYPE, have, dir_fd, want, false);

	if (!rc && have->kind == TREE_FOLDER)
		rc = have_folder(d, NULL, dir_fd, depth);
	if (!rc && want->kind == TREE_FOLDER)
		rc = want_folder(d, want, true, depth);
	return rc;
}

/* Files of different sizes need not be read to see that they differ. */
static int diff_leaf(struct differ *d, const struct tree_entry *have, int dir_fd,
		     const struct tree_entry *want)
{
	struct tree_entry now = *have;

	if (now.unknown && (now.kind == TREE_SYMLINK || now.size == want->size) &&
	    scan_read(d->scan, dir_fd, d->path.buf, false, &now, d->err))
		return -1;
	if (!now.unknown && now.kind == want->kind && mlops_oid_equal(&now.oid, &want->oid))
		return 0;
	return tell(d, STATUS_MODIFIED, &now, dir_fd, want, false);
}

static int diff_folder(struct differ *d, int dir_fd, const struct tree_entry *have,
		       const struct tree_entry *want, int depth);

static int diff_entry(struct differ *d, const struct tree_entry *have, int dir_fd,
		      const struct tree_entry *want, int depth)
{
	if (!want)
		return tell_have(d, have, dir_fd, depth);
	if (!have)
		return tell_want(d, want, depth);
	if (have->kind != want->kind && !(is_file(have) && is_file(want)))
		return tell_type(d, have, dir_fd, want, depth);
	if (have->kind != TREE_FOLDER)
		return diff_leaf(d, have, dir_fd, want);
	if (!have->unknown && mlops_oid_equal(&have->oid, &want->oid))
		return 0;
	return diff_folder(d, dir_fd, have, want, depth);
}

/* What a tree lists is compared even where the rules would leave it out, as git does. */
static int diff_listed(struct differ *d, int fd, const struct tree_entry *want, int depth)
{
	struct tree_entry hidden = { .name = want->name };
	bool there;

	if (scan_hidden(d->scan, fd, &d->path, depth, &hidden, &there, d->err))
		return -1;
	return diff_entry(d, there ? &hidden : NULL, fd, want, depth);
}

static int diff_lists(struct differ *d, int fd, const struct tree *have, const struct tree *want,
		      int depth)
{
	size_t i = 0, k = 0;
	int rc = 0;

	while (!rc && (i < have->entries.n || k < want->entries.n)) {
		const struct tree_entry *h = i < have->entries.n ? &have->entries.v[i] : NULL;
		const struct tree_entry *w = k < want->entries.n ? &want->entries.v[k] : NULL;
		int order = !h ? 1 : !w ? -1 : strcmp(h->name, w->name);
		size_t len = path_push(&d->path, order <= 0 ? h->name : w->name);

		if (order > 0)
			rc = diff_listed(d, fd, w, depth + 1);
		else
			rc = diff_entry(d, h, fd, order ? NULL : w, depth + 1);
		strbuf_trunc(&d->path, len);
		i += order <= 0;
		k += order >= 0;
	}
	return rc;
}

/* Without its tree a folder can only be compared as a whole, which means reading it. */
static int diff_whole(struct differ *d, int fd, const struct tree_entry *have,
		      const struct tree_entry *want, int depth)
{
	struct scan *s = d->scan;
	enum scan_mode mode = s->mode;
	autobuf text = { 0 };
	struct tree tree;
	struct oid now;

	s->mode = SCAN_HASH;
	map_clear(&s->folders); /* some are known there as not read */
	int rc = scan_list(s, fd, &d->path, depth, &tree, d->err);
	s->mode = mode;
	if (rc)
		return -1;
	bool empty = !tree.entries.n;
	tree_format(&tree, &text);
	tree_clear(&tree);
	if (store_take_buf(s->store, text.buf, text.len, false, &now, d->err))
		return -1;
	if (mlops_oid_equal(&now, &want->oid))
		return 0;
	return tell(d, STATUS_ABSENT, empty ? NULL : have, -1, want, false);
}

static int diff_folder(struct differ *d, int dir_fd, const struct tree_entry *have,
		       const struct tree_entry *want, int depth)
{
	autoclose int fd = open_below(d, dir_fd);
	struct tree listed, wanted;
	bool here;

	if (depth > TREE_DEPTH_MAX)
		return too_deep(d);
	if (fd < 0 || load(d, want, &wanted, &here))
		return -1;
	if (!here)
		return diff_whole(d, fd, have, want, depth);
	int rc = scan_list(d->scan, fd, &d->path, depth, &listed, d->err);
	if (!rc) {
		rc = diff_lists(d, fd, &listed, &wanted, depth);
		tree_clear(&listed);
	}
	tree_clear(&wanted);
	return rc;
}

static int diff_there(struct scan *s, const char *path, const struct tree_entry *have,
		      const struct tree_entry *want, diff_fn fn, void *arg, struct mlops_error *err)
{
	struct differ d = { .scan = s, .fn = fn, .arg = arg, .err = err };
	int fd;

	if (beneath_parent(&s->beneath, path, false, &fd, err))
		return -1;
	strbuf_adds(&d.path, path);
	int rc = diff_entry(&d, have, fd, want, 0);
	strbuf_clear(&d.path);
	return rc;
}

int diff_path(struct scan *s, const char *path, const struct tree_entry *want, diff_fn fn,
	      void *arg, struct mlops_error *err)
{
	struct tree_entry have;

	/* Folders are listed when their turn comes: scanning them first would do it twice. */
	s->shallow = true;
	int rc = scan_path(s, path, &have, err);
	bool absent = rc && err->kind == MLOPS_ENOTFOUND;
	if (!rc)
		rc = diff_there(s, path, &have, want, fn, arg, err);
	s->shallow = false;
	if (!absent)
		return rc;
	mlops_error_clear(err);
	return diff_absent(s, path, want, fn, arg, err);
}

int diff_present(struct scan *s, const char *path, diff_fn fn, void *arg, struct mlops_error *err)
{
	struct tree_entry have;

	if (scan_path(s, path, &have, err))
		return -1;
	return diff_there(s, path, &have, NULL, fn, arg, err);
}

int diff_absent(struct scan *s, const char *path, const struct tree_entry *want, diff_fn fn,
		void *arg, struct mlops_error *err)
{
	struct differ d = { .scan = s, .fn = fn, .arg = arg, .err = err };

	strbuf_adds(&d.path, path);
	int rc = tell_want(&d, want, 0);
	strbuf_clear(&d.path);
	return rc;
}
