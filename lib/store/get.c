/* Reading objects, always checked against their names. */
#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "store/private.h"
#include "store/sealed.h"

#define CHUNK ((size_t)256 << 10)

/*
 * The open pack is read under the lock, for it may be finished at any time. When that has
 * happened since it was found, *done stays false and the object is to be looked for again.
 */
static int read_open_pack(struct store *s, const struct oid *name, struct scratch *scratch,
			  char **buf, bool *done, struct mlops_error *err)
{
	struct pack_entry e;
	int fd, rc = 0;

	pthread_mutex_lock(&s->lock);
	if (s->writer && pack_writer_find(s->writer, name, &e)) {
		*done = true;
		rc = pack_writer_sync_out(s->writer, &fd, err);
		if (!rc)
			rc = pack_read(fd, "the open pack", &e, scratch, buf, err);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static int check_hash(struct hasher *h, const void *buf, size_t n, const struct oid *oid,
		      struct mlops_error *err)
{
	struct oid got;

	hasher_reset(h);
	hasher_update(h, buf, n);
	hasher_final(h, &got);
	return mlops_oid_equal(&got, oid) ? 0 : store_damaged(oid, err);
}

/* Its bytes are not the object's, but what someone sealed. */
static bool passes_sealed(const struct store *s, const struct place *place)
{
	return !s->key && (place->kind == PLACE_SEALED || place->entry.codec == PACK_SEALED);
}

/* *done stays false when its pack was finished since it was found. */
static int read_packed(struct store *s, const struct oid *oid, const struct place *place,
		       char **buf, bool *done, struct mlops_error *err)
{
	struct scratch *scratch;
	autofree char *raw = NULL;
	int rc;

	if (store_scratch(s, &scratch, err))
		return -1;
	*done = place->kind == PLACE_PACK;
	if (*done)
		rc = pack_read(place->fd, place->pack->path, &place->entry, scratch, &raw, err);
	else
		rc = read_open_pack(s, &place->name, scratch, &raw, done, err);
	if (!rc && *done && place->entry.codec == PACK_SEALED)
		rc = sealed_decode(s, oid, &place->name, &raw, place->entry.raw, err);
	if (!rc && *done && !passes_sealed(s, place))
		rc = check_hash(scratch->hasher, raw, place->size, oid, err);
	store_give_back(s, scratch);
	*buf = rc ? NULL : steal_ptr(&raw);
	return rc;
}

static int open_file(const char *path, int *fd, struct mlops_error *err)
{
	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	bool absent = errno == ENOENT;
	err_sys(err, "cannot open '%s'", path);
	if (absent)
		err->kind = MLOPS_ENOTFOUND;
	return -1;
}

int store_open_loose(struct store *s, const struct oid *oid, int *fd, uint64_t *size,
		     struct mlops_error *err)
{
	struct place place;

	store_find(s, oid, true, &place);
	bool as_it_is = place.kind == PLACE_SEALED && !s->key;
	if (place.kind != PLACE_LOOSE && !as_it_is)
		return store_missing(oid, err);
	autofree char *path = as_it_is ? sealed_path(s, oid) : loose_path(s, oid);
	if (open_file(path, fd, err))
		return -1;
	*size = place.size;
	return 0;
}

static int stream_fd(int fd, struct scratch *scratch, store_sink sink, void *arg, struct oid *got,
		     struct mlops_error *err)
{
	scratch_reserve(scratch, CHUNK);
	hasher_reset(scratch->hasher);
	for (;;) {
		ssize_t n = read(fd, scratch->buf, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read an object in the store");
		if (!n)
			break;
		hasher_update(scratch->hasher, scratch->buf, (size_t)n);
		int rc = sink(scratch->buf, (size_t)n, arg, err);
		if (rc)
			return rc;
	}
	hasher_final(scratch->hasher, got);
	return 0;
}

int store_stream_file(struct store *s, const char *path, store_sink sink, void *arg,
		      struct oid *got, struct mlops_error *err)
{
	autoclose int fd = -1;
	struct scratch *scratch;

	if (open_file(path, &fd, err) || store_scratch(s, &scratch, err))
		return -1;
	int rc = stream_fd(fd, scratch, sink, arg, got, err);
	store_give_back(s, scratch);
	return rc;
}

int loose_read(struct store *s, const struct oid *oid, store_sink sink, void *arg,
	       struct mlops_error *err)
{
	autofree char *path = loose_path(s, oid);
	struct oid got;
	int rc = store_stream_file(s, path, sink, arg, &got, err);

	return rc || mlops_oid_equal(&got, oid) ? rc : store_damaged(oid, err);
}

/* A file of its own may have gone into a pack since it was found. */
static void find_again(struct store *s, const struct oid *oid, struct place *place)
{
	autofree char *path = place_path(s, place);

	if (path && !fs_exists(path))
		store_find(s, oid, true, place);
}

int store_stream(struct store *s, const struct oid *oid, struct place *place, store_sink sink,
		 void *arg, struct mlops_error *err)
{
	autofree char *buf = NULL;
	bool done;

	find_again(s, oid, place);
	if (place->kind == PLACE_NONE)
		return store_missing(oid, err);
	if (place->kind == PLACE_LOOSE)
		return loose_read(s, oid, sink, arg, err);
	if (place->kind == PLACE_SEALED)
		return sealed_read(s, oid, &place->name, sink, arg, err);
	if (read_packed(s, oid, place, &buf, &done, err))
		return -1;
	if (!done) {
		store_find(s, oid, true, place);
		return store_stream(s, oid, place, sink, arg, err);
	}
	return place->size ? sink(buf, place->size, arg, err) : 0;
}

int mlops_store_read(struct store *s, const struct oid *oid, store_sink sink, void *arg,
		     struct mlops_error *err)
{
	struct place place;

	store_find(s, oid, true, &place);
	if (place.kind == PLACE_NONE)
		return store_missing(oid, err);
	return store_stream(s, oid, &place, sink, arg, err);
}

static int add_to_buf(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)err;
	strbuf_add(arg, buf, n);
	return 0;
}

int mlops_store_get(struct store *s, const struct oid *oid, size_t max, char **buf, size_t *n,
		    struct mlops_error *err)
{
	autobuf whole = { 0 };
	struct place place;

	store_find(s, oid, true, &place);
	if (place.kind == PLACE_NONE)
		return store_missing(oid, err);
	if (place.size > max)
		return err_set(err, MLOPS_EINVALID, "an object of %llu bytes is larger than %zu",
			       (unsigned long long)place.size, max);
	strbuf_reserve(&whole, place.size);
	strbuf_adds(&whole, ""); /* an empty object is an empty text */
	if (store_stream(s, oid, &place, add_to_buf, &whole, err))
		return -1;
	*n = whole.len;
	*buf = strbuf_steal(&whole);
	return 0;
}
