/* Fetching single objects, and single paths of a revision. */
#include "supply.h"

#include "mlops/project.h"
#include "mlops/remote.h"
#include "transfer.h"
#include "view.h"

/* A tree asked for as if it were a file comes without what it lists. */
static int fetch_one(struct cmd_ctx *ctx, const struct oid *oid, uint64_t size,
		     const struct object_place *place, struct mlops_error *err)
{
	const struct object_ref ref = { .kind = OBJECT_FILE, .oid = *oid, .size = size, .files = 1 };
	const struct placed_ref placed = { ref, *place };
	const struct transfer_how how = { 0 };
	struct transfer_counts counts;

	if (!mlops_place_has_remote(place))
		return err_set(err, MLOPS_ENOTFOUND,
			       "it is at no remote: the pipeline says push: false");
	return mlops_fetch_placed(ctx->project, &placed, 1, &how, &counts, err);
}

int cmd_supply(struct cmd_ctx *ctx, const struct oid *oid, uint64_t size,
	       const struct object_place *place, struct mlops_error *err)
{
	struct store *store;

	if (mlops_store_of(ctx->project, &store, err))
		return -1;
	if (mlops_store_has(store, oid))
		return 0;
	if (ctx->spec->flags & CMD_LOCK_WRITE)
		return fetch_one(ctx, oid, size, place, err);
	mlops_project_unlock(ctx->project);
	if (mlops_project_lock(ctx->project, true, err))
		return -1;
	int rc = fetch_one(ctx, oid, size, place, err);
	mlops_project_unlock(ctx->project);
	return rc ? rc : mlops_project_lock(ctx->project, false, err);
}

static int supply_tree(const struct oid *tree, const struct object_place *place, void *arg,
		       struct mlops_error *err)
{
	return cmd_supply(arg, tree, UINT64_MAX, place, err); /* its size is not known */
}

struct listing_how cmd_listing(struct cmd_ctx *ctx, const char *rev)
{
	return (struct listing_how){ rev, supply_tree, ctx };
}

typedef VEC(struct object_ref) ref_vec;

static int add_ref(const struct item *item, bool *enter, void *arg, struct mlops_error *err)
{
	(void)enter, (void)err;
	if (!item->is_out)
		vec_push((ref_vec *)arg, view_item_ref(item));
	return 0;
}

static int fetch_all(struct cmd_ctx *ctx, const ref_vec *refs, struct mlops_error *err)
{
	struct transfer_counts counts;
	struct transfer_how how = { 0 };
	struct progress progress;

	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "fetching", ctx->common.quiet);
	int rc = mlops_fetch(ctx->project, refs->v, refs->n, &how, &counts, err);
	progress_end(&progress);
	return rc;
}

static int pass(const struct item *item, bool *enter, void *arg, struct mlops_error *err)
{
	(void)item, (void)enter, (void)arg, (void)err;
	return 0;
}

/* To change one entry of a folder that is tracked here takes its listings on the way there. */
static void supply_listings(struct cmd_ctx *ctx, const char *path)
{
	const struct listing_how how = cmd_listing(ctx, NULL);
	autoerr none = ERR_INIT;

	mlops_listing_walk(ctx->project, &how, path, pass, NULL, &none); /* it may not be tracked */
}

static int supply_paths(struct cmd_ctx *ctx, const char *rev, const struct strlist *paths,
			struct mlops_error *err)
{
	const struct listing_how how = cmd_listing(ctx, rev);
	ref_vec refs = { 0 };
	int rc = 0;

	if (!paths->n)
		rc = mlops_listing_walk(ctx->project, &how, "", add_ref, &refs, err);
	for (size_t i = 0; !rc && i < paths->n; i++) {
		supply_listings(ctx, paths->v[i]);
		rc = mlops_listing_walk(ctx->project, &how, paths->v[i], add_ref, &refs, err);
	}
	if (!rc)
		rc = fetch_all(ctx, &refs, err);
	vec_free(&refs);
	return rc;
}

/* Without a remote the first error says more. */
int cmd_supply_missing(struct cmd_ctx *ctx, const char *rev, const struct strlist *paths,
		       struct mlops_error *err)
{
	struct remote_info *remotes;
	autoerr why = ERR_INIT;
	size_t n;

	if (err->kind != MLOPS_ENOTFOUND || mlops_remotes_list(ctx->project, &remotes, &n, &why))
		return -1;
	mlops_remotes_free(remotes, n);
	if (!n)
		return -1;
	if (supply_paths(ctx, rev, paths, &why))
		return err_move(err, &why);
	mlops_error_clear(err);
	return 0;
}
