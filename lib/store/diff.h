/*
 * What differs between the work tree and what a tracked path should hold. Content is read only
 * where stat data and sizes leave it open; trees are read only where something differs.
 */
#pragma once

#include "mlops/workspace.h"
#include "store/scan.h"

struct diff {
	enum status_kind kind; /* STATUS_ADDED, _DELETED, _MODIFIED, _TYPE or _ABSENT */
	const char *path;
	const struct tree_entry *have, *want; /* NULL where there is none */
	int dir_fd;                           /* the folder that `have` is in, else -1 */
	bool empty; /* a folder that is only here, or only there, and holds nothing */
};

typedef int (*diff_fn)(const struct diff *d, void *arg, struct mlops_error *err);

/*
 * Calls fn for each difference, a folder before what it holds; of a folder that is only on one
 * side, or in place of something else, everything is told. Stops when fn is not 0.
 *
 * STATUS_ABSENT is a file that is neither here nor in the store, or a folder whose tree is not:
 * what is below it is not known, and when it is here (`have`), it holds something else.
 */
int diff_path(struct scan *s, const char *path, const struct tree_entry *want, diff_fn fn,
	      void *arg, struct mlops_error *err);
/* The same where nothing is wanted: all that is there; MLOPS_ENOTFOUND. */
int diff_present(struct scan *s, const char *path, diff_fn fn, void *arg, struct mlops_error *err);
/* The same where nothing is there yet: all that `want` holds. */
int diff_absent(struct scan *s, const char *path, const struct tree_entry *want, diff_fn fn,
		void *arg, struct mlops_error *err);
/* The entry that a ref would be in a tree. */
struct tree_entry diff_entry_of(const struct object_ref *ref);
