/* Dependencies that are patterns (base/glob.h): the files that match them now. */
#pragma once

#include "base/vec.h"
#include "project/project.h"

/* The folder that all matches lie in, "" for the root; new. */
char *pattern_root(const char *pattern);
/* The files and symlinks below the root that match, sorted; .git and .mlops are not entered. */
int pattern_find(struct project *project, const char *pattern, struct strlist *out,
		 struct mlops_error *err);
