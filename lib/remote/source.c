/* The bytes of objects on their way out of a store. */
#include <pthread.h>

#include "base/fs.h"
#include "remote/remote.h"
#include "store/store.h"

/* One that lies sealed in a file of its own is opened in pieces, by one thread at a time. */
struct opening {
	struct sealed_reader *reader;
	pthread_mutex_t lock;
};

static int read_opening(void *buf, size_t n, uint64_t at, void *arg, struct mlops_error *err)
{
	struct opening *o = arg;

	pthread_mutex_lock(&o->lock);
	int rc = sealed_reader_read(o->reader, at, buf, n, err);
	pthread_mutex_unlock(&o->lock);
	return rc;
}

static void close_opening(void *arg)
{
	struct opening *o = arg;

	sealed_reader_free(o->reader);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

static int open_sealed(const struct oid *oid, struct remote_source *out, struct store *store,
		       struct mlops_error *err)
{
	struct sealed_reader *reader;

	if (store_open_sealed(store, oid, &reader, err))
		return -1;
	struct opening *o = xmalloc(sizeof(*o));
	o->reader = reader;
	pthread_mutex_init(&o->lock, NULL);
	*out = (struct remote_source){ .fd = -1,
				       .size = sealed_reader_size(reader),
				       .read = read_opening,
				       .arg = o,
				       .close = close_opening };
	return 0;
}

/* Whether it is worth to try another way: the object is not to be had in this one. */
static bool is_elsewhere(struct mlops_error *err)
{
	if (err->kind != MLOPS_ENOTFOUND)
		return false;
	mlops_error_clear(err);
	return true;
}

int remote_source_open(const struct remote_item *item, struct remote_source *out, void *store,
		       struct mlops_error *err)
{
	size_t n;

	if (!store_open_loose(store, &item->oid, &out->fd, &out->size, err))
		return 0;
	if (!is_elsewhere(err))
		return -1;
	if (!open_sealed(&item->oid, out, store, err))
		return 0;
	if (!is_elsewhere(err) ||
	    mlops_store_get(store, &item->oid, (size_t)item->size, &out->buf, &n, err))
		return -1;
	out->size = n;
	return 0;
}

int remote_source_read(const struct remote_source *s, uint64_t at, void *buf, size_t n,
		       struct mlops_error *err)
{
	if (s->read)
		return s->read(buf, n, at, s->arg, err);
	if (!s->buf)
		return fs_pread_all(s->fd, buf, n, at, "an object of the store", err);
	memcpy(buf, s->buf + at, n);
	return 0;
}

void remote_source_close(struct remote_source *s)
{
	free(s->buf);
	if (s->fd >= 0)
		close(s->fd);
	if (s->close)
		s->close(s->arg);
	*s = (struct remote_source){ .fd = -1 };
}
