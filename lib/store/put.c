/*
 * Putting objects. Small ones are appended to the open pack, which becomes durable at the flush;
 * large ones are streamed to a file of their own. What is there already is not written again.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "store/private.h"
#include "store/sealed.h"

#define CHUNK ((size_t)1 << 20)

static int open_writer(struct store *s, struct mlops_error *err)
{
	autofree char *tmp = NULL;

	if (store_tmp_dir(s, &tmp, err))
		return -1;
	struct pack_writer *w;
	if (pack_writer_new(tmp, &w, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	struct pack_writer *spare = s->writer ? w : NULL;
	if (!s->writer)
		s->writer = w;
	pthread_mutex_unlock(&s->lock);
	pack_writer_free(spare);
	return 0;
}

/* Drops the open pack with what was put; the next flush must not claim that it is safe. */
static int lose(struct store *s)
{
	pack_writer_free(steal_ptr(&s->writer));
	s->lost = true;
	return -1;
}

/* A pack of one object would only be one more index to search: it is stored loose. */
static int finish_single(struct store *s, struct pack_writer *w, struct scratch *scratch,
			 struct mlops_error *err)
{
	struct pack_entry e;
	autofree char *raw = NULL;
	int fd;

	pack_writer_first(w, &e);
	if (pack_writer_sync_out(w, &fd, err) ||
	    pack_read(fd, "the open pack", &e, scratch, &raw, err))
		return -1;
	autofree char *path =
		e.codec == PACK_SEALED ? sealed_path(s, &e.oid) : loose_path(s, &e.oid);
	return loose_put(s, raw, e.raw, &e.oid, path, err);
}

static int finish_pack(struct store *s, struct pack_writer *w, struct pack **out,
		       struct mlops_error *err)
{
	autofree char *dir = path_join(s->dir, "packs");
	char hex[MLOPS_OID_HEX + 1];

	return pack_writer_finish(w, dir, hex, err) || pack_open(dir, hex, out, err) ? -1 : 0;
}

static int finish(struct store *s, struct pack_writer *w, struct pack **out,
		  struct scratch *scratch, struct mlops_error *err)
{
	size_t n = pack_writer_count(w);

	return n > 1 ? finish_pack(s, w, out, err) : n ? finish_single(s, w, scratch, err) : 0;
}

/*
 * Makes the open pack, if any, durable. The lock is held, but not meanwhile, so that others can
 * put into the next one; who comes here for that waits, and learns when this one came to nothing.
 */
static int close_writer(struct store *s, struct scratch *scratch, struct mlops_error *err)
{
	unsigned failures = s->failures;
	struct pack *pack = NULL;

	while (s->closing)
		pthread_cond_wait(&s->closed, &s->lock);
	if (s->lost || s->failures != failures)
		return err_set(err, MLOPS_EIO, "objects could not be stored in '%s'", s->dir);
	if (!s->writer)
		return 0;
	s->closing = steal_ptr(&s->writer);
	pthread_mutex_unlock(&s->lock);
	int rc = finish(s, s->closing, &pack, scratch, err);
	pthread_mutex_lock(&s->lock);
	if (pack)
		vec_push(&s->packs, pack);
	s->failures += rc != 0;
	pack_writer_free(steal_ptr(&s->closing));
	pthread_cond_broadcast(&s->closed);
	return rc;
}

static int add_locked(struct store *s, const struct oid *oid, const struct pack_form *form,
		      struct scratch *scratch, struct mlops_error *err)
{
	struct pack_entry there;

	if (pack_writer_find(s->writer, oid, &there))
		return 0;
	if (pack_writer_add(s->writer, oid, form, err))
		return lose(s);
	return pack_writer_is_full(s->writer) ? close_writer(s, scratch, err) : 0;
}

static int append(struct store *s, const struct oid *oid, const struct pack_form *form,
		  struct scratch *scratch, struct mlops_error *err)
{
	for (;;) {
		pthread_mutex_lock(&s->lock);
		bool open = s->writer;
		int rc = open ? add_locked(s, oid, form, scratch, err) : 0;
		pthread_mutex_unlock(&s->lock);
		if (open || rc)
			return rc;
		if (open_writer(s, err))
			return -1;
	}
}

