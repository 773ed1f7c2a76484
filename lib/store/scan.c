/* Going through folders of the work tree, and reading what the index does not know. */
#include "store/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "project/project.h"
#include "store/fold.h"
#include "store/store.h"

int scan_init(struct scan *s, struct project *project, enum scan_mode mode, struct mlops_error *err)
{
	*s = (struct scan){ .mode = mode, .beneath = BENEATH_INIT };
	if (mlops_store_of(project, &s->store, err))
		return -1;
	s->index = index_of(project);
	return beneath_open(&s->beneath, mlops_project_root(project), err);
}

void scan_clear(struct scan *s)
{
	beneath_close(&s->beneath);
	map_clear(&s->folders);
	map_clear(&s->asked);
	ignores_clear(&s->ignores);
	arena_clear(&s->arena);
}

const char *scan_kind_name(enum tree_kind kind)
{
	switch (kind) {
	case TREE_FILE:
	case TREE_EXECUTABLE:
		return "a file";
	case TREE_FOLDER:
		return "a folder";
	case TREE_SYMLINK:
		return "a symlink";
	case TREE_OTHER:
		break;
	}
	return "a socket, pipe or device";
}

static enum tree_kind kind_of(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return st->st_mode & 0111 ? TREE_EXECUTABLE : TREE_FILE;
	case S_IFDIR:
		return TREE_FOLDER;
	case S_IFLNK:
		return TREE_SYMLINK;
	default:
		return TREE_OTHER;
	}
}

static int stat_at(int dir_fd, const char *name, const char *shown, struct stat *st,
		   struct mlops_error *err)
{
	if (!fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW))
		return 0;
	bool absent = errno == ENOENT || errno == ENOTDIR;
	err_sys(err, "cannot look at '%s'", shown);
	if (absent)
		err->kind = MLOPS_ENOTFOUND;
	return -1;
}

static int read_file(struct scan *s, int dir_fd, const char *name, const char *path, bool save,
		     struct tree_entry *e, struct stat *st, struct mlops_error *err)
{
	autoclose int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st))
		return err_sys(err, "cannot open '%s'", path);
	index_settle(s->index, index_time_ns(&st->st_ctim));
	if (store_take(s->store, fd, path, save, st, &e->oid, err))
		return -1;
	index_settle(s->index, index_time_ns(&st->st_ctim)); /* it may have become the object */
	e->kind = kind_of(st);
	e->size = (uint64_t)st->st_size;
	return 0;
}

static int read_symlink(struct scan *s, int dir_fd, const char *name, const char *path, bool save,
			struct tree_entry *e, struct stat *st, struct mlops_error *err)
{
	char target[PATH_MAX];

	if (stat_at(dir_fd, name, path, st, err))
		return -1;
	index_settle(s->index, index_time_ns(&st->st_ctim));
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));

	if (n < 0 || n == sizeof(target))
		return err_sys(err, "cannot read the symlink '%s'", path);
	e->size = (uint64_t)n;
	return store_take_buf(s->store, target, (size_t)n, save, &e->oid, err);
}

int scan_read(struct scan *s, int dir_fd, const char *path, bool save, struct tree_entry *e,
	      struct mlops_error *err)
{
	const char *name = path_base(path);
	struct stat st;

	if (e->kind == TREE_OTHER)
		return err_set(err, MLOPS_EINVALID, "'%s' is %s, which cannot be tracked", path,
			       scan_kind_name(e->kind));
	if (e->kind == TREE_SYMLINK ? read_symlink(s, dir_fd, name, path, save, e, &st, err) :
				      read_file(s, dir_fd, name, path, save, e, &st, err))
		return -1;
	e->unknown = false;
	s->files_read++;
	index_put(s->index, path, &st, &e->oid);
	return 0;
}

/* A file or symlink, as far as the index knows it. */
static void scan_leaf(struct scan *s, const char *path, const struct stat *st, struct tree_entry *e)
{
	e->size = (uint64_t)st->st_size;
	e->unknown = e->kind == TREE_OTHER || !index_match(s->index, path, st, &e->oid) ||
		     (s->mode == SCAN_SAVE && !store_renew(s->store, &e->oid, false));
}

/* Where others check it out, one of the two files would take the other's place. */
static void warn_of_case(const char *path, const struct tree *tree)
{
	const char *a, *b;

	if (fold_collision(tree, &a, &b))
		log_warn(
			"'%s/%s' and '%s' differ by case alone: not every file system can hold both",
			path, a, b);
}

