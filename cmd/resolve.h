/* What checkout --ours, --theirs and --merge do. */
#pragma once

#include "cmd.h"
#include "mlops/merge.h"

/*
 * Merges again what git left in conflict at each path (relative to the root) and checks the result
 * out. Trees that this needs and that are not here are fetched. A conflict that stays is MLOPS_ENO.
 */
int cmd_resolve(struct cmd_ctx *ctx, const struct strlist *paths, enum merge_favor favor,
		struct checkout_counts *counts, struct mlops_error *err);
