/* Cleaning up a remote with blocks (mlops-remote(5)); the parts of gc.c, gc_find.c and gc_sweep.c. */
#pragma once

#include "remote/native/native.h"

/* An object that stays and is not in a young index: where it is, and what that rests on. */
struct staying {
	struct placed at;
	uint32_t blocks, n_blocks; /* in `blocks` of the cleaning */
	uint32_t lists, n_lists;   /* in `lists` */
};

struct cleaning {
	struct project *project;
	const struct remote_gc_how *how;
	struct remote_gc_counts *counts;
	struct remote *remote;
	struct inventory *inv;
	struct native *native;
	int64_t now_ms; /* by the remote's clock */
	struct listed_vec indexes, marks;
	VEC(struct oid) named; /* objects, sorted */
	VEC(struct staying) staying;
	VEC(uint32_t) blocks; /* numbers of the inventory */
	VEC(struct piece) lists;
	VEC(struct block_index *) old; /* indexes without a mark that can be replaced; lent */
	uint64_t *used;                /* bytes in use of each block */
	bool *needed;                  /* by a young index */
	bool *going;                   /* blocks that are to be marked */
	size_t n_blocks;               /* how many blocks these three are about */
};

/* Whether something listed is as old as that; what has no time is young. */
bool gc_is_older(const struct cleaning *c, const struct key_info *info, int64_t age_ms);
/* Refuses when an index could not be read, MLOPS_ECORRUPT. */
int gc_check_indexes(const struct cleaning *c, struct mlops_error *err);
/* Names of all that the refs lead to. */
int gc_find_named(struct cleaning *c, const struct object_ref *refs, size_t n,
		  struct mlops_error *err);
/* What stays and what can go. */
int gc_find_staying(struct cleaning *c, struct mlops_error *err);
/* Removes what marks that are old enough name. */
int gc_sweep(struct cleaning *c, struct mlops_error *err);
