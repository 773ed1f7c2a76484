/* A ring of buffers: each is filled by one request, in a thread of its own, and taken in order. */
#include "remote/native/ahead.h"

#include "base/pool.h"

#define SLOTS    4
#define SLOT_MAX ((size_t)4 << 20)
#define WORTH_IT ((uint64_t)8 << 20) /* smaller objects are read without threads */

struct slot {
	struct ahead *ahead;
	struct stretch stretch;
	VEC(struct placed) parts; /* of the stretch */
	struct scratch *scratch;
	char *buf; /* SLOT_MAX bytes */
	size_t n;
	bool done;
	struct mlops_error err;
};

struct ahead {
	struct inventory *inv;
	const struct frame_sink *sink;
	struct pool *pool;    /* or NULL: no threads */
	pthread_mutex_t lock; /* guards `done` of all */
	pthread_cond_t filled;
	struct slot slots[SLOTS];
	size_t first, n; /* in use, in order */
	uint64_t skip;   /* bytes that are still to be left out */
};

int ahead_new(struct inventory *inv, uint64_t size, uint64_t skip, const struct frame_sink *sink,
	      struct ahead **out, struct mlops_error *err)
{
	struct pool *pool = NULL;

	if (size >= WORTH_IT && pool_new(SLOTS - 1, SLOTS, &pool, err))
		return -1;
	struct ahead *a = xcalloc(1, sizeof(*a));
	a->inv = inv;
	a->sink = sink;
	a->skip = skip;
	a->pool = pool;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->filled, NULL);
	*out = a;
	return 0;
}

void ahead_free(struct ahead *a)
{
	if (a->pool)
		pool_free(a->pool);
	for (size_t i = 0; i < SLOTS; i++) {
		vec_free(&a->slots[i].parts);
		scratch_free(a->slots[i].scratch);
		mlops_error_clear(&a->slots[i].err);
		free(a->slots[i].buf);
	}
	pthread_cond_destroy(&a->filled);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static int keep(const struct placed *part, const struct oid *name, const char *raw, void *arg,
		struct mlops_error *err)
{
	struct slot *s = arg;

	if (!mlops_oid_equal(name, &part->oid))
		return err_set(err, MLOPS_ECORRUPT, "another chunk is in its place");
	memcpy(s->buf + s->n, raw, part->at.raw);
	s->n += part->at.raw;
	return 0;
}

static int fill(void *arg, struct mlops_error *ignored)
{
	struct slot *s = arg;
	struct ahead *a = s->ahead;

	(void)ignored;
	if ((s->scratch || !scratch_new(&s->scratch, &s->err)) &&
	    stretch_read(a->inv, &s->stretch, s->scratch, keep, s, &s->err) &&
	    (s->err.kind == MLOPS_ECORRUPT || s->err.kind == MLOPS_ENOTFOUND))
		inventory_flag(a->inv, s->stretch.block, BLOCK_BAD);
	pthread_mutex_lock(&a->lock);
	s->done = true;
	pthread_cond_signal(&a->filled);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

bool ahead_skip(struct ahead *a, uint64_t size)
{
	if (a->n || a->skip < size) /* what is on its way is skipped first */
		return false;
	a->skip -= size;
	return true;
}

/* Gives what the oldest slot holds, once it is there. */
static int take_first(struct ahead *a, struct mlops_error *err)
{
	struct slot *s = &a->slots[a->first];

	pthread_mutex_lock(&a->lock);
	while (!s->done)
		pthread_cond_wait(&a->filled, &a->lock);
	pthread_mutex_unlock(&a->lock);
	a->first = (a->first + 1) % SLOTS;
	a->n--;
	if (s->err.kind)
		return err_move(err, &s->err);
	size_t skip = a->skip < s->n ? (size_t)a->skip : s->n;
	a->skip -= skip;
	return skip == s->n ? 0 : a->sink->piece(s->buf + skip, s->n - skip, a->sink->arg, err);
}

static void start(struct ahead *a, const struct stretch *stretch)
{
	struct slot *s = &a->slots[(a->first + a->n++) % SLOTS];

	s->ahead = a;
	s->done = false;
	s->n = s->parts.n = 0;
	if (!s->buf)
		s->buf = xmalloc(SLOT_MAX);
	for (size_t i = 0; i < stretch->n; i++)
		vec_push(&s->parts, stretch->parts[i]);
	s->stretch = (struct stretch){ stretch->block, s->parts.v, stretch->n };
	if (a->pool)
		pool_add(a->pool, fill, s);
	else
		fill(s, NULL);
}

/* As many of the stretch as a slot holds. */
static void shorten(struct stretch *stretch)
{
	size_t total = 0;

	for (size_t i = 0; i < stretch->n; i++) {
		total += stretch->parts[i].at.raw;
		if (total > SLOT_MAX)
			stretch->n = i;
	}
}

int ahead_read(struct ahead *a, const struct list *l, struct mlops_error *err)
{
	size_t i = 0;

	while (i < l->parts.n && ahead_skip(a, l->parts.v[i].size))
		i++;
	while (i < l->parts.n) {
		struct stretch stretch = stretch_find(l->parts.v + i, l->parts.n - i, SLOT_MAX);

		shorten(&stretch);
		if (!stretch.n)
			return err_set(err, MLOPS_ECORRUPT, "a chunk is too large");
		if (a->n == SLOTS && take_first(a, err))
			return -1;
		start(a, &stretch);
		i += stretch.n;
	}
	return 0;
}

int ahead_end(struct ahead *a, struct mlops_error *err)
{
	while (a->n)
		if (take_first(a, err))
			return -1;
	return 0;
}
