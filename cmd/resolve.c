/* Resolving merge conflicts of tracked data and mlops.lock. */
#include "resolve.h"

#include "base/log.h"
#include "mlops/follow.h"
#include "paths.h"
#include "transfer.h"

static int fetch_listings(struct cmd_ctx *ctx, const char *path, struct mlops_error *why,
			  struct mlops_error *err)
{
	struct transfer_how how = { .list_only = true };
	struct transfer_counts counts;
	struct object_ref trees[3];
	struct progress progress;
	size_t n;

	if (mlops_merge_trees(ctx->project, path, trees, &n, err))
		return -1;
	if (!n)
		return err_move(err, why);
	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "fetching listings", ctx->common.quiet);
	int rc = mlops_fetch(ctx->project, trees, n, &how, &counts, err);
	progress_end(&progress);
	return rc;
}

static int merge(struct cmd_ctx *ctx, const char *path, enum merge_favor favor, struct pointer *out,
		 struct mlops_error *err)
{
	bool conflict;
	autoerr why = ERR_INIT;
	int rc = mlops_merge_again(ctx->project, path, favor, out, &conflict, &why);

	if (rc && why.kind != MLOPS_ENOTFOUND)
		return err_move(err, &why);
	if (rc && (fetch_listings(ctx, path, &why, err) ||
		   mlops_merge_again(ctx->project, path, favor, out, &conflict, err)))
		return -1;
	if (!conflict)
		return 0;
	autofree char *shown = cmd_show_path(path);
	err_set(err, MLOPS_ENO, "both sides changed the same in '%s'", shown);
	return err_hint(err, "the file names it; take one side with --ours or --theirs");
}

static void tell(const char *path, enum follow_obstacle obstacle, const struct mlops_error *why,
		 void *arg)
{
	autofree char *shown = cmd_show_path(path);

	(void)arg;
	if (obstacle == FOLLOW_ABSENT)
		log_warn("'%s' is not all here: fetch it with: mlops pull '%s'", shown, shown);
	else
		log_warn("'%s' stays as it was: %s", shown, why->msg);
}

static int resolve(struct cmd_ctx *ctx, const char *path, enum merge_favor favor,
		   struct checkout_counts *counts, struct mlops_error *err)
{
	struct pointer_change change = { 0 };
	struct checkout_counts one = { 0 };

	if (merge(ctx, path, favor, &change.pointer, err))
		return -1;
	if (!change.pointer.path)
		return 0;
	int rc = mlops_follow(ctx->project, &change, 1, tell, NULL, &one, err);
	free(change.pointer.path);
	counts->written += one.written;
	counts->removed += one.removed;
	counts->absent += one.absent;
	return rc;
}

int cmd_resolve(struct cmd_ctx *ctx, const struct strlist *paths, enum merge_favor favor,
		struct checkout_counts *counts, struct mlops_error *err)
{
	*counts = (struct checkout_counts){ 0 };
	if (!paths->n)
		return err_set(err, MLOPS_EUSAGE, "name what is in conflict");
	for (size_t i = 0; i < paths->n; i++)
		if (resolve(ctx, paths->v[i], favor, counts, err))
			return -1;
	return 0;
}
