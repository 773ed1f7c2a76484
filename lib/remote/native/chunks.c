/*
 * Finding chunks that the remote has already. Indexes hold a sample of the chunks of each list; one
 * that hits leads to its list, and with it to those around it, of which most will follow.
 */
#include "base/le.h"
#include "base/log.h"
#include "remote/native/sender.h"

#define MAX_CHUNKS  ((size_t)256 << 10) /* kept; then all are forgotten */
#define CHECK_FIRST 4                   /* blocks that are relied on and read from; */
#define CHECK_EVERY 16                  /* then one in so many */

struct cached_list {
	struct piece at;
	size_t from, n; /* its chunks in `chunks` */
};

struct chunk_cache {
	VEC(struct cached_list) lists;
	VEC(struct placed) chunks;
	uint32_t *slots;      /* place in `chunks` plus one, by name */
	size_t n_slots, used; /* a power of two, of which `used` are in use */
	size_t relied;        /* blocks */
};

struct chunk_cache *chunk_cache_new(void)
{
	return xcalloc(1, sizeof(struct chunk_cache));
}

static void empty(struct chunk_cache *c)
{
	vec_free(&c->lists);
	vec_free(&c->chunks);
	free(c->slots);
	*c = (struct chunk_cache){ .relied = c->relied };
}

void chunk_cache_free(struct chunk_cache *c)
{
	if (!c)
		return;
	empty(c);
	free(c);
}

static uint32_t *slot_of(const struct chunk_cache *c, const struct oid *name)
{
	size_t mask = c->n_slots - 1, i = le64_get(name->sha256 + 8) & mask;

	while (c->slots[i] && !mlops_oid_equal(&c->chunks.v[c->slots[i] - 1].oid, name))
		i = (i + 1) & mask;
	return &c->slots[i];
}

static void grow_slots(struct chunk_cache *c, size_t more)
{
	size_t want = (c->chunks.n + more) * 2;

	if (want <= c->n_slots)
		return;
	free(c->slots);
	for (c->n_slots = c->n_slots ? c->n_slots : 4096; c->n_slots < want;)
		c->n_slots *= 2;
	c->slots = xcalloc(c->n_slots, sizeof(*c->slots));
	for (size_t i = 0; i < c->chunks.n; i++)
		*slot_of(c, &c->chunks.v[i].oid) = (uint32_t)i + 1;
}

void chunk_cache_add(struct chunk_cache *c, const struct piece *at, struct list *l)
{
	if (c->chunks.n + l->parts.n > MAX_CHUNKS)
		empty(c);
	grow_slots(c, l->parts.n);
	vec_push(&c->lists, { *at, c->chunks.n, l->parts.n });
	for (size_t i = 0; i < l->parts.n; i++) {
		vec_push(&c->chunks, l->parts.v[i]);
		*slot_of(c, &l->parts.v[i].oid) = (uint32_t)c->chunks.n;
	}
}

static const struct cached_list *list_of(const struct chunk_cache *c, size_t chunk)
{
	size_t low = 0, high = c->lists.n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (c->lists.v[middle].from <= chunk)
			low = middle;
		else
			high = middle;
	}
	return &c->lists.v[low];
}

bool chunk_cache_find(const struct chunk_cache *c, const struct oid *name, struct chunk_found *out)
{
	uint32_t at = c->n_slots ? *slot_of(c, name) : 0;

	if (!at)
		return false;
	const struct cached_list *l = list_of(c, at - 1);
	*out = (struct chunk_found){ c->chunks.v[at - 1], l->at, at - 1 - l->from, l->n };
	return true;
}

static bool find_hook(struct sender *s, uint64_t prefix, struct piece *out)
{
	size_t mask = s->n_hooks - 1, i = (prefix >> 16) & mask;

	for (; s->n_hooks && s->hooks[i].list; i = (i + 1) & mask) {
		if (s->hooks[i].prefix != prefix)
			continue;
		const struct built_block *b;

		*out = s->built.lists.v[s->hooks[i].list - 1];
		b = &s->built.blocks.v[out->block];
		out->block = inventory_add_block(s->inv, &b->name, b->size);
		return true;
	}
	return inventory_hook(s->inv, prefix, out);
}

/* Whether what is relied on for the first time is what it should be: one in some is read. */
static int check_block(struct sender *s, const struct placed *chunk, bool *good,
		       struct mlops_error *err)
{
	unsigned flags = inventory_flags(s->inv, chunk->at.block);
	const struct built_block block = inventory_block(s->inv, chunk->at.block);
	autofree char *raw = NULL;
	struct oid name;

	*good = (flags & BLOCK_NAMED) && !(flags & (BLOCK_BAD | BLOCK_CONDEMNED));
	if (!*good || (flags & BLOCK_CHECKED))
		return 0;
	size_t n = s->chunks->relied++;
	if (n >= CHECK_FIRST && n % CHECK_EVERY) {
		inventory_flag(s->inv, chunk->at.block, BLOCK_CHECKED);
		return 0;
	}
	int rc = piece_fetch(s->inv->remote, &block.name, &chunk->at, &name, &raw, err);
	*good = !rc && mlops_oid_equal(&name, &chunk->oid);
	inventory_flag(s->inv, chunk->at.block, *good ? BLOCK_CHECKED : BLOCK_BAD);
	if (*good || !rc)
		return 0;
	if (err->kind != MLOPS_ENOTFOUND && err->kind != MLOPS_ECORRUPT)
		return -1;
	log_warn("a block of remote '%s' is damaged or gone: what was in it is sent again",
		 s->inv->remote->name);
	s->chunks->relied = 0; /* look closer */
	mlops_error_clear(err);
	return 0;
}

/* Looks into the list that a hook leads to. */
static int load_list(struct sender *s, const struct piece *at, struct mlops_error *err)
{
	autolist l = { 0 };

	if (list_fetch(s->inv, at, &l, err)) {
		if (err->kind != MLOPS_ENOTFOUND && err->kind != MLOPS_ECORRUPT)
			return -1;
		inventory_flag(s->inv, at->block, BLOCK_BAD);
		mlops_error_clear(err);
		return 0;
	}
	if (l.kind == LIST_CHUNKS)
		chunk_cache_add(s->chunks, at, &l);
	return 0;
}

static int find_chunk(struct sender *s, const struct oid *name, bool *found,
		      struct chunk_found *out, struct mlops_error *err)
{
	struct piece at;

	*found = chunk_cache_find(s->chunks, name, out);
	if (!*found && find_hook(s, le64_get(name->sha256), &at)) {
		if (load_list(s, &at, err))
			return -1;
		*found = chunk_cache_find(s->chunks, name, out);
	}
	return *found ? check_block(s, &out->chunk, found, err) : 0;
}

int sender_find_chunk(struct sender *s, const struct oid *name, bool *found,
		      struct chunk_found *out, struct mlops_error *err)
{
	pthread_mutex_lock(&s->lock);
	int rc = find_chunk(s, name, found, out, err);
	pthread_mutex_unlock(&s->lock);
	return rc;
}
