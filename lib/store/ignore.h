/* Telling git to leave data alone. */
#pragma once

#include "base/vec.h"
#include "mlops/project.h"

/*
 * Adds a line for each path to the .gitignore beside it unless git ignores it already; each file
 * is written once. Those .gitignore that are there afterwards are added to *files, once each.
 */
int ignore_paths(struct project *project, const char *const *paths, size_t n, struct strlist *files,
		 struct mlops_error *err);
/*
 * Takes those lines out again. Each .gitignore that changed is added to *changed, or to *removed
 * when nothing was left in it.
 */
int unignore_paths(struct project *project, const char *const *paths, size_t n,
		   struct strlist *changed, struct strlist *removed, struct mlops_error *err);
