/*
 * Writing the objects of some packs, and loose ones, into new packs, and taking away the old once
 * the new are durable. Nothing that is in place is changed: who has an old pack open reads on.
 */
#pragma once

#include "store/private.h"

struct rewrite {
	struct store *store;
	const char *aside; /* the folder that old packs go to; NULL: they are removed */
	struct scratch *scratch;
	struct pack_writer *writer; /* NULL when none is begun */
	struct timespec newest;     /* the mtime of what went into it */
	struct strlist old;         /* packs that are done with */
	uint64_t old_bytes;
	struct strlist made; /* names of new ones */
};

int rewrite_init(struct rewrite *r, struct store *store, const char *aside,
		 struct mlops_error *err);
void rewrite_clear(struct rewrite *r);
/*
 * Copies the entries that `wanted` picks, checked against their names; then the pack is old. What
 * is old is taken away in between when it is much, so that not all is there twice.
 */
int rewrite_pack(struct rewrite *r, const struct pack *pack,
		 bool (*wanted)(uint32_t i, const struct oid *oid, void *arg), void *arg,
		 struct mlops_error *err);
/* The same for an object in a file of its own, which stays. */
int rewrite_file(struct rewrite *r, enum place_kind kind, const struct oid *name,
		 struct mlops_error *err);
/* Makes durable what was copied, then takes the old packs away. */
int rewrite_finish(struct rewrite *r, struct mlops_error *err);
