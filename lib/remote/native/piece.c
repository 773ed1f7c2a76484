/* The places of pieces, and getting one by itself. */
#include "remote/native/piece.h"

#include "base/le.h"

void piece_put(uint8_t *p, const struct piece *piece)
{
	le32_put(p, piece->block);
	le32_put(p + 4, piece->offset);
	le32_put(p + 8, piece->stored);
	le32_put(p + 12, piece->raw);
}

void piece_get(const uint8_t *p, struct piece *out)
{
	*out = (struct piece){ le32_get(p), le32_get(p + 4), le32_get(p + 8), le32_get(p + 12) };
}

void placed_put(uint8_t *p, const struct placed *placed)
{
	memcpy(p, placed->oid.sha256, sizeof(placed->oid.sha256));
	le64_put(p + 32, placed->size);
	piece_put(p + 40, &placed->at);
}

void placed_get(const uint8_t *p, struct placed *out)
{
	memcpy(out->oid.sha256, p, sizeof(out->oid.sha256));
	out->size = le64_get(p + 32);
	piece_get(p + 40, &out->at);
}

bool piece_fits(const struct piece *piece, uint64_t block_size)
{
	return piece->raw <= PACK_OBJECT_MAX && piece->stored <= piece->raw &&
	       piece->offset >= PACK_HEADER && piece->offset + piece_span(piece) <= block_size;
}

void block_key(const struct oid *name, char *buf)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(name, hex);
	snprintf(buf, BLOCK_KEY, "blocks/%.2s/%s", hex, hex + 2);
}

int piece_decode(const struct piece *piece, const char *bytes, struct scratch *s, char *raw,
		 struct oid *name, struct mlops_error *err)
{
	struct pack_entry e;

	if (pack_get_header((const uint8_t *)bytes, "a block", &e, err))
		return -1;
	if (e.raw != piece->raw || e.stored != piece->stored || e.codec == PACK_SEALED)
		return err_set(err, MLOPS_ECORRUPT, "a block does not hold what its index says");
	*name = e.oid;
	return pack_decode(&e, bytes + PACK_ENTRY_HEADER, s, raw, "a block", err);
}

struct taking {
	char *buf;
	size_t n, have;
};

static int take(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct taking *t = arg;

	if (n > t->n - t->have)
		return err_set(err, MLOPS_ECORRUPT, "more came than was asked for");
	memcpy(t->buf + t->have, buf, n);
	t->have += n;
	return 0;
}

static int check_hash(struct scratch *s, const char *raw, size_t n, const struct oid *name,
		      struct mlops_error *err)
{
	struct oid got;

	hasher_reset(s->hasher);
	hasher_update(s->hasher, raw, n);
	hasher_final(s->hasher, &got);
	return mlops_oid_equal(&got, name) ?
		       0 :
		       err_set(err, MLOPS_ECORRUPT, "a part of a block is damaged");
}

int piece_fetch(struct remote *r, const struct oid *block, const struct piece *piece,
		struct oid *name, char **raw, struct mlops_error *err)
{
	struct taking t = { .n = (size_t)piece_span(piece) };
	autofree char *buf = t.buf = xmalloc(t.n), *out = xmalloc((size_t)piece->raw + 1);
	const struct byte_sink sink = { take, &t };
	struct scratch *s;
	char key[BLOCK_KEY];

	block_key(block, key);
	if (r->transport->get(r->conn, key, (struct byte_range){ piece->offset, t.n }, &sink, err))
		return -1;
	if (t.have != t.n)
		return err_set(err, MLOPS_ECORRUPT, "a block ends too early");
	if (scratch_new(&s, err))
		return -1;
	int rc = piece_decode(piece, buf, s, out, name, err) ||
		 check_hash(s, out, piece->raw, name, err);
	scratch_free(s);
	if (rc)
		return -1;
	*raw = steal_ptr(&out);
	return 0;
}
