/* Reading neighbouring pieces by one request. */
#include "remote/native/receive.h"

#define MAX_GAP ((uint64_t)128 << 10) /* read and dropped: less than one more request costs */

static uint64_t end_of(const struct piece *at)
{
	return at->offset + piece_span(at);
}

struct stretch stretch_find(const struct placed *parts, size_t n, uint64_t max)
{
	struct stretch stretch = { parts[0].at.block, parts, 1 };

	for (; stretch.n < n; stretch.n++) {
		const struct piece *last = &parts[stretch.n - 1].at, *next = &parts[stretch.n].at;

		if (next->block != stretch.block || next->offset < end_of(last) ||
		    next->offset - end_of(last) > MAX_GAP ||
		    end_of(next) - parts[0].at.offset > max)
			break;
	}
	return stretch;
}

struct reading {
	const struct stretch *stretch;
	size_t i;            /* the piece that is coming */
	uint64_t at;         /* in the block, of the next byte */
	struct strbuf bytes; /* of that piece, so far */
	struct strbuf raw;
	struct scratch *scratch;
	int (*fn)(const struct placed *, const struct oid *, const char *, void *,
		  struct mlops_error *);
	void *arg;
};

static int give(struct reading *r, const char *bytes, struct mlops_error *err)
{
	const struct placed *part = &r->stretch->parts[r->i];
	struct oid name;

	strbuf_trunc(&r->raw, 0);
	strbuf_reserve(&r->raw, (size_t)part->at.raw + 1);
	if (piece_decode(&part->at, bytes, r->scratch, r->raw.buf, &name, err) ||
	    r->fn(part, &name, r->raw.buf, r->arg, err))
		return -1;
	r->i++;
	strbuf_trunc(&r->bytes, 0);
	return 0;
}

static int take(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct reading *r = arg;
	const char *p = buf;

	while (n && r->i < r->stretch->n) {
		const struct piece *at = &r->stretch->parts[r->i].at;
		size_t want = (size_t)piece_span(at) - r->bytes.len;
		size_t skip = r->at < at->offset ? (size_t)(at->offset - r->at) : 0;

		skip = skip < n ? skip : n;
		p += skip, n -= skip, r->at += skip;
		if (!n)
			return 0;
		want = want < n ? want : n;
		bool whole = !r->bytes.len && want == piece_span(at);
		if (!whole)
			strbuf_add(&r->bytes, p, want);
		if (r->bytes.len + (whole ? want : 0) == piece_span(at) &&
		    give(r, whole ? p : r->bytes.buf, err))
			return -1;
		p += want, n -= want, r->at += want;
	}
	return n ? err_set(err, MLOPS_ECORRUPT, "more came than was asked for") : 0;
}

int stretch_read(struct inventory *inv, const struct stretch *stretch, struct scratch *s,
		 int (*fn)(const struct placed *, const struct oid *, const char *, void *,
			   struct mlops_error *),
		 void *arg, struct mlops_error *err)
{
	const struct built_block block = inventory_block(inv, stretch->block);
	uint64_t from = stretch->parts[0].at.offset,
		 end = end_of(&stretch->parts[stretch->n - 1].at);
	struct reading reading = {
		.stretch = stretch, .at = from, .scratch = s, .fn = fn, .arg = arg
	};
	const struct byte_sink sink = { take, &reading };
	struct remote *r = inv->remote;
	char key[BLOCK_KEY];

	block_key(&block.name, key);
	int rc = r->transport->get(r->conn, key, (struct byte_range){ from, end - from }, &sink,
				   err);
	if (!rc && reading.i < stretch->n)
		rc = err_set(err, MLOPS_ECORRUPT, "a block of remote '%s' ends too early", r->name);
	strbuf_clear(&reading.bytes);
	strbuf_clear(&reading.raw);
	return rc;
}
