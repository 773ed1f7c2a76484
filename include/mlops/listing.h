/*
 * What is tracked, at a revision or in the work tree, down to the single file: pointers, outputs
 * that mlops.lock pins, and what the trees they name list. Read from the store; no data is touched.
 */
#pragma once

#include "mlops/store.h"

struct tracked {
	char *path; /* relative to the root; owned */
	struct object_ref ref;
	bool is_out; /* of a pipeline stage; else of a pointer */
	struct object_place place;
};

/*
 * All that is tracked at `rev`, or with NULL what the pointers and the mlops.lock of the work tree
 * say, in the order of a walk (what a folder
 * holds comes right behind it). Nothing in it lies below another. Free with mlops_tracked_free().
 */
MLOPS_API int mlops_tracked_list(struct project *project, const char *rev, struct tracked **out,
				 size_t *n, struct mlops_error *err);
MLOPS_API void mlops_tracked_free(struct tracked *tracked, size_t n);

enum item_kind { ITEM_FILE, ITEM_EXECUTABLE, ITEM_FOLDER, ITEM_SYMLINK };

struct item {
	enum item_kind kind;
	struct oid oid;       /* of a symlink: of the text that it points to */
	uint64_t size, files; /* of a folder: of all that is in it */
	const char *path;     /* relative to the root; lent */
	size_t depth;         /* folders entered on the way to it */
	bool is_out;
	struct object_place place; /* of it and all that is in it */
};

struct listing_how {
	const char *rev; /* NULL: the work tree's pointers and mlops.lock */
	/*
	 * Called for a folder's tree that is not in the store: puts it there, or fails. NULL: a
	 * tree that is not there is MLOPS_ENOTFOUND.
	 */
	int (*supply)(const struct oid *tree, const struct object_place *place, void *arg,
		      struct mlops_error *err);
	void *arg;
};

/*
 * Walks what is tracked at, in and below `path` ("" for all): a folder before what it holds, which
 * follows when fn sets *enter. The first items are `path` itself when it is tracked or lies in a
 * tracked folder, else all that is tracked below it. Stops when fn is not 0, which is returned.
 * MLOPS_ENOTFOUND when there is nothing of that name.
 */
MLOPS_API int mlops_listing_walk(struct project *project, const struct listing_how *how,
				 const char *path,
				 int (*fn)(const struct item *item, bool *enter, void *arg,
					   struct mlops_error *err),
				 void *arg, struct mlops_error *err);

/* The one thing at `path`; item->path is not set. MLOPS_ENOTFOUND. */
MLOPS_API int mlops_listing_find(struct project *project, const struct listing_how *how,
				 const char *path, struct item *out, struct mlops_error *err);
