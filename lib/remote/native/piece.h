/*
 * Pieces: what blocks at a remote consist of. A block is a pack (mlops-pack(5)) without an index,
 * named by the SHA-256 of its bytes; a piece is one entry of it: a small object, a chunk of a large
 * one, or a list of chunks, under its SHA-256.
 */
#pragma once

#include "remote/private.h"
#include "store/pack.h"

#define BLOCK_BYTES   ((size_t)16 << 20) /* a block that has as much takes no more */
#define BLOCK_MAX     ((uint64_t)64 << 20)
#define BLOCK_OBJECTS ((size_t)32 << 10) /* or so many objects */
#define PIECE_SIZE    16 /* bytes that the place of one takes in indexes and lists */
#define BLOCK_KEY     96
#define BLOCK_RECORD  40                  /* name, size */
#define INDEX_OBJECTS ((size_t)128 << 10) /* an index that has as many is published */

/* Where a piece lies. Which numbers blocks have depends on where this is from. */
struct piece {
	uint32_t block;
	uint32_t offset;      /* of its header */
	uint32_t stored, raw; /* bytes: there, and when it is decompressed */
};

/*
 * An object, or a part of one, and where it lies: the piece is its very bytes when piece.raw is its
 * size, else a list of its parts.
 */
struct placed {
	struct oid oid;
	uint64_t size;
	struct piece at;
};
#define PLACED_SIZE 56

void placed_put(uint8_t *p, const struct placed *placed);
void placed_get(const uint8_t *p, struct placed *out);
void piece_put(uint8_t *p, const struct piece *piece);
void piece_get(const uint8_t *p, struct piece *out);
/* Whether it can lie in a block of that size. */
bool piece_fits(const struct piece *piece, uint64_t block_size);
/* The bytes that it takes there, header included. */
static inline uint64_t piece_span(const struct piece *piece)
{
	return PACK_ENTRY_HEADER + (uint64_t)piece->stored;
}

void block_key(const struct oid *name, char *buf); /* BLOCK_KEY bytes */

/*
 * The raw bytes of a piece from the bytes that it takes in its block, into `raw` (piece->raw
 * bytes). *name is what its header says, of which nothing is hashed. MLOPS_ECORRUPT.
 */
int piece_decode(const struct piece *piece, const char *bytes, struct scratch *s, char *raw,
		 struct oid *name, struct mlops_error *err);
/* Fetches one and checks its hash; *raw is new. MLOPS_ENOTFOUND, MLOPS_ECORRUPT. */
int piece_fetch(struct remote *r, const struct oid *block, const struct piece *piece,
		struct oid *name, char **raw, struct mlops_error *err);
