/* Three-way merges: what one side changed is taken, what both changed is a conflict. */
#pragma once

#include "fmt/conflict.h"
#include "mlops/merge.h"
#include "store/tree.h"

/* The three versions of one entry; NULL where there is none. */
struct merge_sides {
	const struct tree_entry *base, *ours, *theirs;
};

struct merge {
	struct store *store;
	enum merge_favor favor;
	/* Each path that both sides changed, when neither is favoured. */
	void (*conflict)(const char *path, const struct merge_sides *sides, void *arg);
	void *arg;
	size_t conflicts;
};

/*
 * Merges entries of one path into *out, whose name is not set; *there is false when it is to go.
 * Only trees that differ are read, and only new ones written; MLOPS_ENOTFOUND when one is not in
 * the store. After a conflict *out is not to be used.
 */
int merge_entries(struct merge *m, const char *path, const struct merge_sides *sides,
		  struct tree_entry *out, bool *there, struct mlops_error *err);

struct lock_merge {
	enum merge_favor favor;
	size_t marker_size;
	struct conflict_notes *notes; /* on stages that both sides changed, neither favoured */
	size_t conflicts;
};
/* Merges the texts of mlops.lock; after conflicts `out` has marks in it. */
int merge_lock(struct lock_merge *m, const char *shown, const struct merge_versions *versions,
	       struct strbuf *out, struct mlops_error *err);
