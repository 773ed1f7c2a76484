/* Fetching single objects. */
#include "supply.h"

#include "mlops/project.h"
#include "mlops/remote.h"

/* A tree asked for as if it were a file comes without what it lists. */
static int fetch_one(struct cmd_ctx *ctx, const struct oid *oid, uint64_t size,
		     struct mlops_error *err)
{
	const struct object_ref ref = { .kind = OBJECT_FILE, .oid = *oid, .size = size, .files = 1 };
	const struct transfer_how how = { 0 };
	struct transfer_counts counts;

	return mlops_fetch(ctx->project, &ref, 1, &how, &counts, err);
}

int cmd_supply(struct cmd_ctx *ctx, const struct oid *oid, uint64_t size, struct mlops_error *err)
{
	struct store *store;

	if (mlops_store_of(ctx->project, &store, err))
		return -1;
	if (mlops_store_has(store, oid))
		return 0;
	mlops_project_unlock(ctx->project);
	if (mlops_project_lock(ctx->project, true, err))
		return -1;
	int rc = fetch_one(ctx, oid, size, err);
	mlops_project_unlock(ctx->project);
	return rc ? rc : mlops_project_lock(ctx->project, false, err);
}

static int supply_tree(const struct oid *tree, void *arg, struct mlops_error *err)
{
	return cmd_supply(arg, tree, UINT64_MAX, err); /* its size is not known */
}

struct listing_how cmd_listing(struct cmd_ctx *ctx, const char *rev)
{
	return (struct listing_how){ rev, supply_tree, ctx };
}
