/* Moving many objects: to and from a server, several at a time, or a repository of this machine. */
#include <fcntl.h>
#include <stdatomic.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/pool.h"
#include "base/rand.h"
#include "lfs/lfs.h"
#include "remote/lfs/lfs.h"

#define REPORT_MS 100

void lfs_wants_add(struct lfs_wants *w, const struct lfs_found *f)
{
	const struct oid *oid = &f->pointer.oid;
	struct lfs_want *want;

	if (map_getn(&w->by_oid, oid->sha256, sizeof(*oid)))
		return;
	want = xcalloc(1, sizeof(*want));
	want->pointer = f->pointer;
	want->path = xstrdup(f->path);
	map_putn(&w->by_oid, oid->sha256, sizeof(*oid), want);
}

void lfs_wants_clear(struct lfs_wants *w)
{
	for (size_t i = 0; i < w->by_oid.n; i++)
		free(lfs_want_at(w, i)->path);
	map_clear_values(&w->by_oid, free);
}

/* What one call moves. */
struct run {
	const struct lfs_transfer *t;
	const struct lfs_wants *wants;
	struct remote_item *items;
	struct transfer_counts *counts;
	uint64_t total_bytes;
	int (*move)(struct run *r, struct mlops_error *err);
	_Atomic uint64_t objects, bytes, missing;
};

static int run_job(void *arg, struct mlops_error *err)
{
	struct run *r = arg;

	return r->move(r, err);
}

static void report(struct run *r)
{
	const struct lfs_move_how *how = r->t->how;

	r->counts->objects = r->objects;
	r->counts->moved = r->t->remote->moved;
	r->counts->bytes = r->bytes > r->counts->moved ? r->bytes : r->counts->moved;
	if (how && how->progress)
		how->progress(r->counts, r->wants->by_oid.n, r->total_bytes, how->arg);
}

/* In another thread, so that this one can tell how far it is. */
static int run_all(struct run *r, struct mlops_error *err)
{
	struct pool *pool;

	r->items = xcalloc(r->wants->by_oid.n, sizeof(*r->items));
	for (size_t i = 0; i < r->wants->by_oid.n; i++) {
		const struct lfs_pointer *p = &lfs_want_at(r->wants, i)->pointer;

		r->items[i] = (struct remote_item){ p->oid, p->size };
		r->total_bytes += p->size;
	}
	int rc = pool_new(1, 1, &pool, err);
	if (!rc) {
		pool_add(pool, run_job, r);
		while (!pool_wait_for(pool, REPORT_MS))
			report(r);
		rc = pool_wait(pool, err);
		pool_free(pool);
		report(r);
	}
	r->counts->objects = r->objects;
	r->counts->bytes = r->bytes;
	r->counts->missing = r->missing;
	free(r->items);
	return rc;
}

/* ---- fetching ---- */

static int take_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	return lfs_writer_add(arg, buf, n, err);
}

static int fetch(struct run *r, size_t i, const struct lfs_answer *answer, struct mlops_error *err)
{
	const struct lfs_want *want = lfs_want_at(r->wants, i);
	struct lfs_writer w;
	const struct byte_sink sink = { take_piece, &w };
	char hex[MLOPS_OID_HEX + 1];

	lfs_writer_init(&w, r->t->lfs);
	int rc = lfs_writer_begin(&w, err);
	if (!rc)
		rc = lfs_get(r->t->remote->server, &r->items[i], answer, &sink, err);
	if (!rc && lfs_writer_commit_as(&w, &want->pointer, err))
		rc = err_wrap(err, "remote '%s' sent object %.12s", r->t->remote->name,
			      mlops_oid_hex(&want->pointer.oid, hex));
	lfs_writer_clear(&w);
	return rc ? -1 : 0;
}

/* Hands over how it went, when somebody asked for that. */
static int tell(struct run *r, size_t i, int rc, struct mlops_error *err)
{
	const struct lfs_want *want = lfs_want_at(r->wants, i);

	if (!rc) {
		r->objects++;
		r->bytes += want->pointer.size;
	}
	if (!r->t->done)
		return rc ? err_wrap(err, "cannot fetch '%s'", want->path) : 0;
	r->t->done(want, err, r->t->arg);
	mlops_error_clear(err);
	return 0;
}

static int fetch_one(size_t i, const struct lfs_answer *answer, void *arg, struct mlops_error *err)
{
	int rc = fetch(arg, i, answer, err);

	/* One refusal may be that of a link whose time is over: lfs_each() tries another. */
	if (rc && err->kind == MLOPS_EAUTH && answer->move.until_ms)
		return -1;
	return tell(arg, i, rc, err);
}

static int fetch_all(struct run *r, struct mlops_error *err)
{
	return lfs_each(r->t->remote->server, LFS_DOWNLOAD, r->items, r->wants->by_oid.n, fetch_one,
			r, err);
}

static char *path_in(const struct lfs_remote *r, const struct oid *oid)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	return xasprintf("%s/%.2s/%.2s/%s", r->folder, hex, hex + 2, hex);
}

/* Into a new file: linked where that can be, else copied. The names of objects are for good. */
static int link_or_copy(const char *from, const char *to, struct mlops_error *err)
{
	if (!link(from, to))
		return 0;
	autoclose int in = open(from, O_RDONLY | O_CLOEXEC);
	autoclose int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (in < 0 || out < 0)
		return err_sys(err, "cannot copy '%s'", from);
	return fs_copy(in, out, from, err);
}

