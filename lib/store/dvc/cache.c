/* DVC's cache: whole files under <cache>/files/md5/ab/cdef..., read-only. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/hex.h"
#include "base/path.h"
#include "base/rand.h"
#include "crypto/md5.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

#define PIECE	((size_t)256 << 10)
#define TMP_HEX 8 /* random bytes of a name */

char *dvc_hex(const struct oid *oid, char *buf)
{
	return hex_encode(buf, oid->sha256, MD5_SIZE);
}

bool dvc_parse_hex(const char *hex, size_t n, struct oid *out)
{
	char text[MD5_HEX_SIZE];

	*out = (struct oid){ 0 };
	if (n != sizeof(text) - 1)
		return false;
	memcpy(text, hex, n);
	text[n] = '\0';
	return hex_decode(out->sha256, MD5_SIZE, text);
}

char *dvc_object_path(const struct dvc *d, const struct oid *oid, bool is_listing)
{
	char hex[MD5_HEX_SIZE];

	dvc_hex(oid, hex);
	return xasprintf("%s/files/md5/%.2s/%s%s", d->cache, hex, hex + 2, is_listing ? ".dir" : "");
}

/* An empty file of another name than that of nothing is what a crash has left. */
bool dvc_has_object(const struct dvc *d, const struct oid *oid, bool is_listing)
{
	autofree char *path = dvc_object_path(d, oid, is_listing);
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* Hashes what is left to read, and with `to` not -1 writes it there. */
static int pump(int from, int to, const char *shown, struct oid *out, struct mlops_error *err)
{
	autofree char *piece = xmalloc(PIECE);
	struct md5 *md5;
	size_t n;

	*out = (struct oid){ 0 };
	if (md5_new(&md5, err))
		return -1;
	do {
		if (fs_read_some(from, piece, PIECE, shown, &n, err) ||
		    (to >= 0 && fs_write_all(to, piece, n, shown, err))) {
			md5_free(md5);
			return -1;
		}
		md5_update(md5, piece, n);
	} while (n);
	md5_final(md5, out->sha256);
	return 0;
}

/* Not where DVC looks for objects; only there while files are on their way. */
static char *tmp_dir(const struct dvc *d)
{
	return xasprintf("%s/mlops-tmp", d->cache);
}

/* Another process that shares the cache may have removed the folder, empty, just now. */
static int open_tmp(struct dvc *d, char **path, struct mlops_error *err)
{
	autofree char *dir = tmp_dir(d);
	char random[RAND_HEX_SIZE(TMP_HEX)];
	int fd = -1;

	if (!d->made_tmp)
		fs_sweep(dir, 1);
	d->made_tmp = true;
	*path = xasprintf("%s/%s", dir, rand_hex(random, TMP_HEX));
	for (int tries = 0; fd < 0 && tries < 3; tries++) {
		fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && (errno != ENOENT || fs_mkdirs(dir, err)))
			break;
	}
	return fd < 0 && !err->kind ? err_sys(err, "cannot write '%s'", *path) : fd;
}

/* Takes *tmp, which becomes the object at the next commit; drops one that is there or underway. */
static int keep(struct dvc *d, char **tmp, const char *from, const struct oid *oid, bool is_listing,
		struct mlops_error *err)
{
	autofree char *path = dvc_object_path(d, oid, is_listing);

	if (chmod(*tmp, 0444))
		return err_sys(err, "cannot protect '%s'", *tmp);
	if (map_put(&d->taken, path, d) || dvc_has_object(d, oid, is_listing)) {
		unlink(*tmp);
		return 0;
	}
	vec_push(&d->pending,
		 { steal_ptr(tmp), steal_ptr(&path), from ? xstrdup(from) : NULL, *oid });
	return 0;
}

static int take_and_save(struct dvc *d, int fd, const char *path, struct oid *out,
			 struct mlops_error *err)
{
	autofree char *tmp = NULL;
	autoclose int to = open_tmp(d, &tmp, err);

	if (to < 0)
		return -1;
	bool shared = !ioctl(to, FICLONE, fd);
	int rc = pump(fd, shared ? -1 : to, path, out, err) || keep(d, &tmp, path, out, false, err);
	if (rc && tmp)
		unlink(tmp);
	return rc ? -1 : 0;
}

int dvc_take_file(struct dvc *d, int fd, const char *path, bool save, struct oid *out,
		  struct mlops_error *err)
{
	return save ? take_and_save(d, fd, path, out, err) : pump(fd, -1, path, out, err);
}

int dvc_take_listing(struct dvc *d, const struct strbuf *text, bool save, struct oid *out,
		     struct mlops_error *err)
{
	autofree char *tmp = NULL;

	*out = (struct oid){ 0 };
	if (md5_buf(text->buf, text->len, out->sha256, err))
		return -1;
	if (!save || dvc_has_object(d, out, true))
		return 0;
	autoclose int to = open_tmp(d, &tmp, err);
	if (to < 0)
		return -1;
	int rc = fs_write_all(to, text->buf, text->len, tmp, err) ||
		 keep(d, &tmp, NULL, out, true, err);
	if (rc && tmp)
		unlink(tmp);
	return rc ? -1 : 0;
}

/* A new file of that name with the object's bytes, which are checked where they are copied. */
static int copy_object(const char *object, const struct oid *oid, bool share, int dir_fd,
		       const char *tmp, bool executable, struct mlops_error *err)
{
	autoclose int from = open(object, O_RDONLY | O_CLOEXEC);
	autoclose int to = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				  executable ? 0777 : 0666);
	struct oid got;

	if (from < 0 || to < 0)
		return err_sys(err, "cannot copy '%s'", object);
	if (share && !ioctl(to, FICLONE, from))
		return 0;
	if (pump(from, to, object, &got, err))
		return -1;
	if (!mlops_oid_equal(&got, oid))
		return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged: it holds something else", object);
	return 0;
}