/* The folder's own object out of its listing, in which all is known. */
static int name_folder(struct scan *s, const char *path, const struct tree *tree,
		       struct tree_entry *e, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (!tree_totals(tree, &e->size, &e->files))
		return err_set(err, MLOPS_EINVALID, "'%s' holds too much", path);
	tree_format(tree, &text);
	struct fingerprint print = index_fingerprint(&text);
	bool save = s->mode == SCAN_SAVE || s->mode == SCAN_TREES;
	if (index_match_tree(s->index, path, &print, &e->oid) &&
	    (!save || store_renew(s->store, &e->oid, false)))
		return 0;
	if (s->mode == SCAN_STAT) {
		e->unknown = true;
		return 0;
	}
	if (store_take_buf(s->store, text.buf, text.len, save, &e->oid, err))
		return -1;
	index_put_tree(s->index, path, &print, &e->oid);
	if (save)
		warn_of_case(path, tree);
	return 0;
}

static bool any_unknown(const struct tree *tree)
{
	for (size_t i = 0; i < tree->entries.n; i++)
		if (tree->entries.v[i].unknown)
			return true;
	return false;
}

static int scan_folder(struct scan *s, int parent, struct strbuf *path, int depth,
		       struct tree_entry *e, struct mlops_error *err)
{
	struct tree_entry *known = map_get(&s->folders, path->buf);
	struct tree tree;

	if (known) {
		const char *name = e->name;

		*e = *known;
		e->name = name;
		return 0;
	}
	if (s->shallow && s->mode == SCAN_STAT) {
		e->kind = TREE_FOLDER;
		e->unknown = true;
		return 0;
	}
	autoclose int fd = beneath_step(parent, path_base(path->buf), path->buf, err);
	if (fd < 0 || scan_list(s, fd, path, depth, &tree, err))
		return -1;
	e->kind = TREE_FOLDER;
	e->unknown = any_unknown(&tree);
	int rc = e->unknown ? 0 : name_folder(s, path->buf, &tree, e, err);
	tree_clear(&tree);
	if (rc)
		return -1;
	known = arena_alloc(&s->arena, sizeof(*known));
	*known = *e;
	known->name = NULL; /* the caller's, and soon gone */
	map_put(&s->folders, path->buf, known);
	return 0;
}

struct found {
	const char *name;
	uint64_t ino;
	unsigned char type; /* d_type */
};
typedef VEC(struct found) found_vec;

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

struct lister {
	struct arena *names;
	found_vec *found;
};

static int add_name(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	struct lister *l = arg;

	(void)err;
	vec_push(l->found, { arena_strdup(l->names, e->name), e->ino, e->type });
	return 0;
}

/* What is about to be read anyway is not looked at before. */
static bool is_read_unseen(struct scan *s, const char *path, unsigned char type,
			   struct tree_entry *e)
{
	if (s->mode == SCAN_STAT || (type != DT_REG && type != DT_LNK) ||
	    index_knows(s->index, path))
		return false;
	e->kind = type == DT_REG ? TREE_FILE : TREE_SYMLINK;
	e->unknown = true;
	return true;
}

/* Takes what the rules leave out from the list. */
static int leave_out(struct scan *s, int fd, struct strbuf *path, found_vec *found,
		     struct mlops_error *err)
{
	const struct found rules = { .name = IGNORES_NAME };
	size_t kept = 0;

	if (found->n && bsearch(&rules, found->v, found->n, sizeof(rules), by_name) &&
	    scan_rules_in(s, fd, path->buf, err))
		return -1;
	if (!s->ignores.folders.n)
		return 0;
	for (size_t i = 0; i < found->n; i++) {
		size_t len = path_push(path, found->v[i].name);

		if (!scan_ignores(s, path->buf, found->v[i].type == DT_DIR))
			found->v[kept++] = found->v[i];
		strbuf_trunc(path, len);
	}
	found->n = kept;
	return 0;
}

static int scan_child(struct scan *s, int fd, struct strbuf *path, int depth, unsigned char type,
		      struct tree_entry *e, struct mlops_error *err)
{
	struct stat st;

	if (type == DT_DIR)
		return scan_folder(s, fd, path, depth + 1, e, err);
	e->files = 1;
	if (is_read_unseen(s, path->buf, type, e))
		return 0;
	if (stat_at(fd, e->name, path->buf, &st, err))
		return -1;
	e->kind = kind_of(&st);
	if (e->kind == TREE_FOLDER)
		return scan_folder(s, fd, path, depth + 1, e, err);
	scan_leaf(s, path->buf, &st, e);
	return 0;
}

int scan_hidden(struct scan *s, int fd, struct strbuf *path, int depth, struct tree_entry *e,
		bool *there, struct mlops_error *err)
{
	*there = false;
	if (!s->ignores.folders.n)
		return 0;
	if (!scan_child(s, fd, path, depth, DT_UNKNOWN, e, err))
		*there = true;
	else if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	else
		mlops_error_clear(err);
	return 0;
}

