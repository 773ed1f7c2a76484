/* Patterns of paths, expanded against the work tree. */
#pragma once

#include "git/git.h"
#include "store/scan.h"
#include "store/target.h"

struct expander {
	struct scan *scan;             /* whose rules are obeyed */
	struct git_repo *git;          /* what it holds is passed over */
	const struct targets *targets; /* what is tracked */
};
/*
 * Adds the files and folders that the pattern (relative to the root, base/glob.h) matches, in order;
 * a folder that matches is taken whole unless git holds, or a pointer stands for, something in it.
 * Symlinks outside of tracked folders are passed over. MLOPS_ENOTFOUND when nothing is left.
 */
int expand_pattern(const struct expander *x, const char *pattern, struct strlist *out,
		   struct mlops_error *err);
