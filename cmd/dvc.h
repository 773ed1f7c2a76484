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

enum dvc_paths_how {
	DVC_STAGES = 1 << 0, /* what stages of dvc.yaml give counts too */
	DVC_NEW = 1 << 1, /* in a repository that is no project, a path may be one to be tracked */
};

/* The project is locked; dvc_paths_clear() after in either case. */
int dvc_paths_split(struct project *project, const struct strlist *paths, unsigned how,
		    struct dvc_paths *out, struct mlops_error *err);
/* Leaves out those for whom there is no remote of that name, unless that is all of them. */
void dvc_paths_at_remote(struct project *project, const char *remote, struct dvc_paths *paths);
void dvc_paths_clear(struct dvc_paths *p);
#define autodvcpaths __attribute__((cleanup(dvc_paths_clear))) struct dvc_paths
