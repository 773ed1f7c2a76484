/* Dependencies outside of the project: URLs, and what other git repositories have. */
#pragma once

#include "pipeline/spec.h"

#define OUTSIDE_KEY "version" /* of the parameter that a URL is in mlops.lock */

/*
 * Reads an item of `deps`; *found tells whether it is one of these. Folders are seen from `dir`.
 */
int outside_read(struct arena *arena, const char *dir, const struct yaml_node *node,
		 struct spec_url *out, bool *found, struct mlops_error *err);
/*
 * What tells one content of the URL from another, as compact JSON text, new: its ETag, else when it
 * was modified and its size. MLOPS_EREMOTE when it cannot be reached.
 */
int outside_version(const char *url, char **out, struct mlops_error *err);
/*
 * The same of what a git repository has at a path: the name of the git object; of data that is
 * tracked there, that of its pointer.
 */
int outside_git_version(struct project *project, const struct spec_url *dep, char **out,
			struct mlops_error *err);