static int fetch_here(struct run *r, size_t i, struct mlops_error *err)
{
	const struct lfs_pointer *p = &lfs_want_at(r->wants, i)->pointer;
	autofree char *from = path_in(r->t->remote, &p->oid), *tmp = NULL;
	struct stat st;

	if (stat(from, &st) || (uint64_t)st.st_size != p->size)
		return err_set(err, MLOPS_ENOTFOUND, "remote '%s' lacks the object, '%s'",
			       r->t->remote->name, from);
	int fd = lfs_tmp_open(r->t->lfs, &tmp, err);
	if (fd < 0)
		return -1;
	close(fd);
	unlink(tmp);
	int rc = link_or_copy(from, tmp, err) || lfs_tmp_keep(r->t->lfs, tmp, p, err) ? -1 : 0;
	if (rc)
		unlink(tmp);
	return rc;
}

static int fetch_all_here(struct run *r, struct mlops_error *err)
{
	for (size_t i = 0; i < r->wants->by_oid.n; i++)
		if (tell(r, i, fetch_here(r, i, err), err))
			return -1;
	return 0;
}

int lfs_download(const struct lfs_transfer *t, const struct lfs_wants *wants,
		 struct transfer_counts *counts, struct mlops_error *err)
{
	struct run r = { .t = t,
			 .wants = wants,
			 .counts = counts,
			 .move = t->remote->server ? fetch_all : fetch_all_here };

	return wants->by_oid.n ? run_all(&r, err) : 0;
}

/* ---- sending ---- */

static int lacking(struct run *r, size_t i, struct mlops_error *err)
{
	const struct lfs_want *want = lfs_want_at(r->wants, i);
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(&want->pointer.oid, hex);
	if (r->missing++ < 10)
		log_warn("object %.12s ('%s') is neither here nor at remote '%s'", hex, want->path,
			 r->t->remote->name);
	(void)err;
	return 0;
}

static int send_one(size_t i, const struct lfs_answer *answer, void *arg, struct mlops_error *err)
{
	struct run *r = arg;
	const struct lfs_want *want = lfs_want_at(r->wants, i);
	autosource src = { .fd = -1, .size = want->pointer.size };

	if (lfs_answer_has(answer) && !answer->verify.href)
		return 0;
	if (!want->pointer.size)
		src.buf = xstrdup("");
	else if (lfs_open_object(r->t->lfs, &want->pointer, &src.fd, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		if (!lfs_borrow(r->t->lfs, &want->pointer) ||
		    lfs_open_object(r->t->lfs, &want->pointer, &src.fd, err))
			return lacking(r, i, err);
	}
	if (lfs_put(r->t->remote->server, &r->items[i], answer, &src, err))
		return err_wrap(err, "cannot send '%s'", want->path);
	r->objects++;
	r->bytes += want->pointer.size;
	return 0;
}

static int send_all(struct run *r, struct mlops_error *err)
{
	return lfs_each(r->t->remote->server, LFS_UPLOAD, r->items, r->wants->by_oid.n, send_one, r,
			err);
}

static int send_here(struct run *r, size_t i, struct mlops_error *err)
{
	const struct lfs_pointer *p = &lfs_want_at(r->wants, i)->pointer;
	autofree char *to = path_in(r->t->remote, &p->oid),
		      *from = lfs_object_path(r->t->lfs, &p->oid);
	char random[RAND_HEX_SIZE(8)];
	autofree char *tmp =
		xasprintf("%s/../tmp/mlops-%s", r->t->remote->folder, rand_hex(random, 8));
	struct stat st;

	if (!p->size || (!stat(to, &st) && (uint64_t)st.st_size == p->size))
		return 0;
	if (!lfs_has(r->t->lfs, &p->oid, p->size) && !lfs_borrow(r->t->lfs, p))
		return lacking(r, i, err);
	int rc = fs_mkdirs_for(to, err) || fs_mkdirs_for(tmp, err) || link_or_copy(from, tmp, err);
	if (!rc && rename(tmp, to))
		rc = err_sys(err, "cannot write '%s'", to);
	if (rc) {
		unlink(tmp);
		return -1;
	}
	r->objects++;
	r->bytes += p->size;
	return 0;
}

/* On the disk before git tells of it. */
static int send_all_here(struct run *r, struct mlops_error *err)
{
	for (size_t i = 0; i < r->wants->by_oid.n; i++)
		if (send_here(r, i, err))
			return -1;
	return r->objects ? fs_sync_all(r->t->remote->folder, err) : 0;
}

int lfs_upload(const struct lfs_transfer *t, const struct lfs_wants *wants,
	       struct transfer_counts *counts, struct mlops_error *err)
{
	struct run r = { .t = t,
			 .wants = wants,
			 .counts = counts,
			 .move = t->remote->server ? send_all : send_all_here };

	if (!wants->by_oid.n)
		return 0;
	if (run_all(&r, err))
		return -1;
	counts->present = wants->by_oid.n - counts->objects - counts->missing;
	if (!counts->missing || t->lax)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "%llu object%s neither here nor at remote '%s'",
		(unsigned long long)counts->missing, counts->missing == 1 ? " is" : "s are",
		t->remote->name);
	return err_hint(err, "send them from where they are, or allow it with: "
			     "git config lfs.allowincompletepush true");
}
