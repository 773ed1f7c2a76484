/* The few things asked of git, through libgit2 (loaded on first use). */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "mlops/oid.h"

struct git_repo;

/* The version of libgit2 that is loaded, into buf. */
int git_version(char *buf, size_t n, struct mlops_error *err);

/* The work tree that `dir` lies in: *root is absolute, the caller's; MLOPS_ENOTFOUND: no repository. */
int git_discover(const char *dir, char **root, struct mlops_error *err);
int git_init(const char *dir, struct mlops_error *err);
int git_open(const char *root, struct git_repo **out, struct mlops_error *err);
void git_free(struct git_repo *repo);
/* Stages files (relative to the root). Nothing else of git's index changes. */
int git_stage(struct git_repo *repo, const char *const *paths, size_t n, struct mlops_error *err);
/* Takes files out of git's index; fine when they are not in it. */
int git_unstage(struct git_repo *repo, const char *const *paths, size_t n, struct mlops_error *err);
/* True when any commit that HEAD, a branch or a tag leads to has a file of these bytes there. */
int git_was_committed(struct git_repo *repo, const char *path, const struct strbuf *text,
		      bool *committed, struct mlops_error *err);
enum git_file_state { GIT_FILE_SAME, GIT_FILE_ADDED, GIT_FILE_MODIFIED, GIT_FILE_DELETED };
struct git_file_status {
	const char *path;             /* relative to the root; lent */
	enum git_file_state staged;   /* HEAD to git's index */
	enum git_file_state unstaged; /* git's index to the work tree */
};
/*
 * Calls fn for each file that matches the pattern ("*.x" at any depth) and differs somewhere, new
 * ones that git does not ignore included, in order of path; stops when it returns non-zero.
 */
int git_each_status(struct git_repo *repo, const char *pattern,
		    int (*fn)(const struct git_file_status *s, void *arg, struct mlops_error *err),
		    void *arg, struct mlops_error *err);
/* True when git would ignore the path. */
int git_is_ignored(struct git_repo *repo, const char *path, bool *ignored, struct mlops_error *err);
/* True when git's index holds the path (data that is committed must not be tracked as well). */
int git_is_staged(struct git_repo *repo, const char *path, bool *staged, struct mlops_error *err);
/* Calls fn for the staged files below the root whose path ends with `suffix`. */
int git_staged_each(struct git_repo *repo, const char *suffix,
		    int (*fn)(const char *path, void *arg, struct mlops_error *err), void *arg,
		    struct mlops_error *err);
/* HEAD as 40 hex digits, "-dirty" behind it when tracked files differ; *out NULL before the first commit. */
int git_head(struct git_repo *repo, char **out, struct mlops_error *err);

/* The commit that `rev` names (gitrevisions(7)); MLOPS_ENOTFOUND. */
int git_resolve(struct git_repo *repo, const char *rev, struct git_id *commit,
		struct mlops_error *err);
/* Calls fn with the short name of each branch and tag; stops when it returns non-zero. */
int git_each_name(struct git_repo *repo,
		  int (*fn)(const char *name, void *arg, struct mlops_error *err), void *arg,
		  struct mlops_error *err);
/* The tree of the root in a commit; *found tells whether the commit has that folder at all. */
int git_root_tree(struct git_repo *repo, const struct git_id *commit, struct git_id *tree,
		  bool *found, struct mlops_error *err);

enum git_entry_kind {
	GIT_ENTRY_FILE,
	GIT_ENTRY_FOLDER,
	GIT_ENTRY_OTHER, /* a symlink or a submodule */
};

struct git_entry {
	const char *name; /* lent */
	struct git_id id;
	enum git_entry_kind kind;
};
/* Calls fn for what one folder holds; stops when it returns non-zero, which is returned. */
int git_tree_each(struct git_repo *repo, const struct git_id *tree,
		  int (*fn)(const struct git_entry *e, void *arg, struct mlops_error *err),
		  void *arg, struct mlops_error *err);
/* The file at a path below a tree; *found tells whether there is one. */
int git_tree_file(struct git_repo *repo, const struct git_id *tree, const char *path,
		  struct git_id *out, bool *found, struct mlops_error *err);
/* Appends what a file holds; MLOPS_EINVALID when it is larger than max. */
int git_read_blob(struct git_repo *repo, const struct git_id *id, size_t max, struct strbuf *out,
		  struct mlops_error *err);

