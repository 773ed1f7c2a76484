/*
 * Changing stored trees at a path. Only the trees on the path are read and written, so that a
 * folder can be changed of which nothing else is here.
 */
#pragma once

#include "store/tree.h"

struct tree_edit {
	const char *path; /* below the tree */
	const struct tree_entry
		*entry; /* what is to be there (its name is not used); NULL: nothing */
};

/*
 * The folder that the tree `root` (NULL: an empty one) becomes by all the edits, no path of which
 * is or lies below another. Folders above a new entry are made; one that is left empty stays.
 * MLOPS_ENOTFOUND for a path to be removed that is not listed, or a tree that is not in the store;
 * MLOPS_EINVALID for a path that leads through a file, or is named twice. The trees are in the
 * store, though not flushed, when it is 0; out->name is NULL. `shown` is the root's own path, for
 * messages.
 */
int tree_edit(struct store *store, const struct oid *root, const char *shown,
	      const struct tree_edit *edits, size_t n, struct tree_entry *out,
	      struct mlops_error *err);

/* What the tree lists at a path below it; MLOPS_ENOTFOUND. out->name is lent from `path`. */
int tree_lookup(struct store *store, const struct oid *root, const char *shown, const char *path,
		struct tree_entry *out, struct mlops_error *err);

/*
 * The folder that `fresh`, which the work tree holds now, becomes with all that `old` lists there
 * and that was never pulled: it is missing from the work tree only for that. MLOPS_ENOTFOUND when
 * a folder has content whose old tree is not in the store, so that this cannot be told.
 */
int tree_keep_absent(struct store *store, const struct tree_entry *old,
		     const struct tree_entry *fresh, const char *shown, struct tree_entry *out,
		     struct mlops_error *err);

/* Puts a tree; out->name is NULL. */
int tree_put(struct store *store, const struct tree *tree, struct tree_entry *out,
	     struct mlops_error *err);
/* As tree_load(), for the folder `path`: one that is not in the store is told by that, with a hint. */
int tree_load_at(struct store *store, const struct oid *oid, const char *path, struct tree *out,
		 struct mlops_error *err);
