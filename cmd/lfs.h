/* What the files of `mlops lfs` share. */
#pragma once

#include "cmd.h"
#include "mlops/lfs.h"

/* Runs fn in the repository of the current folder. */
int cmd_in_lfs(int (*fn)(struct lfs *lfs, void *arg, struct mlops_error *err), void *arg,
	       struct mlops_error *err);
