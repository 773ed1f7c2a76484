/* Telling git to leave data alone. */
#pragma once

#include "mlops/project.h"

/*
 * Adds a line for `path` to the .gitignore beside it unless git ignores it already. *file is the
 * path of that .gitignore (new) when it was changed now or has the line from before, else NULL.
 */
int ignore_path(struct project *project, const char *path, char **file, struct mlops_error *err);
