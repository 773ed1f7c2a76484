/* What commands about data do in a DVC repository: they take *.dvc files for pointers too. */
#pragma once

#include "base/vec.h"
#include "mlops/dvc.h"

/* Which of the paths (none: all) are whose; both may be. */
struct dvc_paths {
	struct dvc *dvc; /* NULL: this is no DVC repository, or none of the paths is DVC's */
	struct strlist own, theirs;
	bool skip_own; /* all paths are DVC's alone */
};

/* The project is locked; dvc_paths_clear() after in either case. */
int dvc_paths_split(struct project *project, const struct strlist *paths, struct dvc_paths *out,
		    struct mlops_error *err);
void dvc_paths_clear(struct dvc_paths *p);
#define autodvcpaths __attribute__((cleanup(dvc_paths_clear))) struct dvc_paths
