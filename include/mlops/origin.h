/*
 * Data of other projects: one file or folder out of a git repository whose data is tracked by mlops or
 * by DVC, or is in git itself. Its own remotes are used. git reads the repository, by the user's
 * credential helpers and keys; nothing of it is run.
 */
#pragma once

#include "mlops/workspace.h"

struct dvc;

struct source {
	const char *url;  /* of a git repository, or a folder that is one */
	const char *path; /* in it, from its top */
	const char *rev;  /* a branch, tag or commit; NULL: HEAD */
};

struct get_how {
	bool force; /* replace what is there */
	/* Adds what stages of a DVC repository gave (mlops/dvc_stages.h); NULL: they are not known. */
	int (*add_stages)(struct project *project, struct dvc *dvc, struct mlops_error *err);
};

/* Writes it to `dest` (absolute). MLOPS_EEXISTS when something is there; *commit is new. */
MLOPS_API int mlops_get(const struct source *source, const char *dest, const struct get_how *how,
			char **commit, struct mlops_error *err);

/*
 * Gets it to `path` (relative to the root), tracks it, and has its pointer say where it came from. The
 * project is locked alone. A URL with a user name or password is MLOPS_EINVALID.
 */
MLOPS_API int mlops_import(struct project *project, const struct source *source, const char *path,
			   const struct get_how *how, struct pointer *out, struct mlops_error *err);

/*
 * Brings what `dvc import` tracks at the paths (n 0: all), and is neither here nor in DVC's cache, from
 * where it was imported, and puts it into that cache: what `mlops_dvc_fetch` leaves out.
 */
MLOPS_API int mlops_dvc_fetch_imports(struct dvc *dvc, const char *const *paths, size_t n,
				      const struct get_how *how, struct mlops_error *err);

enum update_outcome { UPDATE_SAME, UPDATE_NEW, UPDATE_WOULD };
struct update_report {
	const char *path;
	enum update_outcome outcome;
	const char *was, *now; /* commits */
};
struct update_how {
	const char *rev; /* what to follow from now on; NULL: what is followed */
	bool dry_run;
	struct get_how get; /* force: changes of imported data go too, and are stored first */
};
/*
 * Brings imported data (at or below the paths; all when n is 0) to what its origin has now. Data with
 * changes is MLOPS_ENO. A path without any is MLOPS_ENOTFOUND.
 */
MLOPS_API int mlops_update(struct project *project, const char *const *paths, size_t n,
			   const struct update_how *how,
			   void (*report)(const struct update_report *r, void *arg), void *arg,
			   struct mlops_error *err);
