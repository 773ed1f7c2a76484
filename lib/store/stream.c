/*
 * Putting a stream. Up to the pack threshold it is kept in memory; beyond, it goes to a temporary
 * file that becomes a loose object.
 */
#include "base/fs.h"
#include "store/output.h"
#include "store/private.h"

struct store_writer {
	struct store *store;
	struct oid expect;
	bool expected;
	struct hasher *hasher;
	struct strbuf buf;
	char *tmp; /* NULL while the object is in buf */
	int fd;
	struct output *out;
};

int mlops_store_writer_new(struct store *s, const struct oid *expect, struct store_writer **out,
			   struct mlops_error *err)
{
	struct hasher *hasher;

	if (hasher_new(&hasher, err))
		return -1;
	struct store_writer *w = xcalloc(1, sizeof(*w));
	w->store = s;
	w->hasher = hasher;
	w->fd = -1;
	w->expected = expect;
	if (expect)
		w->expect = *expect;
	*out = w;
	return 0;
}

void mlops_store_writer_free(struct store_writer *w)
{
	if (!w)
		return;
	output_free(w->out);
	if (w->fd >= 0)
		close(w->fd);
	if (w->tmp)
		unlink(w->tmp);
	free(w->tmp);
	strbuf_clear(&w->buf);
	hasher_free(w->hasher);
	free(w);
}

static int spill(struct store_writer *w, struct mlops_error *err)
{
	if (loose_create(w->store, &w->tmp, &w->fd, err))
		return -1;
	w->out = output_new(w->fd, w->tmp, true);
	if (output_add(w->out, w->buf.buf, w->buf.len, err))
		return -1;
	strbuf_clear(&w->buf);
	return 0;
}

int mlops_store_writer_add(struct store_writer *w, const void *buf, size_t n,
			   struct mlops_error *err)
{
	hasher_update(w->hasher, buf, n);
	if (!w->tmp && w->buf.len + n < w->store->pack_threshold) {
		strbuf_add(&w->buf, buf, n);
		return 0;
	}
	if (!w->tmp && spill(w, err))
		return -1;
	return output_add(w->out, buf, n, err);
}

int store_writer_fill(struct store_writer *w, int fd, const char *shown, uint64_t *total,
		      struct mlops_error *err)
{
	size_t room, n;

	*total = 0;
	if (spill(w, err))
		return -1;
	do {
		char *to = output_space(w->out, &room);

		if (fs_read_some(fd, to, room, shown, &n, err))
			return -1;
		hasher_update(w->hasher, to, n);
		*total += n;
		if (output_advance(w->out, n, err))
			return -1;
	} while (n);
	return 0;
}

static int check_name(const struct store_writer *w, const struct oid *oid, struct mlops_error *err)
{
	char want[MLOPS_OID_HEX + 1], got[MLOPS_OID_HEX + 1];

	if (!w->expected || mlops_oid_equal(&w->expect, oid))
		return 0;
	return err_set(err, MLOPS_ECORRUPT, "the bytes of object sha256:%s have the hash %s",
		       mlops_oid_hex(&w->expect, want), mlops_oid_hex(oid, got));
}

int mlops_store_writer_commit(struct store_writer *w, struct oid *out, struct mlops_error *err)
{
	struct oid oid;
	struct place place;

	hasher_final(w->hasher, &oid);
	if (check_name(w, &oid, err))
		return -1;
	store_find(w->store, &oid, false, &place);
	if (place.kind == PLACE_NONE) {
		if (!w->tmp &&
		    store_put_named(w->store, w->buf.buf ? w->buf.buf : "", w->buf.len, &oid, err))
			return -1;
		if (w->tmp && (output_settle(w->out, err) ||
			       loose_commit(w->store, w->fd, w->tmp, &oid, err)))
			return -1;
		if (w->tmp)
			free(steal_ptr(&w->tmp));
	}
	*out = oid;
	return 0;
}
