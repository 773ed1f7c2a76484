/* Merging the files that mlops keeps in git, pointers and mlops.lock, as git's merge driver does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mlops/workspace.h"

/* One version of a file; n is 0 where there is none. */
struct merge_text {
	const char *text;
	size_t n;
};

struct merge_versions {
	struct merge_text base, ours, theirs;
};

/* Whose change holds where both sides changed the same. */
enum merge_favor { MERGE_NEITHER, MERGE_OURS, MERGE_THEIRS };

struct merge_how {
	enum merge_favor favor;
	size_t marker_size; /* of conflict marks; 0: as many characters as git usually takes */
};

/* Whether mlops_merge() knows what a file of this name holds. */
MLOPS_API bool mlops_merge_knows(const char *path);
/*
 * Merges the three versions of `path` (relative to the root): tracked folders file by file,
 * mlops.lock stage by stage. *out is the merged text or, with *conflict set, both versions with
 * git's marks and a comment that names what both sides changed; the caller's. A tree that is
 * needed and not in the store is MLOPS_ENOTFOUND, a version that makes no sense MLOPS_EINVALID.
 */
MLOPS_API int mlops_merge(struct project *project, const char *path,
			  const struct merge_versions *versions, const struct merge_how *how,
			  char **out, bool *conflict, struct mlops_error *err);
/*
 * Merges once more what a merge of git's left in conflict: `path` is that of tracked data, of its
 * pointer or of mlops.lock. The result is written and, without *conflict, staged; *out is what a
 * pointer says then, of which the path is the caller's, and NULL in all other cases.
 * MLOPS_ENOTFOUND when git knows of no conflict, or as above; MLOPS_EINVALID when a side that is
 * needed removed it.
 */
MLOPS_API int mlops_merge_again(struct project *project, const char *path, enum merge_favor favor,
				struct pointer *out, bool *conflict, struct mlops_error *err);
/*
 * The trees that the versions of tracked data in conflict name, at most 3, which a merge may have
 * to have fetched; *n is 0 for a file or mlops.lock.
 */
MLOPS_API int mlops_merge_trees(struct project *project, const char *path, struct object_ref *out,
				size_t *n, struct mlops_error *err);
/* The conflict that a merge leaves which failed with `why`, told in a comment; the caller's. */
MLOPS_API char *mlops_merge_marked(const char *path, const struct merge_versions *versions,
				   const struct merge_how *how, const struct mlops_error *why);
