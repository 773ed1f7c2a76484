/* Objects on their way into the cache: files of their own, which get their names all at once. */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "crypto/md5.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

#define TMP_HEX 8 /* random bytes of a name */

/* Not where DVC looks for objects; only there while files are on their way. */
static char *tmp_dir(const struct dvc *d)
{
	return xasprintf("%s/mlops-tmp", d->cache);
}

/* Another process that shares the cache may have removed the folder, empty, just now. */
int dvc_tmp_open(struct dvc *d, char **path, struct mlops_error *err)
{
	autofree char *dir = tmp_dir(d);
	char random[RAND_HEX_SIZE(TMP_HEX)];
	int fd = -1;

	pthread_mutex_lock(&d->lock);
	if (!d->made_tmp)
		fs_sweep(dir, 1);
	d->made_tmp = true;
	pthread_mutex_unlock(&d->lock);
	*path = xasprintf("%s/%s", dir, rand_hex(random, TMP_HEX));
	for (int tries = 0; fd < 0 && tries < 3; tries++) {
		fd = open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		if (fd < 0 && (errno != ENOENT || fs_mkdirs(dir, err)))
			break;
	}
	return fd < 0 && !err->kind ? err_sys(err, "cannot write '%s'", *path) : fd;
}

void dvc_tmp_keep(struct dvc *d, char **tmp, const char *from, const struct oid *oid,
		  bool is_listing)
{
	autofree char *path = dvc_object_path(d, oid, is_listing);

	pthread_mutex_lock(&d->lock);
	bool drop = map_put(&d->taken, path, d) || (from && dvc_has_object(d, oid, is_listing));
	if (drop)
		unlink(*tmp);
	else
		vec_push(&d->pending,
			 { steal_ptr(tmp), steal_ptr(&path), from ? xstrdup(from) : NULL, *oid });
	pthread_mutex_unlock(&d->lock);
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

static bool wants_links(const struct dvc *d)
{
	return d->n_links && (d->links[0] == DVC_HARDLINK || d->links[0] == DVC_SYMLINK);
}

void dvc_pending_clear(struct dvc *d)
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
	automap made = { 0 };

	if (fs_sync_all(d->cache, err))
		return -1;
	for (size_t i = 0; i < d->pending.n; i++) {
		struct dvc_pending *p = &d->pending.v[i];

		autofree char *folder = path_dir(p->path);

		if (!map_put(&made, folder, d) && fs_mkdirs(folder, err))
			return -1;
		if (rename(p->tmp, p->path))
			return err_sys(err, "cannot write '%s'", p->path);
		free(steal_ptr(&p->tmp));
		if (wants_links(d) && p->from && relink(d, p, err))
			return -1;
	}
	return fs_sync_all(d->cache, err);
}

int mlops_dvc_commit(struct dvc *d, struct mlops_error *err)
{
	int rc = d->pending.n ? commit_pending(d, err) : 0;

	dvc_pending_clear(d);
	return rc ? -1 : index_write(d->index, err);
}

struct dvc_intake {
	struct dvc *dvc;
	char *tmp;
	int fd;
	struct oid oid;
	bool is_listing;
	struct md5 *md5; /* NULL: of a name as DVC 2 gave it, for which the whole is read again */
};

int dvc_intake_new(struct dvc *d, const struct oid *oid, bool is_listing, struct dvc_intake **out,
		   struct mlops_error *err)
{
	struct dvc_intake *in = xmalloc(sizeof(*in));

	*in = (struct dvc_intake){ .dvc = d, .oid = *oid, .is_listing = is_listing };
	in->fd = dvc_tmp_open(d, &in->tmp, err);
	if (in->fd < 0 || (!dvc_is_legacy(oid) && md5_new(&in->md5, err))) {
		dvc_intake_free(in);
		return -1;
	}
	*out = in;
	return 0;
}

int dvc_intake_add(struct dvc_intake *in, const void *buf, size_t n, struct mlops_error *err)
{
	if (in->md5)
		md5_update(in->md5, buf, n);
	return fs_write_all(in->fd, buf, n, in->tmp, err);
}

static int hash_intake(struct dvc_intake *in, struct oid *out, struct mlops_error *err)
{
	*out = (struct oid){ 0 };
	if (in->md5) {
		md5_final(steal_ptr(&in->md5), out->sha256);
		return 0;
	}
	autoclose int fd = open(in->tmp, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot read '%s'", in->tmp);
	return dvc_take_file(in->dvc, fd, in->tmp, DVC_HASH_LEGACY, out, err);
}

int dvc_intake_end(struct dvc_intake *in, struct mlops_error *err)
{
	struct oid got;

	if (hash_intake(in, &got, err))
		return -1;
	if (!mlops_oid_equal(&got, &in->oid))
		return err_set(err, MLOPS_ECORRUPT, "the bytes are not those of their MD5");
	dvc_tmp_keep(in->dvc, &in->tmp, NULL, &in->oid, in->is_listing);
	return 0;
}

void dvc_intake_free(struct dvc_intake *in)
{
	if (!in)
		return;
	if (in->tmp && in->fd >= 0)
		unlink(in->tmp);
	if (in->fd >= 0)
		close(in->fd);
	md5_free(in->md5);
	free(in->tmp);
	free(in);
}