static int check_child(const struct strbuf *path, const char *name, struct mlops_error *err)
{
	if (!tree_name_is_safe(name, strlen(name)))
		return err_set(err, MLOPS_EINVALID,
			       "'%s' cannot be tracked: git keeps that name for itself", path->buf);
	if (path->len >= PATH_MAX)
		return err_set(err, MLOPS_EINVALID, "'%.100s...' is too long a path", path->buf);
	return 0;
}

static int scan_names(struct scan *s, int fd, struct strbuf *path, int depth,
		      const found_vec *found, struct tree *out, struct mlops_error *err)
{
	vec_reserve(&out->entries, found->n);
	for (size_t i = 0; i < found->n; i++) {
		struct tree_entry e = { .name = found->v[i].name };
		size_t len = path_push(path, e.name);
		int rc = check_child(path, e.name, err);

		if (!rc)
			rc = scan_child(s, fd, path, depth, found->v[i].type, &e, err);
		strbuf_trunc(path, len);
		if (rc)
			return -1;
		vec_push(&out->entries, e);
	}
	return 0;
}

struct unread {
	uint64_t ino;
	size_t at; /* in the tree */
};

static int by_ino(const void *a, const void *b)
{
	const struct unread *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* In order of inode, which mostly is that of the blocks on the disk. */
static int read_unknown(struct scan *s, int fd, struct strbuf *path, const found_vec *found,
			struct tree *tree, struct mlops_error *err)
{
	VEC(struct unread) order = { 0 };
	int rc = 0;

	for (size_t i = 0; i < found->n; i++)
		if (tree->entries.v[i].unknown && tree->entries.v[i].kind != TREE_FOLDER)
			vec_push(&order, { found->v[i].ino, i });
	vec_sort(&order, by_ino);
	for (size_t i = 0; !rc && i < order.n; i++) {
		struct tree_entry *e = &tree->entries.v[order.v[i].at];
		size_t len = path_push(path, e->name);

		rc = scan_read(s, fd, path->buf, s->mode == SCAN_SAVE, e, err);
		strbuf_trunc(path, len);
	}
	vec_free(&order);
	return rc;
}

int scan_list(struct scan *s, int fd, struct strbuf *path, int depth, struct tree *out,
	      struct mlops_error *err)
{
	struct tree tree = { 0 };
	found_vec found = { 0 };

	if (depth > TREE_DEPTH_MAX)
		return err_set(err, MLOPS_EINVALID, "'%.100s...' is nested deeper than %d folders",
			       path->buf, TREE_DEPTH_MAX);
	struct lister lister = { &tree.names, &found };
	int rc = fs_each_entry(fd, path->buf, add_name, &lister, err);
	vec_sort(&found, by_name);
	if (!rc)
		rc = leave_out(s, fd, path, &found, err);
	if (!rc)
		rc = scan_names(s, fd, path, depth, &found, &tree, err);
	if (!rc && s->mode != SCAN_STAT)
		rc = read_unknown(s, fd, path, &found, &tree, err);
	vec_free(&found);
	if (rc)
		tree_clear(&tree);
	else
		*out = tree;
	return rc;
}

int scan_path(struct scan *s, const char *path, struct tree_entry *out, struct mlops_error *err)
{
	struct tree_entry e = { .name = path_base(path), .files = 1 };
	autobuf at = { 0 };
	struct stat st;
	int fd, rc = 0;

	if (beneath_parent(&s->beneath, path, false, &fd, err) ||
	    stat_at(fd, e.name, path, &st, err))
		return -1;
	e.kind = kind_of(&st);
	strbuf_adds(&at, path);
	if (e.kind == TREE_FOLDER) {
		index_scanned(s->index, path);
		if (scan_rules_above(s, path, err) ||
		    beneath_parent(&s->beneath, path, false, &fd, err))
			return -1;
		rc = scan_folder(s, fd, &at, 0, &e, err);
	} else {
		scan_leaf(s, path, &st, &e);
		if (e.unknown && s->mode != SCAN_STAT)
			rc = scan_read(s, fd, path, s->mode == SCAN_SAVE, &e, err);
	}
	if (!rc)
		*out = e;
	return rc;
}

int scan_ref(struct scan *s, const char *path, struct object_ref *out, struct mlops_error *err)
{
	struct tree_entry e;

	if (scan_path(s, path, &e, err))
		return -1;
	if (e.kind == TREE_SYMLINK) {
		err_set(err, MLOPS_EINVALID, "'%s' is a symlink, not a file or folder", path);
		return err_hint(err, "name what it leads to instead");
	}
	*out = (struct object_ref){
		.kind = e.kind == TREE_FOLDER ? OBJECT_TREE : OBJECT_FILE,
		.executable = e.kind == TREE_EXECUTABLE,
		.oid = e.oid,
		.size = e.size,
		.files = e.files,
	};
	return 0;
}
