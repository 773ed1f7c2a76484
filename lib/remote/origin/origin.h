/* Inside of the part: data of other projects. */
#pragma once

#include "base/err.h"
#include "mlops/hub.h"
#include "mlops/origin.h"

struct origin;

/* Of a hub: the commit that is followed, new. */
int origin_hub_name(struct project *project, const struct origin *o, char **commit, struct mlops_error *err);
/* Of a hub: puts its files to `path`, in place of what is there, and tracks them; sets the origin's commit. */
int origin_hub_bring(struct project *project, struct origin *o, const char *path, const struct hub_how *how,
		     struct object_ref *out, struct hub_result *result, struct mlops_error *err);

/*
 * Makes the source's path whole in a checkout in the folder `tmp`, which is not there or empty and which
 * the caller removes. *out is where it lies, *commit what it is of; both new.
 */
int origin_take(const struct source *source, const char *tmp, const struct get_how *how,
		char **commit, char **out, struct mlops_error *err);
