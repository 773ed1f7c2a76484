/* Objects on their way into the sealed form, and out of it, a chunk at a time. */
#include <pthread.h>

#include "remote/sealed.h"

struct sealing {
	pthread_mutex_t lock; /* guards all below */
	struct remote_source plain;
	struct sealed *seal;
	bool filled; /* `block` holds the chunk */
	uint64_t chunk;
	uint8_t header[SEALED_HEADER], in[SEALED_CHUNK], block[SEALED_BLOCK];
};

static int fill(struct sealing *s, uint64_t chunk, struct mlops_error *err)
{
	uint64_t at = chunk * SEALED_CHUNK, left = s->plain.size - at;
	bool last = left <= SEALED_CHUNK;
	size_t n = last ? (size_t)left : SEALED_CHUNK;

	if (s->filled && s->chunk == chunk)
		return 0;
	s->filled = false;
	if (n && remote_source_read(&s->plain, at, s->in, n, err))
		return -1;
	/* Asked for again, it is the same: the same bytes under the same nonce. */
	sealed_put_chunk(s->seal, chunk, last, s->in, n, s->block);
	s->chunk = chunk;
	s->filled = true;
	return 0;
}

static int read_part(struct sealing *s, char *buf, size_t n, uint64_t at, size_t *done,
		     struct mlops_error *err)
{
	const uint8_t *from = s->header + at;
	size_t room = SEALED_HEADER - (size_t)at;

	if (at >= SEALED_HEADER) {
		size_t skip = (at - SEALED_HEADER) % SEALED_BLOCK;

		if (fill(s, (at - SEALED_HEADER) / SEALED_BLOCK, err))
			return -1;
		from = s->block + skip;
		room = SEALED_BLOCK - skip;
	}
	*done = n < room ? n : room;
	memcpy(buf, from, *done);
	return 0;
}

static int read_sealing(void *buf, size_t n, uint64_t at, void *arg, struct mlops_error *err)
{
	struct sealing *s = arg;
	char *to = buf;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t done; n && !rc; to += done, at += done, n -= done) {
		done = 0;
		rc = read_part(s, to, n, at, &done, err);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void close_sealing(void *arg)
{
	struct sealing *s = arg;

	remote_source_close(&s->plain);
	sealed_free(s->seal);
	pthread_mutex_destroy(&s->lock);
	explicit_bzero(s->in, sizeof(s->in));
	free(s);
}

int sealing_open(const struct seal_key *key, const struct oid *name, struct remote_source *plain,
		 struct remote_source *out, struct mlops_error *err)
{
	struct sealing *s = xmalloc(sizeof(*s));

	s->plain = *plain;
	*plain = (struct remote_source){ .fd = -1 };
	s->seal = NULL;
	s->filled = false;
	pthread_mutex_init(&s->lock, NULL);
	if (sealed_new(key, &s->seal, err) || sealed_put_header(s->seal, name, s->header, err)) {
		close_sealing(s);
		return -1;
	}
	*out = (struct remote_source){ .fd = -1,
				       .size = sealed_size(s->plain.size),
				       .read = read_sealing,
				       .arg = s,
				       .close = close_sealing };
	return 0;
}

void unsealing_init(struct unsealing *u, const struct seal_key *key, const struct frame_sink *sink)
{
	*u = (struct unsealing){ .key = key, .sink = sink };
	u->block = xmalloc(SEALED_BLOCK);
	u->plain = xmalloc(SEALED_CHUNK);
}

void unsealing_clear(struct unsealing *u)
{
	sealed_free(u->seal);
	explicit_bzero(u->plain, SEALED_CHUNK);
	free(u->block);
	free(u->plain);
}

int unsealing_begin(struct unsealing *u, const struct oid *oid, const struct oid *name,
		    uint64_t size, struct mlops_error *err)
{
	uint64_t plain;

	sealed_free(steal_ptr(&u->seal)); /* of one that broke off */
	u->size = size;
	u->come = u->chunk = u->have = 0;
	u->name = *name;
	if (!sealed_plain_size(size, &plain))
		return err_set(err, MLOPS_ECORRUPT, "the sealed object is cut short or longer");
	return u->sink->begin(oid, plain, u->sink->arg, err);
}

/* How many bytes the header or chunk that is coming has. */
static size_t expected(const struct unsealing *u)
{
	uint64_t left = u->size - (u->come - u->have);

	if (!u->seal)
		return SEALED_HEADER;
	return left < SEALED_BLOCK ? (size_t)left : SEALED_BLOCK;
}

static int take_block(struct unsealing *u, struct mlops_error *err)
{
	size_t n = u->have;

	u->have = 0;
	if (!u->seal)
		return sealed_open(u->key, u->block, &u->name, &u->seal, err);
	if (sealed_get_chunk(u->seal, u->chunk++, u->come == u->size, u->block, n, u->plain, err))
		return -1;
	n -= CIPHER_TAG;
	return n ? u->sink->piece(u->plain, n, u->sink->arg, err) : 0;
}

int unsealing_add(struct unsealing *u, const void *buf, size_t n, struct mlops_error *err)
{
	const uint8_t *p = buf;

	if (n > u->size - u->come)
		return err_set(err, MLOPS_ECORRUPT, "the sealed object is longer than it was said");
	while (n) {
		size_t want = expected(u) - u->have, take = n < want ? n : want;

		memcpy(u->block + u->have, p, take);
		u->have += take;
		u->come += take;
		p += take;
		n -= take;
		if (take == want && take_block(u, err))
			return -1;
	}
	return 0;
}

int unsealing_end(struct unsealing *u, struct mlops_error *err)
{
	if (u->come != u->size)
		return err_set(err, MLOPS_ECORRUPT, "the sealed object is cut short");
	return u->sink->end(u->sink->arg, err);
}