/* A file that differs between two revisions, by its id in each; NULL where it is not. */
struct git_change {
	const char *path; /* relative to the root; lent */
	const struct git_id *from, *to;
};
/* Calls fn for the files below the root that differ; without `from`, for all that `to` has. */
int git_changes(struct git_repo *repo, const struct git_id *from, const struct git_id *to,
		int (*fn)(const struct git_change *c, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err);
/*
 * Calls fn for the commits that `tip` brings to a remote of git's: those that are in neither of
 * `known` (NULL, or not here: none) and the branches that were last seen at `remote` (or NULL).
 * `parent` is the first one, or NULL.
 */
int git_outgoing(struct git_repo *repo, const struct git_id *tip, const struct git_id *known,
		 const char *remote,
		 int (*fn)(const struct git_id *commit, const struct git_id *parent, void *arg,
			   struct mlops_error *err),
		 void *arg, struct mlops_error *err);

enum git_side { GIT_BASE, GIT_OURS, GIT_THEIRS, GIT_SIDES };

struct git_conflict {
	bool there[GIT_SIDES];
	struct strbuf text[GIT_SIDES];
};
/* The versions of a file that is in conflict, each of at most `max` bytes; MLOPS_ENOTFOUND. */
int git_conflict(struct git_repo *repo, const char *path, size_t max, struct git_conflict *out,
		 struct mlops_error *err);
void git_conflict_clear(struct git_conflict *conflict);
#define autoconflict __attribute__((cleanup(git_conflict_clear))) struct git_conflict

/* The folder that all worktrees share (.git of the main one), the top of this work tree; new. */
char *git_common_dir(struct git_repo *repo);
char *git_top(struct git_repo *repo);
/* The folder that git looks for hooks in, which need not exist. */
int git_hooks_dir(struct git_repo *repo, char **out, struct mlops_error *err);
/* What hooks are for: projects, or Git LFS. */
enum git_hooks { GIT_HOOKS_PROJECTS = 1 << 0, GIT_HOOKS_LFS = 1 << 1 };
enum git_hooks_how {
	GIT_HOOKS_OFF,
	GIT_HOOKS_ON,
	GIT_HOOKS_ON_ALONE, /* but where a user has a hook, it is left alone */
};
/* Has the hooks in a folder serve one of them or not; *changed: that was not so already. */
int git_hooks_change(const char *dir, enum git_hooks part, enum git_hooks_how how, bool *changed,
		     struct mlops_error *err);
/* A setting of git's, from all its files; NULL when it is not set. */
int git_setting(struct git_repo *repo, const char *key, char **out, struct mlops_error *err);
/* Makes it so, in the file of the repository unless it is so already. */
int git_set(struct git_repo *repo, const char *key, const char *value, struct mlops_error *err);

/* Every commit that a ref, a log of refs, or HEAD of any work tree leads to; each once. */
typedef int (*git_commit_fn)(const struct git_id *commit, void *arg, struct mlops_error *err);
int git_commits_each(struct git_repo *repo, git_commit_fn fn, void *arg, struct mlops_error *err);
/* Every file below the root in the indexes of all work trees; a conflict has one for each side. */
typedef int (*git_file_fn)(const char *path, const struct git_id *id, void *arg,
			   struct mlops_error *err);
int git_indexes_each(struct git_repo *repo, git_file_fn fn, void *arg, struct mlops_error *err);
/* The root as it would be in each linked work tree, whether or not it is there. */
int git_worktrees_each(struct git_repo *repo,
		       int (*fn)(const char *root, void *arg, struct mlops_error *err), void *arg,
		       struct mlops_error *err);
/* Opens repositories of other users too, from now on: only by one who runs nothing of theirs. */
int git_trust_owners(struct mlops_error *err);

/*
 * A commit of the work tree as it is, new files that git does not ignore included, on top of HEAD;
 * HEAD itself where nothing differs. Neither git's index nor any ref changes, so that git may collect
 * it before a ref leads to it.
 */
struct git_large {
	uint64_t max; /* a new file of more bytes is MLOPS_EINVALID ... */
	bool skip;    /* ... or left out */
};
int git_snapshot(struct git_repo *repo, const char *message, struct git_large large,
		 struct git_id *out, struct mlops_error *err);
/* A ref such as "refs/heads/x"; one that is there is MLOPS_EEXISTS unless `replace`. */
int git_ref_create(struct git_repo *repo, const char *name, const struct git_id *commit,
		   bool replace, struct mlops_error *err);
/* Takes away the lock that a killed process left on a ref which one process at a time may write. */
void git_ref_unlock(struct git_repo *repo, const char *name);
int git_ref_remove(struct git_repo *repo, const char *name, struct mlops_error *err);
char *git_id_text(const struct git_id *id); /* 40 hex digits; new */

/* A linked work tree at `path` (absolute, absent) with a commit checked out, on no branch. */
int git_linked_make(struct git_repo *repo, const char *path, const char *commit,
		    struct mlops_error *err);
/* Makes the linked work tree that `repo` is one of like new, but for some paths below the root. */
int git_linked_reset(struct git_repo *repo, const char *commit, const char *const *keep, size_t n,
		     struct mlops_error *err);
/* Removes one with all that is in it. */
int git_linked_remove(struct git_repo *repo, const char *path, struct mlops_error *err);

/*
 * The commit that a repository elsewhere has under a name (HEAD, a branch, a tag, a ref in full) or
 * 40 digits, and the folders in it, without files, in the bare repository `dir`, which is made when
 * it is absent. Nothing is fetched when it is there. One at a time. *out is new.
 */
int git_far_commit(const char *dir, const char *url, const char *rev, char **out,
		   struct mlops_error *err);
/* The id of what a revision holds at a path, in the repository of a folder; new. MLOPS_ENOTFOUND. */
int git_far_object(const char *dir, const char *rev, const char *path, char **out,
		   struct mlops_error *err);

/* The commit that such a name has there by now; *out is new. Nothing is fetched. */
int git_far_name(const char *url, const char *rev, char **out, struct mlops_error *err);
/*
 * Checks such a commit (NULL: HEAD's) out into the folder `dir`, which is not there or empty; neither
 * hooks nor other history. *out is the commit; new. A repository that is a folder of this machine
 * (`url` an absolute path) knows any revision.
 */
int git_far_checkout(const char *dir, const char *url, const char *rev, char **out,
		     struct mlops_error *err);

/* Pushes refs, under their own names, to a remote of git's. */
int git_push_refs(struct git_repo *repo, const char *remote, const char *const *refs, size_t n,
		  struct mlops_error *err);

/* git-config files, read and written by libgit2. */
int git_config_each(const char *file,
		    int (*fn)(const char *key, const char *value, void *arg,
			      struct mlops_error *err),
		    void *arg, struct mlops_error *err);
int git_config_write(const char *file, const char *key, const char *value, struct mlops_error *err);
int git_config_delete_section(const char *file, const char *section, struct mlops_error *err);
