/* Reading and writing frames; a state machine, since the bytes come in pieces of any size. */
#include <endian.h>

#include "remote/remote.h"

#define VERSION 1

static const char magic[4] = { 'M', 'L', 'P', 'K' };

void frame_put_header(uint8_t *buf)
{
	uint32_t version = htole32(VERSION);

	memcpy(buf, magic, sizeof(magic));
	memcpy(buf + 4, &version, sizeof(version));
}

void frame_put_entry(uint8_t *buf, const struct oid *oid, uint64_t size)
{
	uint64_t le = htole64(size);

	memset(buf, 0, FRAME_ENTRY); /* the codec is 0: plain */
	memcpy(buf, oid->sha256, 32);
	memcpy(buf + 32, &le, 8);
	memcpy(buf + 40, &le, 8);
}

void frame_reader_init(struct frame_reader *r, const struct frame_sink *sink)
{
	*r = (struct frame_reader){ .sink = sink };
}

static int check_header(const uint8_t *p, struct mlops_error *err)
{
	uint32_t version;

	if (memcmp(p, magic, sizeof(magic)))
		return err_set(err, MLOPS_ECORRUPT, "this is no stream of objects");
	memcpy(&version, p + 4, sizeof(version));
	if (le32toh(version) != VERSION)
		return err_set(err, MLOPS_ECORRUPT, "the stream of objects has version %u, not %d",
			       le32toh(version), VERSION);
	return 0;
}

static int begin_object(struct frame_reader *r, struct mlops_error *err)
{
	static const uint8_t plain[8];
	uint64_t raw, stored;
	struct oid oid;

	memcpy(oid.sha256, r->head, 32);
	memcpy(&raw, r->head + 32, 8);
	memcpy(&stored, r->head + 40, 8);
	if (raw != stored || memcmp(r->head + 48, plain, sizeof(plain)))
		return err_set(err, MLOPS_ECORRUPT, "the stream of objects has a broken entry");
	r->left = le64toh(raw);
	r->inside = true;
	return r->sink->begin(&oid, r->left, r->sink->arg, err);
}

static int take_head(struct frame_reader *r, struct mlops_error *err)
{
	r->have = 0;
	if (r->started)
		return begin_object(r, err);
	r->started = true;
	return check_header(r->head, err);
}

static size_t smaller(size_t a, uint64_t b)
{
	return a < b ? a : (size_t)b;
}

int frame_reader_add(struct frame_reader *r, const void *buf, size_t n, struct mlops_error *err)
{
	const uint8_t *p = buf;

	for (;;) {
		size_t want = r->started ? FRAME_ENTRY : FRAME_HEADER;
		size_t take = smaller(n, r->inside ? r->left : want - r->have);

		if (!r->inside) {
			memcpy(r->head + r->have, p, take);
			r->have += take;
		} else if (take && r->sink->piece(p, take, r->sink->arg, err)) {
			return -1;
		} else {
			r->left -= take;
		}
		p += take;
		n -= take;
		if (!r->inside && r->have == want && take_head(r, err))
			return -1;
		if (r->inside && !r->left) {
			r->inside = false;
			if (r->sink->end(r->sink->arg, err))
				return -1;
		}
		if (!n)
			return 0;
	}
}

int frame_reader_end(const struct frame_reader *r, struct mlops_error *err)
{
	if (!r->started || r->inside || r->have)
		return err_set(err, MLOPS_ECORRUPT, "the stream of objects ends too early");
	return 0;
}

int shared_sink_give(struct shared_sink *s, const struct oid *oid, const struct strbuf *bytes,
		     struct mlops_error *err)
{
	const struct frame_sink *sink = s->sink;

	pthread_mutex_lock(&s->lock);
	int rc = sink->begin(oid, bytes->len, sink->arg, err) ||
		 (bytes->len && sink->piece(bytes->buf, bytes->len, sink->arg, err)) ||
		 sink->end(sink->arg, err);
	pthread_mutex_unlock(&s->lock);
	return rc ? -1 : 0;
}

int frame_sink_resume(const struct frame_sink *sink, const struct oid *oid, uint64_t size,
		      uint64_t *have, struct mlops_error *err)
{
	*have = 0;
	return sink->resume ? sink->resume(oid, size, have, sink->arg, err) : 0;
}
