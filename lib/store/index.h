/*
 * The stat cache: what a path held when it was last read, and the stat data it had then
 * (mlops-index(5)). It may be deleted at any time; a damaged one is as good as none. Entries that
 * could hide a change (git's racy ones) are written down as such and never match.
 */
#pragma once

#include <sys/stat.h>

#include "base/str.h"
#include "mlops/project.h"
#include "store/tree.h"

struct index;

/* The project's index, read on first use and freed with the project; lent. Never fails. */
struct index *index_of(struct project *project);
/* One of its own in another file of .mlops/, whose oids are what its user takes them for. */
struct index *index_open(struct project *project, const char *name);
void index_free(struct index *ix); /* of index_open(); NULL is fine */

/* Whether it holds anything about `path`, true or not. */
bool index_knows(struct index *ix, const char *path);
/* Whether the file or symlink at `path` is as it was when the index learned *oid. */
bool index_match(struct index *ix, const char *path, const struct stat *st, struct oid *oid);
/*
 * Whether the folder's listing, which has this fingerprint, is that of tree *oid. The fingerprint
 * is a hash of the tree's text, so it spares hashing, and reading nothing.
 */
struct fingerprint {
	uint8_t xxh3[16];
};
struct fingerprint index_fingerprint(const struct strbuf *tree_text);
bool index_match_tree(struct index *ix, const char *path, const struct fingerprint *print,
		      struct oid *oid);

/*
 * Call before reading a file whose status changed at `ctime_ns`: waits, briefly, until the file
 * system's clock is past that, so that a later change cannot leave the same stat data.
 */
void index_settle(struct index *ix, int64_t ctime_ns);
/* Learns what a file held; `st` was taken after index_settle() and before reading. */
void index_put(struct index *ix, const char *path, const struct stat *st, const struct oid *oid);
void index_put_tree(struct index *ix, const char *path, const struct fingerprint *print,
		    const struct oid *oid);
/* All below `path` was looked at: what was neither matched nor put there is gone. */
void index_scanned(struct index *ix, const char *path);
/* Writes it when it learned something. */
int index_write(struct index *ix, struct mlops_error *err);

int64_t index_time_ns(const struct timespec *t);
