/* Looking at files and folders as DVC does: symlinks are followed, .dvcignore leaves out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "crypto/md5.h"
#include "fmt/json.h"
#include "fmt/pyjson.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

#define DEPTH_MAX   256
#define IGNORE_NAME ".dvcignore"

int dvc_listing_compare(const struct dvc_listing *have, const struct dvc_listing *want,
			int (*fn)(const struct dvc_file *have, const struct dvc_file *want,
				  void *arg, struct mlops_error *err),
			void *arg, struct mlops_error *err)
{
	size_t i = 0, k = 0;
	int rc = 0;

	while (!rc && (i < have->files.n || k < want->files.n)) {
		const struct dvc_file *a = i < have->files.n ? &have->files.v[i] : NULL;
		const struct dvc_file *b = k < want->files.n ? &want->files.v[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);

		rc = fn(order <= 0 ? a : NULL, order >= 0 ? b : NULL, arg, err);
		i += order <= 0;
		k += order >= 0;
	}
	return rc;
}

void dvc_listing_clear(struct dvc_listing *l)
{
	for (size_t i = 0; i < l->files.n; i++)
		free(l->files.v[i].path);
	vec_free(&l->files);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct dvc_file *)a)->path, ((const struct dvc_file *)b)->path);
}

void dvc_listing_format(const struct dvc_listing *l, struct strbuf *out)
{
	char hex[33];

	strbuf_addc(out, '[');
	for (size_t i = 0; i < l->files.n; i++) {
		const struct dvc_file *f = &l->files.v[i];

		strbuf_adds(out, i ? ", {\"md5\": \"" : "{\"md5\": \"");
		strbuf_adds(out, dvc_hex(&f->oid, hex));
		strbuf_adds(out, "\", \"relpath\": ");
		pyjson_text(f->path, strlen(f->path), out);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
}

static int add_file(struct dvc_listing *l, const struct json *item, const char *shown,
		    struct mlops_error *err)
{
	const char *path = js_get_text(item, "relpath"), *md5 = js_get_text(item, "md5");
	struct dvc_file file;

	if (!path || !md5 || !path_is_safe(path) || !dvc_parse_hex(md5, strlen(md5), &file.oid))
		return err_set(err, MLOPS_ECORRUPT, "'%s' is no listing of a folder", shown);
	file.path = xstrdup(path);
	vec_push(&l->files, file);
	return 0;
}

int dvc_listing_read(struct dvc *d, const struct oid *oid, struct dvc_listing *out,
		     struct mlops_error *err)
{
	autofree char *path = dvc_object_path(d, oid, true);
	autobuf text = { 0 };
	autojson *list = NULL;
	struct oid got;

	if (fs_read(path, DVC_LISTING_MAX, &text, err) ||
	    dvc_take_listing(d, &text, false, &got, err))
		return -1;
	/* a listing, in which no line ends, has one hash for both */
	if (memcmp(got.sha256, oid->sha256, MD5_SIZE) != 0)
		return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged: it holds something else",
			       path);
	if (js_parse(text.buf, text.len, path, &list, err))
		return -1;
	for (size_t i = 0; i < js_len(list); i++) {
		if (add_file(out, js_at(list, i), path, err))
			return -1;
		memcpy(out->files.v[i].oid.sha256 + MD5_SIZE, oid->sha256 + MD5_SIZE,
		       sizeof(oid->sha256) - MD5_SIZE);
	}
	vec_sort(&out->files, by_path);
	return 0;
}

int dvc_rules_in(struct dvc *d, const char *folder, struct mlops_error *err)
{
	autofree char *name = path_join(folder, IGNORE_NAME);
	autofree char *path = project_abspath(d->project, name);
	autobuf text = { 0 };

	if (map_put(&d->asked, folder, d) || !fs_exists(path))
		return 0;
	if (fs_read(path, IGNORES_MAX, &text, err))
		return -1;
	ignores_add(&d->ignores, folder, (struct str){ text.buf, text.len });
	return 0;
}

