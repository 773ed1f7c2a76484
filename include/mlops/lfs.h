/*
 * Git LFS: a git repository whose large files are pointers in git, as git-lfs has it (its docs/spec.md).
 * The repository need not be a project. Objects lie where git-lfs has them, so that both can be used
 * side by side.
 */
#pragma once

#include "mlops/remote.h"

struct lfs;

/* The repository that the current folder is in; MLOPS_ENOTFOUND. What GIT_DIR and so on say holds. */
MLOPS_API int mlops_lfs_open(struct lfs **out, struct mlops_error *err);
MLOPS_API void mlops_lfs_close(struct lfs *lfs); /* NULL is fine */

/* Which settings of git's the filter is written to. */
enum lfs_scope { LFS_SCOPE_USER, LFS_SCOPE_LOCAL, LFS_SCOPE_WORKTREE, LFS_SCOPE_SYSTEM };
struct lfs_install_how {
	enum lfs_scope scope;
	bool skip_smudge; /* files stay pointers until they are pulled */
	bool force;       /* settings that are neither ours nor git-lfs's are replaced */
	bool skip_repo;   /* no hooks */
};
/*
 * Makes `mlops` git's filter "lfs", and installs hooks when the current folder is in a repository.
 * Uninstalling leaves settings that are not ours. *hooks tells whether there was a repository.
 */
MLOPS_API int mlops_lfs_install(const struct lfs_install_how *how, bool *hooks,
				struct mlops_error *err);
MLOPS_API int mlops_lfs_uninstall(const struct lfs_install_how *how, bool *hooks,
				  struct mlops_error *err);

/* Git's long-running filter (gitattributes(5)), until git closes `in`; `skip`: smudge nothing. */
MLOPS_API int mlops_lfs_filter(struct lfs *lfs, int in, int out, bool skip,
			       struct mlops_error *err);
/* One file through the filter; `path` is relative to the top of the work tree. */
MLOPS_API int mlops_lfs_clean(struct lfs *lfs, const char *path, int in, int out,
			      struct mlops_error *err);
MLOPS_API int mlops_lfs_smudge(struct lfs *lfs, const char *path, int in, int out, bool skip,
			       struct mlops_error *err);

/* What is in .gitattributes. */
struct lfs_pattern {
	const char *pattern, *file; /* as written there; relative to the top; lent */
	bool lockable;
};
MLOPS_API int mlops_lfs_patterns(struct lfs *lfs,
				 int (*fn)(const struct lfs_pattern *p, void *arg,
					   struct mlops_error *err),
				 void *arg, struct mlops_error *err);
/*
 * Adds a pattern to, or takes one out of, the .gitattributes of the current folder; *changed: it was
 * not so already. `lockable` 1 or 0; -1: as it is.
 */
MLOPS_API int mlops_lfs_track(struct lfs *lfs, const char *pattern, int lockable, bool *changed,
			      struct mlops_error *err);
MLOPS_API int mlops_lfs_untrack(struct lfs *lfs, const char *pattern, bool *changed,
				struct mlops_error *err);

/* A pointer in git. */
struct lfs_file {
	const char *path; /* relative to the top; lent */
	struct oid oid;
	uint64_t size;
	bool here;        /* the object is in this repository */
	bool checked_out; /* the work tree has another file there than the pointer */
};
typedef int (*lfs_file_fn)(const struct lfs_file *f, void *arg, struct mlops_error *err);
/* Those of a revision, or with NULL of git's index; by path. Stops when fn returns non-zero. */
MLOPS_API int mlops_lfs_files(struct lfs *lfs, const char *rev, lfs_file_fn fn, void *arg,
			      struct mlops_error *err);

/* Reads each object that git's index names and compares it with its name; fn gets the bad ones. */
MLOPS_API int mlops_lfs_check(struct lfs *lfs, lfs_file_fn fn, void *arg, struct mlops_error *err);

struct lfs_move_how {
	const char *remote;            /* of git's; NULL: the one that git would take */
	const char *include, *exclude; /* patterns with ',' between; NULL: lfs.fetchinclude, ... */
	bool all;                      /* what any revision names, not only the given ones */
	bool dry_run;
	void (*progress)(const struct transfer_counts *done, uint64_t total_objects,
			 uint64_t total_bytes, void *arg);
	void *arg;
};
/* Fetches what the revisions name (n 0: git's index) and is not here. */
MLOPS_API int mlops_lfs_fetch(struct lfs *lfs, const char *const *revs, size_t n,
			      const struct lfs_move_how *how, struct transfer_counts *counts,
			      struct mlops_error *err);
/* Sends what the revisions name, but for what the remote's branches are known to have. */
MLOPS_API int mlops_lfs_push(struct lfs *lfs, const char *const *revs, size_t n,
			     const struct lfs_move_how *how, struct transfer_counts *counts,
			     struct mlops_error *err);
/* What git's hook pre-push is told of: ids to be pushed, and of refs there. */
struct lfs_pushed {
	const char *local_id, *remote_ref, *remote_id;
};
MLOPS_API int mlops_lfs_pre_push(struct lfs *lfs, const struct lfs_pushed *refs, size_t n,
				 const struct lfs_move_how *how, struct transfer_counts *counts,
				 struct mlops_error *err);
/*
 * Puts the files in the place of pointers in the work tree; paths are as typed, and n 0 is all.
 * `counts` has what was written and, as `missing`, those whose object is not here.
 */
MLOPS_API int mlops_lfs_checkout(struct lfs *lfs, const char *const *paths, size_t n,
				 const struct lfs_move_how *how, struct transfer_counts *counts,
				 struct mlops_error *err);

struct lfs_lock_entry {
	const char *id, *path, *owner, *locked_at; /* lent */
	int ours;                                  /* 1, 0, or -1: not asked */
};
typedef int (*lfs_lock_fn)(const struct lfs_lock_entry *l, void *arg, struct mlops_error *err);
/* Locks a path, as typed, and makes it writable. */
MLOPS_API int mlops_lfs_lock(struct lfs *lfs, const char *remote, const char *path, lfs_lock_fn fn,
			     void *arg, struct mlops_error *err);
/* Ends the lock of a path, as typed, or with that id; `force`: also another's, or with changes. */
MLOPS_API int mlops_lfs_unlock(struct lfs *lfs, const char *remote, const char *path,
			       const char *id, bool force, struct mlops_error *err);
/* Lists locks; path (as typed), id: or NULL. `verify` asks which are ours. */
MLOPS_API int mlops_lfs_locks(struct lfs *lfs, const char *remote, const char *path, const char *id,
			      bool verify, lfs_lock_fn fn, void *arg, struct mlops_error *err);
/* Makes lockable files that we have no lock of read-only, and others that are lockable writable. */
MLOPS_API int mlops_lfs_protect(struct lfs *lfs, struct mlops_error *err);

/* "name", "value" pairs that tell how the repository is set up; no secrets. */
MLOPS_API int mlops_lfs_describe(struct lfs *lfs,
				 int (*fn)(const char *name, const char *value, void *arg,
					   struct mlops_error *err),
				 void *arg, struct mlops_error *err);
