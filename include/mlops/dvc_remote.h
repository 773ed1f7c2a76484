/*
 * Moving what a DVC repository keeps to and from its remotes, as `dvc push` and `dvc fetch` do. The
 * remotes are those of its settings (.dvc/config), reached by our transports.
 */
#pragma once

#include "mlops/dvc.h"
#include "mlops/remote.h"

/*
 * Sends the objects of outs at, in and above the paths (all when n is 0) that the remote lacks,
 * listings of folders last. how->remote names one of DVC's remotes; NULL: each out's own, else
 * core.remote. An object that is neither here nor there is counted, and MLOPS_ENOTFOUND at the end.
 */
MLOPS_API int mlops_dvc_push(struct dvc *dvc, const char *const *paths, size_t n,
			     const struct transfer_how *how, struct transfer_counts *counts,
			     struct mlops_error *err);
/* Brings into the cache what it lacks of them; every object is hashed as it comes. */
MLOPS_API int mlops_dvc_fetch(struct dvc *dvc, const char *const *paths, size_t n,
			      const struct transfer_how *how, struct transfer_counts *counts,
			      struct mlops_error *err);
