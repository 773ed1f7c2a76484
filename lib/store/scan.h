/*
 * Looking at the work tree. A scan goes through a folder once, with one lstat(2) a file, and gives
 * the tree object that it would be; content is read only where the index does not know it.
 */
#pragma once

#include "base/map.h"
#include "store/ignores.h"
#include "store/beneath.h"
#include "store/index.h"
#include "store/tree.h"

enum scan_mode {
	SCAN_STAT,  /* reads no content: what the index does not know stays unknown */
	SCAN_HASH,  /* reads and hashes it */
	SCAN_TREES, /* and stores the trees, which no flush is to make durable */
	SCAN_SAVE,  /* and stores it, with the trees */
};

struct scan {
	struct store *store;
	struct index *index; /* NULL only for diff_absent() */
	enum scan_mode mode;
	bool shallow; /* SCAN_STAT: a folder that was not scanned before is not entered: unknown */
	struct beneath beneath; /* the project's root */
	struct map folders;     /* path -> struct tree_entry of each folder that was scanned */
	struct arena arena;
	struct ignores ignores; /* what it has come across */
	struct map asked;       /* a set: folders whose rules are in `ignores`, if they have any */
	size_t files_read;      /* and symlinks */
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

/*
 * Something of a folder that scan_list() has left out by the rules, which a tree lists nevertheless;
 * *there tells whether it is. As for scan_list(), `path` names it.
 */
int scan_hidden(struct scan *s, int fd, struct strbuf *path, int depth, struct tree_entry *e,
		bool *there, struct mlops_error *err);

/* Reads the rules (.mlopsignore) of an open folder, of all folders above a path; each once. */
int scan_rules_in(struct scan *s, int dir_fd, const char *folder, struct mlops_error *err);
int scan_rules_above(struct scan *s, const char *path, struct mlops_error *err);
/* Whether the rules read so far leave the path out. */
bool scan_ignores(const struct scan *s, const char *path, bool is_folder);

/* "a folder", "a symlink", ... for messages. */
const char *scan_kind_name(enum tree_kind kind);
