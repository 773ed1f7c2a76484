/* Tracked data of any git revision, read from its commit: nothing is checked out. */
#pragma once

#include "mlops/lockfile.h"
#include "mlops/workspace.h"

/*
 * Who goes through the files of a revision that name objects. Ids are git's: equal ids mean equal
 * content, so that one who goes through many revisions can leave out what it has seen. Paths are
 * relative to the project's root.
 */
struct revision_visitor {
	/* Whether to leave out this folder, with all in it, or this file, unread; NULL: none. */
	bool (*skip)(const char *path, const struct git_id *id, void *arg);
	/* Each pointer; not 0 ends the visit. */
	int (*pointer)(const struct pointer *p, const struct git_id *id, void *arg,
		       struct mlops_error *err);
	/* mlops.lock, of which it may take what it wants, leaving zeroes; NULL: it is not read. */
	int (*lock)(struct lockfile *lock, const struct git_id *id, void *arg,
		    struct mlops_error *err);
	/* A pointer or lock that makes no sense; NULL: the visit fails. */
	int (*broken)(const char *path, const struct git_id *id, const struct mlops_error *why,
		      void *arg, struct mlops_error *err);
	void *arg;
};

/*
 * Visits what `rev` (gitrevisions(7)) holds; what differs from it in the work tree or in git's
 * index does not matter. MLOPS_ENOTFOUND when there is no such revision.
 */
MLOPS_API int mlops_revision_visit(struct project *project, const char *rev,
				   const struct revision_visitor *visitor, struct mlops_error *err);

/* The commit that `rev` names; MLOPS_ENOTFOUND, or MLOPS_EINVALID when it names something else. */
MLOPS_API int mlops_revision_resolve(struct project *project, const char *rev,
				     struct git_id *commit, struct mlops_error *err);
/* Calls fn with the name of each branch and tag, until it returns non-zero, which is returned. */
MLOPS_API int mlops_revision_names(struct project *project,
				   int (*fn)(const char *name, void *arg, struct mlops_error *err),
				   void *arg, struct mlops_error *err);

/*
 * Visits what any commit holds that git keeps, be it for a branch, a tag, a stash, the log of one
 * of them or another work tree, and what git's indexes hold; each content once (`skip` is not
 * asked). Of a clone without its whole history, what is here.
 */
MLOPS_API int mlops_history_visit(struct project *project, const struct revision_visitor *visitor,
				  struct mlops_error *err);

/* The pointers of a revision, as mlops_pointers_list() gives those of the work tree. */
MLOPS_API int mlops_pointers_at(struct project *project, const char *rev, struct pointer **out,
				size_t *n, struct mlops_error *err);
/* Its mlops.lock; without one, an empty lock. Clear it in either case. */
MLOPS_API int mlops_lockfile_at(struct project *project, const char *rev, struct lockfile *out,
				struct mlops_error *err);
