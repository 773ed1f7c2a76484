/* Lists of differences, on their way to mlops_diff()'s result. */
#pragma once

#include "base/vec.h"
#include "mlops/diff.h"
#include "store/tree.h"

struct differences {
	struct difference *v;
	size_t n, cap;
};

enum item_kind item_kind_of(enum tree_kind kind);

/* Adds what became of `before`, or came as `after` (not both NULL), at the path. */
void difference_add(struct differences *list, const char *path, const struct tree_entry *before,
		    const struct tree_entry *after, bool in_work_tree);
/* Sorts by path; what was deleted and added at one path becomes one difference, or none. */
void differences_sort(struct differences *list);
/*
 * Joins the differences from A to B with those from B to C, both sorted, to those from A to C;
 * `second` is empty after.
 */
void differences_join(struct differences *first, struct differences *second);
/* Drops those whose sides have turned out to be the same. */
void differences_drop_same(struct differences *list);
/* Makes one of each pair of a deleted and an added file with the same content. */
void differences_find_renames(struct differences *list);
