/* Paths as typed on the command line, seen from the project's root. */
#pragma once

#include "base/vec.h"
#include "cli/opt.h"

struct project;

int cmd_relpaths(struct project *project, const struct opt_strs *typed, struct strlist *out,
		 struct mlops_error *err);
/* How a path of the project is written to a terminal: quoted when it holds bytes a terminal would obey; new. */
char *cmd_show_path(const char *path);
