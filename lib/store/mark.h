/*
 * Telling what is named from what is garbage: two bits for each copy of an object that the store
 * had when marking began, so that millions of them take next to no memory. The store is locked
 * alone meanwhile.
 */
#pragma once

#include "base/map.h"
#include "store/private.h"

/* A copy in a file of its own: plain, or sealed and under the name that it has so. */
struct file_copy {
	struct oid name;
	enum place_kind kind;
};

struct marks {
	struct store *store;
	VEC(struct file_copy) files; /* sorted by name; numbered from 0 */
	VEC(size_t) first;           /* the number of the first copy in each of store->packs */
	size_t n;                    /* copies */
	uint64_t *named, *entered; /* a bit each; a tree that was entered has what it lists named */
	struct map elsewhere;      /* a set: trees to be kept that were not here */
	size_t hint;               /* the pack that was hit last */
	uint64_t absent; /* trees that are not here, so that what they list is not known */
};

/* MLOPS_ECORRUPT when a pack cannot be read: what it holds would pass for missing. */
int marks_init(struct marks *m, struct store *store, struct mlops_error *err);
void marks_clear(struct marks *m);
/* Names an object and, of a tree, all below. */
int marks_name(struct marks *m, enum object_kind kind, const struct oid *oid,
	       struct mlops_error *err);
/* Names what is younger than `after_ms`, with all below where it is a tree that nobody names yet. */
int marks_name_young(struct marks *m, int64_t after_ms, struct mlops_error *err);
/* How many objects, of those that are here, are named. */
uint64_t marks_count(const struct marks *m);
/* Names one copy; false when the object was named already. */
bool marks_take(struct marks *m, const struct oid *name, size_t copy);
/* Whether the i-th file is a copy of an object that is named; the i-th entry of the p-th pack. */
bool marks_file_named(const struct marks *m, size_t i);
bool marks_entry_named(const struct marks *m, size_t p, uint32_t i);
