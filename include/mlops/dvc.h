/*
 * What a DVC repository keeps: files by their MD5 in DVC's cache, folders by that of their listing.
 * In the refs of these functions `oid` is the MD5 and 16 zero bytes: they name nothing in the store.
 * The first of the 16 is 1 when DVC 2 gave the name: see mlops_dvc_look_like().
 */
#pragma once

#include "mlops/workspace.h"

struct dvc;
struct strlist;

/* Whether the project's root is that of a DVC repository: whether it has a folder .dvc. */
MLOPS_API bool mlops_dvc_is_here(const struct project *project);
/* Reads its settings. The project is locked until it is closed. */
MLOPS_API int mlops_dvc_open(struct project *project, struct dvc **out, struct mlops_error *err);
MLOPS_API void mlops_dvc_close(struct dvc *dvc); /* drops what was not committed; NULL is fine */
/* Where its cache is (cache.dir); absolute, lent. */
MLOPS_API const char *mlops_dvc_cache(const struct dvc *dvc);

/*
 * What a path (relative to the root) holds, with `save` put into the cache too; MLOPS_ENOTFOUND.
 * Symlinks are followed, and .dvcignore holds, as in DVC. A path is looked at once: nothing may
 * change it until the repository is closed.
 */
MLOPS_API int mlops_dvc_look(struct dvc *dvc, const char *path, bool save, struct object_ref *out,
			     struct mlops_error *err);
/*
 * The same, nothing saved, hashed as the name of `like` was: DVC 2 took the end of a text's line for
 * LF where it is CRLF.
 */
MLOPS_API int mlops_dvc_look_like(struct dvc *dvc, const char *path, const struct object_ref *like,
				  struct object_ref *out, struct mlops_error *err);
/*
 * Makes durable what was saved, puts links to the cache in its place where cache.type wants them, and
 * writes down what was learned.
 */
MLOPS_API int mlops_dvc_commit(struct dvc *dvc, struct mlops_error *err);
/* Whether the cache has the file, or the folder's listing and all files in it. */
MLOPS_API bool mlops_dvc_has(struct dvc *dvc, const struct object_ref *ref);
/*
 * Makes the path equal to the ref, and adds to *counts; MLOPS_ENOTFOUND, with nothing changed, when
 * that is not cached.
 */
MLOPS_API int mlops_dvc_restore(struct dvc *dvc, const char *path, const struct object_ref *ref,
				struct checkout_counts *counts, struct mlops_error *err);

/*
 * Adds the dvc.yaml and *.dvc files of the repository, relative to the root and sorted. As DVC does,
 * it does not look into folders that git or .dvcignore ignores, nor into repositories within.
 */
MLOPS_API int mlops_dvc_files(struct dvc *dvc, struct strlist *out, struct mlops_error *err);

/* Whether its settings have a remote of that name. */
MLOPS_API bool mlops_dvc_has_remote(const struct dvc *dvc, const char *name);

/*
 * Adds what a stage of dvc.yaml gave to what *.dvc files track, for who checks out, pushes and
 * fetches.
 */
MLOPS_API int mlops_dvc_add_out(struct dvc *dvc, const char *path, const struct object_ref *ref,
				const struct object_place *place, struct mlops_error *err);

/* Whether a *.dvc file tracks the path, something above it, or something in it. */
MLOPS_API int mlops_dvc_tracks(struct dvc *dvc, const char *path, bool *tracks,
			       struct mlops_error *err);
/* As mlops_status() and mlops_checkout(), of what *.dvc files track; the latter commits. */
MLOPS_API int mlops_dvc_status(struct dvc *dvc, const char *const *paths, size_t n,
			       int (*fn)(const struct status_entry *e, void *arg,
					 struct mlops_error *err),
			       void *arg, struct mlops_error *err);
MLOPS_API int mlops_dvc_checkout(struct dvc *dvc, const char *const *paths, size_t n, bool force,
				 struct checkout_counts *counts, struct mlops_error *err);
/*
 * Makes pointers of ours of what *.dvc files track at the paths (n 0: all), which must be here as
 * recorded (MLOPS_ENO, MLOPS_ENOTFOUND), and takes these files away, also in git's index; what
 * `dvc import` wrote becomes the pointer's origin. The project is one of ours.
 */
MLOPS_API int mlops_dvc_to_pointers(struct dvc *dvc, const char *const *paths, size_t n,
				    void (*done)(const struct pointer *p, bool unchanged,
						 void *arg),
				    void *arg, struct mlops_error *err);
/* The reverse: saves what pointers stand for in DVC's cache, and stages *.dvc files in their place. */
MLOPS_API int mlops_dvc_from_pointers(struct dvc *dvc, const char *const *paths, size_t n,
				      void (*done)(const struct pointer *p, bool unchanged,
						   void *arg),
				      void *arg, struct mlops_error *err);
/*
 * As mlops_track() of what is tracked already: saves what lies in the work tree now, and has the *.dvc files
 * say so. One of an import is MLOPS_EINVALID. A path that is not tracked becomes so, as by `dvc add`.
 */
MLOPS_API int mlops_dvc_track(struct dvc *dvc, const char *const *paths, size_t n, unsigned how,
			      void (*done)(const struct pointer *p, bool unchanged, void *arg),
			      void *arg, struct mlops_error *err);
