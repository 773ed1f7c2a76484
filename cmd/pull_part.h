/* Pulling parts of tracked folders: paths in them, and what a pattern chooses. */
#pragma once

#include "cmd.h"
#include "mlops/remote.h"
#include "mlops/workspace.h"

struct pull_part {
	const struct strlist *paths; /* relative to the root; "" for all */
	const char *glob;            /* of files; or NULL: all of them */
	const struct transfer_how *how;
	bool force, no_checkout;
	struct transfer_counts *fetched; /* is added to, */
	struct checkout_counts *tree;    /* and this, */
	struct strlist *kept;            /* and files with changes of their own, which stay */
};
int pull_part(struct cmd_ctx *ctx, const struct pull_part *part, struct mlops_error *err);
