/*
 * Tracked data in the work tree: pointers, and the files they stand for. A pointer is the small
 * YAML file <path>.mlops that git commits (mlops-pointer(5)).
 */
#pragma once

#include "mlops/store.h"

/* One pointer. Paths are relative to the project's root. */
struct pointer {
	char *path; /* of the data, not of the pointer file; owned */
	struct object_ref ref;
};

/* All pointers in the work tree, sorted by path. Free with mlops_pointers_free(). */
MLOPS_API int mlops_pointers_list(struct project *project, struct pointer **out, size_t *n,
				  struct mlops_error *err);
MLOPS_API void mlops_pointers_free(struct pointer *pointers, size_t n);

/*
 * Tracks files and folders (paths relative to the root): stores their content, writes pointers
 * and .gitignore entries, stages both in git. All or nothing for all paths. A path inside a tracked
 * folder changes that entry of its tree; nothing else of the folder need be here. What a folder
 * lists and was never pulled stays in its tree. `done` is called with each pointer; `unchanged`
 * tells that it was the same before.
 */
enum track_how {
	TRACK_UPDATE = 1 << 0,  /* paths choose among what is tracked, as for status; n 0: all */
	TRACK_EXPAND = 1 << 1,  /* a path that is not there may be a pattern: '*', '**', '[a-z]' */
	TRACK_DRY_RUN = 1 << 2, /* only says what would be tracked */
	TRACK_MOVE =
		1 << 3, /* the store takes over large files, where it can, and links to them stay */
};
MLOPS_API int mlops_track(struct project *project, const char *const *paths, size_t n, unsigned how,
			  void (*done)(const struct pointer *p, bool unchanged, void *arg),
			  void *arg, struct mlops_error *err);

/*
 * Stops tracking: takes pointers and their .gitignore lines away, also in git's index. The data
 * stays in the work tree, where what only the store has is written first. A path inside a tracked
 * folder is taken out of its tree, of which nothing else need be here. Does all or nothing:
 * MLOPS_ENOTFOUND for a path that is not tracked, MLOPS_ENO for what would be lost.
 */
enum untrack_how {
	UNTRACK_REMOVE = 1 << 0,  /* the data goes from the work tree too */
	UNTRACK_FORCE = 1 << 1,   /* also where no commit names it; changes are stored first */
	UNTRACK_DRY_RUN = 1 << 2, /* only counts */
};
struct untrack_counts {
	uint64_t restored, removed, absent; /* files; absent ones were never pulled */
};
MLOPS_API int mlops_untrack(struct project *project, const char *const *paths, size_t n,
			    unsigned how, struct untrack_counts *counts, struct mlops_error *err);

/*
 * Makes files that are hard links to the store (core.link=hardlink) files of their own that can be
 * written to, each replaced atomically; of a folder, all that are in it. `done` is called for each.
 */
MLOPS_API int mlops_edit(struct project *project, const char *const *paths, size_t n,
			 void (*done)(const char *path, bool copied, void *arg), void *arg,
			 struct mlops_error *err);

enum status_kind {
	STATUS_CLEAN,    /* as the pointer says */
	STATUS_MODIFIED, /* content or executable bit differs */
	STATUS_ADDED,    /* a file below a tracked folder that the tree does not list */
	STATUS_DELETED,  /* a file that the tree lists is gone */
	STATUS_MISSING,  /* the whole tracked path is gone */
	STATUS_TYPE,     /* a file where a folder is tracked, or the other way round */
	STATUS_ABSENT,   /* never pulled: neither in the work tree nor in the store; no change */
};

struct status_entry {
	enum status_kind kind;
	const char *path;   /* lent */
	const char *target; /* the tracked path it belongs to; lent */
	uint64_t files;     /* STATUS_ABSENT, told once a target behind its changes: so many */
};

/*
 * Compares the work tree with the pointers (all of them when n is 0). fn is called for what
 * differs, in order of path. Costs one lstat a file when nothing changed.
 */
MLOPS_API int mlops_status(struct project *project, const char *const *paths, size_t n,
			   int (*fn)(const struct status_entry *e, void *arg,
				     struct mlops_error *err),
			   void *arg, struct mlops_error *err);

