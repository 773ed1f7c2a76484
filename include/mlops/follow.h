/*
 * Tracked data that follows git: what a change of revision means for the work tree, and which
 * objects a push of git's has to be preceded by. Hooks of git ask for it (mlops-git(7)).
 */
#pragma once

#include "mlops/workspace.h"

/* A pointer that differs between two revisions. */
struct pointer_change {
	struct pointer pointer; /* as it is now, or as it was when it is gone */
	bool gone;
};

/*
 * Pointers that differ between two revisions (gitrevisions(7)), sorted by path; without `from`,
 * all that `to` has. One that makes no sense is left out with a warning.
 */
MLOPS_API int mlops_changes_list(struct project *project, const char *from, const char *to,
				 struct pointer_change **out, size_t *n, struct mlops_error *err);
MLOPS_API void mlops_changes_free(struct pointer_change *changes, size_t n);

/* Why data stays as it was, in whole or in part. */
enum follow_obstacle {
	FOLLOW_CHANGES, /* it has changes that are stored nowhere */
	FOLLOW_ABSENT,  /* the store has not all of the new content */
	FOLLOW_FAILED,
};

/*
 * Makes the work tree what the changed pointers say: one after the other, keeping changes that
 * are stored nowhere. `told` is called for each path with an obstacle, which is no failure.
 */
MLOPS_API int mlops_follow(struct project *project, const struct pointer_change *changes, size_t n,
			   void (*told)(const char *path, enum follow_obstacle obstacle,
					const struct mlops_error *why, void *arg),
			   void *arg, struct checkout_counts *counts, struct mlops_error *err);

/* One branch or tag that git is about to push. Ids are git's, in hex. */
struct pushed_ref {
	const char *local_id;
	const char *remote_id; /* what the remote has under this name; zeroes: nothing */
};
/*
 * Calls fn once for each object and place that pointers and mlops.lock name in commits which the push brings
 * to `remote`, a remote of git's (NULL: one without a name).
 */
MLOPS_API int mlops_outgoing_visit(struct project *project, const char *remote,
				   const struct pushed_ref *pushed, size_t n,
				   int (*fn)(const struct placed_ref *ref, void *arg,
					     struct mlops_error *err),
				   void *arg, struct mlops_error *err);
