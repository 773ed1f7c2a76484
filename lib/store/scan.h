/*
 * Looking at the work tree. A scan goes through a folder once, with one lstat(2) a file, and gives
 * the tree object that it would be; content is read only where the index does not know it.
 */
#pragma once

#include "base/map.h"
#include "store/beneath.h"
#include "store/index.h"
#include "store/tree.h"

enum scan_mode {
	SCAN_STAT, /* reads no content: what the index does not know stays unknown */
	SCAN_HASH, /* reads and hashes it */
	SCAN_SAVE, /* and stores it, with the trees */
};

struct scan {
	struct store *store;
	struct index *index; /* NULL only for diff_absent() */
	enum scan_mode mode;
	struct beneath beneath; /* the project's root */
	struct map folders;     /* path -> struct tree_entry of each folder that was scanned */
	struct arena arena;
	size_t files_read; /* and symlinks */
};

int scan_init(struct scan *s, struct project *project, enum scan_mode mode,
	      struct mlops_error *err);
void scan_clear(struct scan *s);
#define autoscan __attribute__((cleanup(scan_clear))) struct scan

/* The file, symlink or folder at `path`, which is relative to the root; MLOPS_ENOTFOUND. */
int scan_path(struct scan *s, const char *path, struct tree_entry *out, struct mlops_error *err);
/* The same as a ref, which only files and folders can be; not for SCAN_STAT. */
int scan_ref(struct scan *s, const char *path, struct object_ref *out, struct mlops_error *err);
/*
 * What the folder, open as fd, holds, sorted; folders that this scan has been in already are not
 * entered again. Clear *out when 0. `path` grows and shrinks while it works.
 */
int scan_list(struct scan *s, int fd, struct strbuf *path, int depth, struct tree *out,
	      struct mlops_error *err);
/* Reads a file or symlink of the folder after all; with `save` stores it. `path` names it. */
int scan_read(struct scan *s, int dir_fd, const char *path, bool save, struct tree_entry *e,
	      struct mlops_error *err);

/* "a folder", "a symlink", ... for messages. */
const char *scan_kind_name(enum tree_kind kind);
