/*
 * Putting a stream. Up to the pack threshold it is kept in memory; beyond, it goes to a temporary
 * file that becomes a loose object.
 */
#include "base/fs.h"
#include "store/output.h"
#include "store/part.h"
#include "store/private.h"
#include "store/sealed.h"

#define PART ((size_t)128 << 10) /* read at a time: stays in the cache until it is hashed */

struct store_writer {
	struct store *store;
	struct oid expect;
	bool expected;
	struct hasher *hasher;
	struct strbuf buf;
	char *tmp; /* NULL while the object is in buf */
	bool keep; /* tmp is a part for another try */
	int fd;
	struct output *out;
	struct sealed_file *seal; /* before `out`; or NULL */
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

void mlops_store_writer_expect(struct store_writer *w, const struct oid *expect)
{
	w->expect = *expect;
	w->expected = true;
}

void mlops_store_writer_free(struct store_writer *w)
{
	if (!w)
		return;
	bool keep = w->keep && output_size(w->out);
	sealed_file_free(w->seal);
	output_free(w->out);
	if (w->tmp && !keep)
		unlink(w->tmp);
	if (w->fd >= 0)
		close(w->fd);
	free(w->tmp);
	strbuf_clear(&w->buf);
	hasher_free(w->hasher);
	free(w);
}

/* What is there already is hashed like what comes. */
static int hash_part(struct store_writer *w, uint64_t have, struct mlops_error *err)
{
	autofree char *buf = xmalloc(PART);

	for (uint64_t at = 0; at < have;) {
		size_t n = have - at < PART ? (size_t)(have - at) : PART;

		if (fs_pread_all(w->fd, buf, n, at, w->tmp, err))
			return -1;
		hasher_update(w->hasher, buf, n);
		at += n;
	}
	return 0;
}

int store_writer_resume(struct store *s, const struct oid *expect, uint64_t size,
			struct store_writer **out, uint64_t *have, struct mlops_error *err)
{
	struct store_writer *w;
	struct part part;

	if (mlops_store_writer_new(s, expect, &w, err))
		return -1;
	*have = 0;
	*out = w;
	if (s->sealed || size < s->pack_threshold)
		return 0;
	int rc = part_open(s, expect, size, &part, err);
	if (!rc && part.fd >= 0) {
		w->fd = part.fd;
		w->tmp = part.path;
		w->keep = true;
		w->out = output_new(w->fd, w->tmp, true);
		output_resume(w->out, part.have);
		rc = hash_part(w, part.have, err);
		*have = part.have;
	}
	if (rc) {
		*out = NULL;
		mlops_store_writer_free(w);
	}
	return rc;
}

int store_part_size(struct store *s, const struct oid *oid, uint64_t size, uint64_t *out,
		    struct mlops_error *err)
{
	struct part part;

	*out = 0;
	if (s->sealed || size < s->pack_threshold)
		return 0;
	if (part_open(s, oid, size, &part, err))
		return -1;
	*out = part.have;
	if (part.fd >= 0) {
		if (!part.have)
			unlink(part.path);
		close(part.fd);
	}
	free(part.path);
	return 0;
}

static int write_out(struct store_writer *w, const void *buf, size_t n, struct mlops_error *err)
{
	return w->seal ? sealed_file_add(w->seal, buf, n, err) : output_add(w->out, buf, n, err);
}

static int spill(struct store_writer *w, struct mlops_error *err)
{
	if (loose_create(w->store, &w->tmp, &w->fd, err))
		return -1;
	w->out = output_new(w->fd, w->tmp, true);
	if (w->store->key && sealed_file_new(w->store, w->out, &w->seal, err))
		return -1;
	if (write_out(w, w->buf.buf, w->buf.len, err))
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
	return write_out(w, buf, n, err);
}

/* Where the next bytes of the object go; NULL when those before them could not be written. */
static char *next_space(struct store_writer *w, size_t *room, struct mlops_error *err)
{
	return w->seal ? sealed_file_space(w->seal, room, err) : output_space(w->out, room);
}

int store_writer_fill(struct store_writer *w, int fd, const char *shown, uint64_t *total,
		      struct mlops_error *err)
{
	size_t room, n;

	*total = 0;
	if (spill(w, err))
		return -1;
	do {
		char *to = next_space(w, &room, err);

		if (!to || fs_read_some(fd, to, room < PART ? room : PART, shown, &n, err))
			return -1;
		hasher_update(w->hasher, to, n);
		*total += n;
		if (w->seal)
			sealed_file_advance(w->seal, n);
		else if (output_advance(w->out, n, err))
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

/* What others sealed is named by its header, which must be that of a whole sealed object. */
static int name_of_sealed(struct store_writer *w, struct oid *out, struct mlops_error *err)
{
	uint8_t header[SEALED_HEADER];
	const void *first = w->buf.buf;
	uint64_t size = w->buf.len;

	if (w->tmp) {
		if (output_settle(w->out, err) ||
		    fs_pread_all(w->fd, header, sizeof(header), 0, w->tmp, err))
			return -1;
		first = header;
		size = output_size(w->out);
	}
	*out = w->expect;
	return sealed_check_form(first, size, &w->expect, err);
}

static int name_of(struct store_writer *w, struct oid *out, struct mlops_error *err)
{
	if (w->store->sealed && !w->store->key)
		return name_of_sealed(w, out, err);
	hasher_final(w->hasher, out);
	if (check_name(w, out, err)) {
		w->keep = false;
		return -1;
	}
	return 0;
}

static int commit_file(struct store_writer *w, const struct oid *oid, struct mlops_error *err)
{
	struct oid name = *oid;
	struct stat st;

	if (w->store->sealed)
		sealed_name(w->store, oid, &name);
	if (w->seal ? sealed_file_finish(w->seal, w->fd, &name, err) : output_settle(w->out, err))
		return -1;
	if (w->keep && (fstat(w->fd, &st) || fchmod(w->fd, st.st_mode & 0444)))
		return err_sys(err, "cannot write '%s'", w->tmp);
	autofree char *path =
		w->store->sealed ? sealed_path(w->store, &name) : loose_path(w->store, &name);
	if (loose_commit(w->fd, w->tmp, path, err))
		return -1;
	loose_note(w->store, &name);
	free(steal_ptr(&w->tmp));
	return 0;
}

int mlops_store_writer_commit(struct store_writer *w, struct oid *out, struct mlops_error *err)
{
	const char *bytes = w->buf.buf ? w->buf.buf : "";
	struct oid oid;

	if (name_of(w, &oid, err))
		return -1;
	if (!store_renew(w->store, &oid, true) &&
	    (w->tmp ? commit_file(w, &oid, err) :
		      store_put_named(w->store, bytes, w->buf.len, &oid, err)))
		return -1;
	w->keep = false;
	*out = oid;
	return 0;
}