static int read_rules_above(struct dvc *d, const char *path, struct mlops_error *err)
{
	if (dvc_rules_in(d, "", err))
		return -1;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		autofree char *folder = xstrndup(path, (size_t)(slash - path));

		if (dvc_rules_in(d, folder, err))
			return -1;
	}
	return 0;
}

static bool is_left_out(const struct dvc *d, const char *path, const char *name, bool is_folder)
{
	static const char *const own[] = { ".git", ".dvc", ".hg" };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (!strcmp(name, own[i]) && (is_folder || !i))
			return true;
	return ignores_match(&d->ignores, path, is_folder);
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ino == b->st_ino &&
	       index_time_ns(&a->st_mtim) == index_time_ns(&b->st_mtim) &&
	       index_time_ns(&a->st_ctim) == index_time_ns(&b->st_ctim);
}

/* `name` is in the open folder; `path` is relative to the root. */
static int read_file(struct dvc *d, int dir_fd, const char *name, const char *path,
		     enum dvc_how how, struct oid *out, struct mlops_error *err)
{
	autoclose int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat before, after;

	if (fd < 0 || fstat(fd, &before))
		return err_sys(err, "cannot read '%s'", path);
	index_settle(d->index, index_time_ns(&before.st_ctim));
	if (dvc_take_file(d, fd, path, how, out, err))
		return -1;
	if (fstat(fd, &after) || !same_stat(&before, &after))
		return err_set(err, MLOPS_EINVALID, "'%s' changed while it was read", path);
	index_put(d->index, path, &before, out);
	return 0;
}

static int look_at_file(struct dvc *d, int dir_fd, const char *name, const char *path,
			const struct stat *st, enum dvc_how how, struct oid *out,
			struct mlops_error *err)
{
	if (index_match(d->index, path, st, out) &&
	    dvc_is_legacy(out) == (how == DVC_HASH_LEGACY) &&
	    (how != DVC_SAVE || dvc_has_object(d, out, false)))
		return 0;
	return read_file(d, dir_fd, name, path, how, out, err);
}

/* A walk through a folder; the path grows and shrinks. */
struct walk {
	struct dvc *d;
	struct strbuf path;
	size_t root; /* where in `path` begins what is relative to the folder */
	enum dvc_how how;
	int depth;
	struct dvc_listing *out;
};

static int walk_folder(struct walk *w, int fd, struct mlops_error *err);

static int enter(struct walk *w, int dir_fd, const char *name, struct mlops_error *err)
{
	autoclose int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(err, "cannot read '%s'", w->path.buf) : walk_folder(w, fd, err);
}

static int walk_entry(struct walk *w, int dir_fd, const char *name, struct mlops_error *err)
{
	size_t before = path_push(&w->path, name);
	struct dvc_file file;
	struct stat st;
	int rc = 0;

	/* what leads nowhere is nothing to DVC either */
	if (!fstatat(dir_fd, name, &st, 0) &&
	    !is_left_out(w->d, w->path.buf, name, S_ISDIR(st.st_mode))) {
		if (S_ISDIR(st.st_mode))
			rc = enter(w, dir_fd, name, err);
		else if (!S_ISREG(st.st_mode))
			rc = err_set(err, MLOPS_EINVALID, "'%s' is no file", w->path.buf);
		else
			rc = look_at_file(w->d, dir_fd, name, w->path.buf, &st, w->how, &file.oid,
					  err);
		if (!rc && S_ISREG(st.st_mode)) {
			file.path = xstrdup(w->path.buf + w->root);
			vec_push(&w->out->files, file);
			w->out->size += (uint64_t)st.st_size;
		}
	}
	strbuf_trunc(&w->path, before);
	return rc;
}

static int add_name(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	(void)err;
	strlist_add(arg, e->name);
	return 0;
}

/* In order of name, as the index has them. */
static int walk_folder(struct walk *w, int fd, struct mlops_error *err)
{
	autostrlist names = { 0 };
	int rc = 0;

	if (w->depth == DEPTH_MAX)
		return err_set(err, MLOPS_EINVALID, "'%s' is too deep", w->path.buf);
	if (dvc_rules_in(w->d, w->path.buf, err) ||
	    fs_each_entry(fd, w->path.buf, add_name, &names, err))
		return -1;
	strlist_sort(&names);
	w->depth++;
	for (size_t i = 0; i < names.n && !rc; i++)
		rc = walk_entry(w, fd, names.v[i], err);
	w->depth--;
	return rc;
}

