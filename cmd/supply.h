/* Objects that a command needs and the store lacks, one at a time from the remote. */
#pragma once

#include "base/vec.h"
#include "cmd.h"
#include "mlops/listing.h"

/*
 * Fetches one object, and of a tree only its listing; nothing is done when it is here. Where the
 * command holds the project's lock shared, it is held alone meanwhile. MLOPS_ENOTFOUND when the
 * remote does not have it, or there is no remote.
 */
int cmd_supply(struct cmd_ctx *ctx, const struct oid *oid, uint64_t size,
	       const struct object_place *place, struct mlops_error *err);

/*
 * After something failed with *err: when that was for content which is not here, fetches what the
 * tracked paths (all without one) hold at `rev`, and gives 0, so that it can be tried again; else
 * -1. Outputs of pipelines are left out.
 */
int cmd_supply_missing(struct cmd_ctx *ctx, const char *rev, const struct strlist *paths,
		       struct mlops_error *err);

/* `how` for a listing whose trees are fetched when need be. */
struct listing_how cmd_listing(struct cmd_ctx *ctx, const char *rev);
