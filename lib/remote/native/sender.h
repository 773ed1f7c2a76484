/*
 * Sending pieces: they are collected in blocks, a few of which are open at a time, one a thread; a
 * full one is put, and noted locally. What lies in blocks that were put becomes visible when an
 * index of it is published.
 */
#pragma once

#include "remote/native/list.h"

#define BLOCK_OWN 0 /* the number of an open block in its own index */

struct open_block {
	struct strbuf bytes;
	struct index_builder own; /* what is in it */
	struct scratch *scratch;
};

struct hook_slot {
	uint64_t prefix;
	uint32_t list; /* plus one; 0: free */
};

struct sender {
	struct inventory *inv;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t returned;
	struct open_block *idle[3];
	size_t n_idle, n_out;       /* out: with a thread */
	struct index_builder built; /* of blocks that were put, not published yet */
	struct hook_slot *hooks;    /* the same hooks, to be found */
	size_t n_hooks;             /* a power of two */
	VEC(struct oid) pending;    /* blocks that are noted locally */
	struct chunk_cache *chunks; /* see chunks.c */
	unsigned published;         /* indexes, since the last flush */
};

int sender_new(struct inventory *inv, struct sender **out, struct mlops_error *err);
void sender_free(struct sender *s); /* NULL is fine */

/* An open block for this thread alone, with room for a piece; to be given back. */
int sender_take(struct sender *s, struct open_block **out, struct mlops_error *err);
void sender_give(struct sender *s, struct open_block *b);
static inline bool block_is_full(const struct open_block *b)
{
	return b->bytes.len >= BLOCK_BYTES || b->own.objects.n >= BLOCK_OBJECTS;
}
/* Puts it and empties it; *number is what the inventory calls it. */
int sender_put(struct sender *s, struct open_block *b, uint32_t *number, struct mlops_error *err);
/* Appends a piece; the place has the number BLOCK_OWN. */
void block_add(struct open_block *b, const struct oid *name, const void *buf, size_t n,
	       struct piece *out);
/* Sets present[i] for what lies in blocks that are not published yet. */
void sender_has(struct sender *s, const struct remote_item *items, size_t n, bool *present);
/* Puts what is left and publishes all. */
int sender_flush(struct sender *s, struct mlops_error *err);

/* Sends an object whose bytes are `from`, through a block of this thread's. */
int sender_object(struct sender *s, struct open_block *b, const struct remote_item *item,
		  const struct remote_source *from, struct mlops_error *err);

/* Chunks that the remote has, of lists that were looked at lately; under the sender's lock. */
struct chunk_cache *chunk_cache_new(void);
void chunk_cache_free(struct chunk_cache *c);
void chunk_cache_add(struct chunk_cache *c, const struct piece *at, struct list *l);
/* The chunk of that name, with its list and its place in there. */
struct chunk_found {
	struct placed chunk;
	struct piece list;
	size_t i, n; /* which of how many in the list */
};
bool chunk_cache_find(const struct chunk_cache *c, const struct oid *name, struct chunk_found *out);

/* Whether the remote has a chunk that may be relied on. */
int sender_find_chunk(struct sender *s, const struct oid *name, bool *found,
		      struct chunk_found *out, struct mlops_error *err);