int dvc_listing_of(struct dvc *d, const char *path, enum dvc_how how, struct dvc_listing *out,
		   struct mlops_error *err)
{
	autofree char *absolute = project_abspath(d->project, path);
	autoclose int fd = open(absolute, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk w = { .d = d, .root = strlen(path) + 1, .how = how, .out = out };

	if (fd < 0)
		return err_sys(err, "cannot read '%s'", path);
	strbuf_adds(&w.path, path);
	int rc = read_rules_above(d, path, err) || walk_folder(&w, fd, err);
	strbuf_clear(&w.path);
	vec_sort(&out->files, by_path);
	index_scanned(d->index, path);
	return rc ? -1 : 0;
}

/* The index knows the hash of a listing by a cheaper one of its text. */
static int hash_listing(struct dvc *d, const char *path, const struct strbuf *text,
			enum dvc_how how, struct oid *out, struct mlops_error *err)
{
	struct fingerprint print = index_fingerprint(text);
	bool legacy = how == DVC_HASH_LEGACY;

	if (how != DVC_SAVE && index_match_tree(d->index, path, &print, out) &&
	    dvc_is_legacy(out) == legacy)
		return 0;
	if (dvc_take_listing(d, text, how == DVC_SAVE, out, err))
		return -1;
	out->sha256[MD5_SIZE] = legacy;
	index_put_tree(d->index, path, &print, out);
	return 0;
}

static int look_at_folder(struct dvc *d, const char *path, enum dvc_how how, struct object_ref *out,
			  struct mlops_error *err)
{
	autolisting listing = { 0 };
	autobuf text = { 0 };

	if (dvc_listing_of(d, path, how, &listing, err))
		return -1;
	dvc_listing_format(&listing, &text);
	*out = (struct object_ref){ .kind = OBJECT_TREE,
				    .size = listing.size,
				    .files = listing.files.n };
	return hash_listing(d, path, &text, how, &out->oid, err);
}

static int look(struct dvc *d, const char *path, enum dvc_how how, struct object_ref *out,
		struct mlops_error *err)
{
	autofree char *absolute = project_abspath(d->project, path);
	struct stat st;

	if (stat(absolute, &st))
		return errno == ENOENT || errno == ENOTDIR ?
			       err_set(err, MLOPS_ENOTFOUND, "there is no '%s'", path) :
			       err_sys(err, "cannot look at '%s'", path);
	if (S_ISDIR(st.st_mode))
		return look_at_folder(d, path, how, out, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, MLOPS_EINVALID, "'%s' is no file", path);
	*out = (struct object_ref){ .kind = OBJECT_FILE,
				    .executable = st.st_mode & 0111,
				    .size = (uint64_t)st.st_size,
				    .files = 1 };
	return look_at_file(d, AT_FDCWD, absolute, path, &st, how, &out->oid, err);
}

static int look_once(struct dvc *d, const char *path, enum dvc_how how, struct object_ref *out,
		     struct mlops_error *err)
{
	const struct object_ref *known = how == DVC_SAVE ? NULL : map_get(&d->looked, path);
	struct object_ref *kept;

	if (known && dvc_is_legacy(&known->oid) == (how == DVC_HASH_LEGACY)) {
		*out = *known;
		return 0;
	}
	if (look(d, path, how, out, err))
		return -1;
	kept = arena_alloc(&d->arena, sizeof(*kept));
	*kept = *out;
	map_put(&d->looked, path, kept);
	return 0;
}

int mlops_dvc_look(struct dvc *d, const char *path, bool save, struct object_ref *out,
		   struct mlops_error *err)
{
	return look_once(d, path, save ? DVC_SAVE : DVC_HASH, out, err);
}

int mlops_dvc_look_like(struct dvc *d, const char *path, const struct object_ref *like,
			struct object_ref *out, struct mlops_error *err)
{
	return look_once(d, path, dvc_is_legacy(&like->oid) ? DVC_HASH_LEGACY : DVC_HASH, out, err);
}