/* How a pointer, not its data, differs: added, modified, deleted or clean. */
struct pointer_status {
	const char *path;          /* of the data; lent */
	enum status_kind staged;   /* from HEAD to git's index: what `git commit` would record */
	enum status_kind unstaged; /* from there to the work tree: what `git add` would stage */
};
/*
 * Calls fn for each pointer that git sees as changed, in order of path; of all when n is 0, else of
 * those at, above and below the paths.
 */
MLOPS_API int mlops_pointer_status(struct project *project, const char *const *paths, size_t n,
				   int (*fn)(const struct pointer_status *s, void *arg,
					     struct mlops_error *err),
				   void *arg, struct mlops_error *err);

struct checkout_counts {
	uint64_t written, removed, unchanged, absent;
};
/*
 * Makes tracked paths (all when n is 0) in the work tree equal to their pointers, touching only
 * what differs. Uncommitted changes are kept and MLOPS_ENO returned with their names, unless
 * `force`, which stores the overwritten content first. Objects that are not in the store are
 * MLOPS_ENOTFOUND with a hint to pull; with n 0, files that were never pulled are left out and
 * counted instead, when any of the data is here.
 */
MLOPS_API int mlops_checkout(struct project *project, const char *const *paths, size_t n,
			     bool force, struct checkout_counts *counts, struct mlops_error *err);
/*
 * The same from the pointers of a revision, which become those of the work tree and of git's
 * index; what else is tracked stays. A path in a folder that is tracked here changes that entry of
 * it alone. A pointer that is in no commit is an uncommitted change too. All content is needed.
 */
MLOPS_API int mlops_checkout_at(struct project *project, const char *rev, const char *const *paths,
				size_t n, bool force, struct checkout_counts *counts,
				struct mlops_error *err);
/*
 * Makes paths in the work tree what the pointers (of `rev`, unless it is NULL) say, and changes no
 * pointer. What is overwritten or removed is stored first.
 */
MLOPS_API int mlops_restore(struct project *project, const char *rev, const char *const *paths,
			    size_t n, struct checkout_counts *counts, struct mlops_error *err);

/*
 * Looking at many paths in one go. A folder is looked at once, so nothing may change it until the
 * workspace is closed.
 */
struct workspace;
MLOPS_API int mlops_workspace_open(struct project *project, struct workspace **out,
				   struct mlops_error *err);
/* What a path (relative to the root) holds, with `save` stored too; MLOPS_ENOTFOUND. */
MLOPS_API int mlops_workspace_look(struct workspace *ws, const char *path, bool save,
				   struct object_ref *out, struct mlops_error *err);
/* Makes durable what was saved, and writes what the index learned. */
MLOPS_API int mlops_workspace_commit(struct workspace *ws, struct mlops_error *err);
MLOPS_API void mlops_workspace_close(struct workspace *ws); /* NULL is fine */

/*
 * For pipeline stages and models: what a path (relative to the root) holds right now.
 * hash: computes the ref through the index, storing nothing. save: stores the content.
 * restore: makes the path equal to the ref (replacing what is there).
 * MLOPS_ENOTFOUND when there is no such path (restore: no such object).
 */
MLOPS_API int mlops_workspace_hash(struct project *project, const char *path,
				   struct object_ref *out, struct mlops_error *err);
MLOPS_API int mlops_workspace_save(struct project *project, const char *path,
				   struct object_ref *out, struct mlops_error *err);
MLOPS_API int mlops_workspace_restore(struct project *project, const char *path,
				      const struct object_ref *ref, struct mlops_error *err);
/* Writes a ref's content to a folder or file outside the work tree (`dest` absolute, absent). */
MLOPS_API int mlops_workspace_export(struct project *project, const struct object_ref *ref,
				     const char *dest, struct mlops_error *err);
/* Adds a line for each path to the .gitignore beside it unless git ignores it already. */
MLOPS_API int mlops_workspace_ignore(struct project *project, const char *const *paths, size_t n,
				     struct mlops_error *err);
/* Writes what the index learned; called by the functions above when they end well. */
MLOPS_API int mlops_workspace_sync(struct project *project, struct mlops_error *err);
