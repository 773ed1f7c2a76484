/* Paths as typed on the command line, seen from the project's root. */
#pragma once

#include "base/vec.h"
#include "cli/opt.h"

struct project;

int cmd_relpaths(struct project *project, const struct opt_strs *typed, struct strlist *out,
		 struct mlops_error *err);
/* Those on standard input, a NUL byte behind each. */
int cmd_stdin0_paths(struct project *project, struct strlist *out, struct mlops_error *err);
/*
 * A path for the terminal: in double quotes, with backslash escapes as in C, when it holds bytes
 * that a terminal would obey or that are not UTF-8; new.
 */
char *cmd_show_path(const char *path);
