/* Dependencies outside of the project: URLs, and what other git repositories have. */
#pragma once

#include "pipeline/spec.h"

#define OUTSIDE_KEY "version" /* of the parameter that a URL is in mlops.lock */

bool outside_is_url(const char *text);
/*
 * What tells one content of the URL from another, as compact JSON text, new: its ETag, else when it
 * was modified and its size. MLOPS_EREMOTE when it cannot be reached.
 */
int outside_version(const char *url, char **out, struct mlops_error *err);
/* The same of what a git repository on this machine has at a path: the name of the git object. */
int outside_git_version(struct project *project, const struct spec_url *dep, char **out,
			struct mlops_error *err);
