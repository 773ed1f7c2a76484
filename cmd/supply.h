/* Objects that a command needs and the store lacks, one at a time from the remote. */
#pragma once

#include "cmd.h"
#include "mlops/listing.h"

/*
 * Fetches one object, and of a tree only its listing; nothing is done when it is here. The
 * project's lock, held shared by the command, is held alone meanwhile. MLOPS_ENOTFOUND when the
 * remote does not have it, or there is no remote.
 */
int cmd_supply(struct cmd_ctx *ctx, const struct oid *oid, uint64_t size, struct mlops_error *err);

/* `how` for a listing whose trees are fetched when need be. */
struct listing_how cmd_listing(struct cmd_ctx *ctx, const char *rev);
