/*
 * Index files of a remote (mlops-remote(5)): which objects lie where in its blocks, and samples of
 * the chunks that large ones were cut into. Immutable, each named by the SHA-256 of its bytes; a
 * remote has what all of them name.
 */
#pragma once

#include "base/map.h"
#include "base/str.h"
#include "remote/native/piece.h"

#define INDEX_MAX ((size_t)1 << 30)

struct block_index {
	struct oid name;
	uint8_t *p; /* owned, or mapped */
	size_t n;
	bool mapped;
	bool marked;  /* gc has replaced it: what is only in it may go */
	bool pending; /* of blocks that are there, and not published yet */
	uint32_t n_blocks, n_lists, n_hooks;
	uint64_t n_objects;
	uint32_t *numbers; /* of its blocks, in the inventory's table */
};

/* Takes the bytes (new; freed in any case). MLOPS_ECORRUPT, MLOPS_EINVALID. */
int block_index_parse(void *bytes, size_t n, struct block_index **out, struct mlops_error *err);
/* Maps a file of them that was checked before. */
int block_index_map(const char *path, struct block_index **out, struct mlops_error *err);
void block_index_free(struct block_index *x); /* NULL is fine */
/* It is not needed for a while: one that is mapped takes no memory until it is. */
void block_index_rest(const struct block_index *x);

void block_index_block(const struct block_index *x, uint32_t i, struct oid *name, uint64_t *size);
void block_index_object(const struct block_index *x, uint64_t i, struct placed *out);
bool block_index_find(const struct block_index *x, const struct oid *oid, struct placed *out);
void block_index_list(const struct block_index *x, uint32_t i, struct piece *out);
void block_index_hook_at(const struct block_index *x, uint32_t i, uint64_t *prefix, uint32_t *list);
/* Where the list is that a chunk with this prefix of its hash is in. */
bool block_index_hook(const struct block_index *x, uint64_t prefix, struct piece *out);

/* One that is being made. */
struct built_block {
	struct oid name;
	uint64_t size;
};
struct built_hook {
	uint64_t prefix;
	uint32_t list;
};
struct index_builder {
	VEC(struct built_block) blocks;
	struct map numbers; /* of blocks by name, plus one */
	VEC(struct placed) objects;
	VEC(struct piece) lists;
	VEC(struct built_hook) hooks;
	uint32_t salt;   /* makes the name another */
	uint32_t *slots; /* the first n_slotted objects by name, plus one; 0: free */
	size_t n_slots, n_slotted;
};
void index_builder_clear(struct index_builder *b);
/* The number of a block, which is added when it is new. */
uint32_t index_builder_block(struct index_builder *b, const struct oid *name, uint64_t size);
/* Adds what another one, or an index, holds. */
void index_builder_join(struct index_builder *b, const struct index_builder *from);
void index_builder_add(struct index_builder *b, const struct block_index *from);
bool index_builder_has(struct index_builder *b, const struct oid *object);
/* Sorts it, and appends the bytes of its index. */
void index_builder_print(struct index_builder *b, struct strbuf *out);
