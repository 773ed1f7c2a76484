/* A project: a git repository with a .mlops/ folder. Opening one is cheap; parts load when used. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mlops/error.h"
#include "mlops/export.h"

struct project;

/*
 * Makes `dir` (which exists) a project: .mlops/ with its format file, ignore rules and an empty
 * store, and a merge driver for git. Making one again is fine and adds what is missing. Where `dir`
 * is in no git repository it is MLOPS_ENOTFOUND unless `git_init`. *created says whether there was
 * none before.
 */
MLOPS_API int mlops_project_init(const char *dir, bool git_init, bool *created,
				 struct mlops_error *err);

/*
 * Finds the project that `start` lies in, looking upwards; MLOPS_ENOTFOUND when there is none.
 * A project whose format is newer than this program is MLOPS_EINVALID.
 */
MLOPS_API int mlops_project_open(const char *start, struct project **out, struct mlops_error *err);
/*
 * The same for who can work on what DVC keeps: a DVC repository that `start` lies in, and that is no
 * project, is one too, whose lock and indexes are in .dvc/tmp/mlops, which git ignores.
 */
MLOPS_API int mlops_project_open_dvc(const char *start, struct project **out,
				     struct mlops_error *err);
/* Whether it was opened so. */
MLOPS_API bool mlops_project_is_dvc(const struct project *project);
MLOPS_API void mlops_project_free(struct project *project); /* NULL is fine */

/*
 * Calls fn for each project of a git repository, `top` being the top of its work tree: that folder
 * itself, or else folders of it that git knows to be projects.
 */
MLOPS_API int mlops_projects_each(const char *top,
				  int (*fn)(const char *root, void *arg, struct mlops_error *err),
				  void *arg, struct mlops_error *err);

/* Absolute, without symlinks or a trailing slash; lent. */
MLOPS_API const char *mlops_project_root(const struct project *project);
/* <root>/.mlops, or what stands in for it; lent. */
MLOPS_API const char *mlops_project_dir(const struct project *project);

/*
 * Installs git hooks that call `mlops hook` (mlops-git(7)), or takes them out. A hook that was
 * there before is kept and called; *changed says whether anything was to be done.
 */
MLOPS_API int mlops_project_hooks(struct project *project, bool wanted, bool *changed,
				  struct mlops_error *err);
/* Whether .gitattributes names the merge driver, and whether git's settings say what that is. */
MLOPS_API int mlops_project_merges(struct project *project, bool *attributes, bool *driver,
				   struct mlops_error *err);

/*
 * Takes the project's lock: alone to change pointers, index, lock file or store contents; shared
 * to keep them from going away while reading. The store, which other projects may use too, is
 * kept from being collected in either case. Waits up to core.lockTimeout (60 s), then fails with
 * MLOPS_ELOCKED. It dies with the process. Taking it twice is a bug.
 */
MLOPS_API int mlops_project_lock(struct project *project, bool alone, struct mlops_error *err);
MLOPS_API void mlops_project_unlock(struct project *project);
/*
 * For who holds the project's lock, and with it shares its store with other projects: waits, as
 * long, until nobody else reads or writes the store, and lets nobody in before the project is
 * unlocked.
 */
MLOPS_API int mlops_project_lock_store(struct project *project, struct mlops_error *err);

/*
 * Turns a path as a user typed it (relative to the current folder, or absolute) into one relative
 * to the root ("" for the root itself). A path outside the project, inside .git or .mlops, or
 * that reaches outside through a symlink in one of its folders is MLOPS_EINVALID. The path need
 * not exist; a symlink as its last component is not followed. *out is the caller's to free.
 */
MLOPS_API int mlops_project_relpath(const struct project *project, const char *typed, char **out,
				    struct mlops_error *err);
