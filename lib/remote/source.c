/* The bytes of objects on their way out of a store. */
#include "base/fs.h"
#include "remote/remote.h"
#include "store/store.h"

int remote_source_open(const struct remote_item *item, struct remote_source *out, void *store,
		       struct mlops_error *err)
{
	size_t n;

	if (!store_open_loose(store, &item->oid, &out->fd, &out->size, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	if (mlops_store_get(store, &item->oid, (size_t)item->size, &out->buf, &n, err))
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
	*s = (struct remote_source){ .fd = -1 };
}
