/* Getting objects out of blocks, by ranges that hold many pieces. */
#pragma once

#include "remote/native/list.h"

/*
 * As object_service.get(). Pieces of small objects are read in the order in which they lie; those of
 * a large one in its own order, some ahead of what the sink takes.
 */
int receive_objects(struct inventory *inv, const struct remote_item *items, size_t n,
		    const struct frame_sink *sink, struct mlops_error *err);

/* Pieces of one block in the order in which they lie there, with little between them. */
struct stretch {
	uint32_t block;
	const struct placed *parts;
	size_t n;
};
/* The longest stretch that parts[0 .. n) begin with, of at most `max` bytes there. */
struct stretch stretch_find(const struct placed *parts, size_t n, uint64_t max);
/*
 * Reads one by one request, and gives each piece decompressed: with the name in its header, which
 * nobody has hashed. MLOPS_ENOTFOUND, MLOPS_ECORRUPT.
 */
int stretch_read(struct inventory *inv, const struct stretch *stretch, struct scratch *s,
		 int (*fn)(const struct placed *part, const struct oid *name, const char *raw,
			   void *arg, struct mlops_error *err),
		 void *arg, struct mlops_error *err);