int mlops_store_flush(struct store *s, struct mlops_error *err)
{
	struct scratch *scratch;

	if (store_scratch(s, &scratch, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	int rc = close_writer(s, scratch, err);
	s->lost = false;
	pthread_mutex_unlock(&s->lock);
	store_give_back(s, scratch);
	return rc;
}

static int put_sealed(struct store *s, const void *buf, size_t n, const struct oid *oid,
		      struct scratch *scratch, struct mlops_error *err)
{
	struct pack_form form;
	struct oid name;

	if (sealed_encode(s, buf, n, oid, scratch, &name, &form, err))
		return -1;
	if (n < s->pack_threshold && form.n <= PACK_OBJECT_MAX)
		return append(s, &name, &form, scratch, err);
	autofree char *path = sealed_path(s, &name);
	return loose_put(s, form.data, form.n, &name, path, err);
}

/* An object in memory whose name is in *oid already. */
static int put_named(struct store *s, const void *buf, size_t n, const struct oid *oid,
		     struct scratch *scratch, struct mlops_error *err)
{
	struct pack_form form;

	if (store_renew(s, oid, true))
		return 0;
	if (s->sealed)
		return put_sealed(s, buf, n, oid, scratch, err);
	if (n >= s->pack_threshold) {
		autofree char *path = loose_path(s, oid);

		return loose_put(s, buf, n, oid, path, err);
	}
	pack_encode(buf, n, scratch, &form);
	return append(s, oid, &form, scratch, err);
}

int store_put_named(struct store *s, const void *buf, size_t n, const struct oid *oid,
		    struct mlops_error *err)
{
	struct scratch *scratch;

	if (store_scratch(s, &scratch, err))
		return -1;
	int rc = put_named(s, buf, n, oid, scratch, err);
	store_give_back(s, scratch);
	return rc;
}

static int take_buf(struct store *s, const void *buf, size_t n, bool save, struct scratch *scratch,
		    struct oid *out, struct mlops_error *err)
{
	struct oid oid;

	hasher_reset(scratch->hasher);
	hasher_update(scratch->hasher, buf, n);
	hasher_final(scratch->hasher, &oid);
	if (save && put_named(s, buf, n, &oid, scratch, err))
		return -1;
	*out = oid;
	return 0;
}

int store_take_buf(struct store *s, const void *buf, size_t n, bool save, struct oid *out,
		   struct mlops_error *err)
{
	struct scratch *scratch;

	if (store_scratch(s, &scratch, err))
		return -1;
	int rc = take_buf(s, buf, n, save, scratch, out, err);
	store_give_back(s, scratch);
	return rc;
}

int mlops_store_put(struct store *s, const void *buf, size_t n, struct oid *out,
		    struct mlops_error *err)
{
	return store_take_buf(s, buf, n, true, out, err);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The file still is what it was before it was read, and all of it was read. */
static int check_unchanged(int fd, const struct stat *before, uint64_t got, const char *shown,
			   struct mlops_error *err)
{
	struct stat now;

	if (fstat(fd, &now))
		return err_sys(err, "cannot read '%s'", shown);
	if (got == (uint64_t)before->st_size && same_file(before, &now) && !FAULT("store.changed"))
		return 0;
	err_set(err, MLOPS_EINVALID, "'%s' changed while it was read", shown);
	return err_hint(err, "try again when nothing writes to it");
}

static int take_small(struct store *s, int fd, const char *shown, bool save, const struct stat *st,
		      struct scratch *scratch, struct oid *out, struct mlops_error *err)
{
	size_t size = (size_t)st->st_size, n;

	/* That it has no more is seen from its size after; some of /proc only claim to be empty. */
	scratch_reserve(scratch, size < CHUNK ? CHUNK : size);
	if (fs_read_some(fd, scratch->buf, size + !size, shown, &n, err) ||
	    check_unchanged(fd, st, n, shown, err))
		return -1;
	return take_buf(s, scratch->buf, n, save, scratch, out, err);
}

static int hash_large(int fd, const char *shown, const struct stat *st, struct scratch *scratch,
		      struct oid *out, struct mlops_error *err)
{
	uint64_t total = 0;
	size_t n;

	scratch_reserve(scratch, CHUNK);
	hasher_reset(scratch->hasher);
	do {
		if (fs_read_some(fd, scratch->buf, CHUNK, shown, &n, err))
			return -1;
		hasher_update(scratch->hasher, scratch->buf, n);
		total += n;
	} while (n);
	if (check_unchanged(fd, st, total, shown, err))
		return -1;
	hasher_final(scratch->hasher, out);
	return 0;
}

static int save_large(struct store *s, int fd, const char *shown, const struct stat *st,
		      struct oid *out, struct mlops_error *err)
{
	struct store_writer *w;
	uint64_t total;

	if (mlops_store_writer_new(s, NULL, &w, err))
		return -1;
	int rc = store_writer_fill(w, fd, shown, &total, err);
	if (!rc)
		rc = check_unchanged(fd, st, total, shown, err);
	if (!rc)
		rc = mlops_store_writer_commit(w, out, err);
	mlops_store_writer_free(w);
	return rc;
}

int store_hash_file(struct store *s, int fd, const char *shown, const struct stat *st,
		    struct oid *out, struct mlops_error *err)
{
	struct scratch *scratch;

	if (store_scratch(s, &scratch, err))
		return -1;
	int rc = hash_large(fd, shown, st, scratch, out, err);
	store_give_back(s, scratch);
	return rc;
}

static int take_large(struct store *s, int fd, const char *shown, struct stat *st, struct oid *out,
		      struct mlops_error *err)
{
	bool done = false;

	if (s->adopt && store_adopt(s, fd, shown, st, out, &done, err))
		return -1;
	if (done)
		return 0;
	s->twice |= s->adopt;
	return save_large(s, fd, shown, st, out, err);
}

int store_take(struct store *s, int fd, const char *shown, bool save, struct stat *st,
	       struct oid *out, struct mlops_error *err)
{
	struct scratch *scratch;

	if (!S_ISREG(st->st_mode))
		return err_set(err, MLOPS_EINVALID, "'%s' is not a regular file", shown);
	bool small = (uint64_t)st->st_size < s->pack_threshold;
	if (!small)
		return save ? take_large(s, fd, shown, st, out, err) :
			      store_hash_file(s, fd, shown, st, out, err);
	if (store_scratch(s, &scratch, err))
		return -1;
	int rc = take_small(s, fd, shown, save, st, scratch, out, err);
	store_give_back(s, scratch);
	return rc;
}

int mlops_store_put_file(struct store *s, const char *path, struct oid *out, uint64_t *size,
			 struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		bool absent = errno == ENOENT;

		err_sys(err, "cannot open '%s'", path);
		if (absent)
			err->kind = MLOPS_ENOTFOUND;
		return -1;
	}
	if (fstat(fd, &st))
		return err_sys(err, "cannot read '%s'", path);
	if (store_take(s, fd, path, true, &st, out, err))
		return -1;
	*size = (uint64_t)st.st_size;
	return 0;
}