/* False: this kind of link cannot be made here. */
static bool link_object(enum dvc_link kind, const char *object, int dir_fd, const char *tmp)
{
	struct stat st;

	if (kind == DVC_SYMLINK)
		return !symlinkat(object, dir_fd, tmp);
	/* as DVC has it: the links to one empty file would be too many */
	return kind == DVC_HARDLINK && !stat(object, &st) && st.st_size &&
	       !linkat(AT_FDCWD, object, dir_fd, tmp, 0);
}

static int make(struct dvc *d, const struct oid *oid, int dir_fd, const char *tmp, bool executable,
		struct mlops_error *err)
{
	autofree char *object = dvc_object_path(d, oid, false);
	bool share = false;

	for (size_t i = 0; i < d->n_links && d->links[i] != DVC_COPY; i++) {
		share |= d->links[i] == DVC_REFLINK;
		if (link_object(d->links[i], object, dir_fd, tmp))
			return 0;
	}
	return copy_object(object, oid, share, dir_fd, tmp, executable, err);
}

int dvc_place(struct dvc *d, const struct oid *oid, int dir_fd, const char *name, bool executable,
	      const char *shown, struct mlops_error *err)
{
	char random[RAND_HEX_SIZE(TMP_HEX)];
	autofree char *tmp = xasprintf(".mlops-%s.tmp", rand_hex(random, TMP_HEX));

	int rc = make(d, oid, dir_fd, tmp, executable, err);
	if (!rc && renameat(dir_fd, tmp, dir_fd, name))
		rc = err_sys(err, "cannot write '%s'", shown);
	if (rc)
		unlinkat(dir_fd, tmp, 0);
	return rc;
}

/* Puts a link to the object in the place of what it was taken from. */
static int relink(struct dvc *d, const struct dvc_pending *p, struct mlops_error *err)
{
	autofree char *path = project_abspath(d->project, p->from);
	autofree char *dir = path_dir(path);
	autoclose int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir_fd < 0 || stat(path, &st))
		return err_sys(err, "cannot link '%s'", p->from);
	if (dvc_place(d, &p->oid, dir_fd, path_base(path), st.st_mode & 0111, p->from, err))
		return -1;
	if (stat(path, &st))
		return err_sys(err, "cannot link '%s'", p->from);
	index_settle(d->index, index_time_ns(&st.st_ctim));
	index_put(d->index, p->from, &st, &p->oid);
	return 0;
}

static int sync_cache(const struct dvc *d, struct mlops_error *err)
{
	autoclose int fd = open(d->cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || FAULT("dvc.sync") || syncfs(fd))
		return err_sys(err, "cannot make '%s' durable", d->cache);
	return 0;
}

static bool wants_links(const struct dvc *d)
{
	return d->n_links && (d->links[0] == DVC_HARDLINK || d->links[0] == DVC_SYMLINK);
}

static void pending_clear(struct dvc *d)
{
	for (size_t i = 0; i < d->pending.n; i++) {
		struct dvc_pending *p = &d->pending.v[i];

		if (p->tmp)
			unlink(p->tmp);
		free(p->tmp);
		free(p->path);
		free(p->from);
	}
	if (d->made_tmp) {
		autofree char *dir = tmp_dir(d);

		rmdir(dir); /* when it is empty */
	}
	vec_free(&d->pending);
	map_clear(&d->taken);
}

/* No object has its name before its bytes are on the disk; files of a folder go before its listing. */
static int commit_pending(struct dvc *d, struct mlops_error *err)
{
	if (sync_cache(d, err))
		return -1;
	for (size_t i = 0; i < d->pending.n; i++) {
		struct dvc_pending *p = &d->pending.v[i];

		if (fs_mkdirs_for(p->path, err))
			return -1;
		if (rename(p->tmp, p->path))
			return err_sys(err, "cannot write '%s'", p->path);
		free(steal_ptr(&p->tmp));
		if (wants_links(d) && p->from && relink(d, p, err))
			return -1;
	}
	return sync_cache(d, err);
}

int mlops_dvc_commit(struct dvc *d, struct mlops_error *err)
{
	int rc = d->pending.n ? commit_pending(d, err) : 0;

	pending_clear(d);
	return rc ? -1 : index_write(d->index, err);
}

const char *mlops_dvc_cache(const struct dvc *d)
{
	return d->cache;
}

bool mlops_dvc_is_here(const struct project *project)
{
	autofree char *path = project_abspath(project, DVC_DIR);

	return fs_is_dir(path);
}

int mlops_dvc_open(struct project *project, struct dvc **out, struct mlops_error *err)
{
	struct dvc *d = xcalloc(1, sizeof(*d));

	d->project = project;
	if (dvc_config_read(d, err)) {
		mlops_dvc_close(d);
		return -1;
	}
	d->index = index_open(project, "dvc-index");
	*out = d;
	return 0;
}

void mlops_dvc_close(struct dvc *d)
{
	if (!d)
		return;
	pending_clear(d);
	index_free(d->index);
	ignores_clear(&d->ignores);
	map_clear(&d->asked);
	map_clear(&d->looked);
	arena_clear(&d->arena);
	for (size_t i = 0; i < d->outs.n; i++) {
		free(d->outs.v[i].path);
		free(d->outs.v[i].file);
	}
	vec_free(&d->outs);
	free(d->cache);
	free(d);
}
