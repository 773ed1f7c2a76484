/* mlops checkout */
#include "dvc.h"
#include "resolve.h"
#include "revs.h"
#include "supply.h"
#include "view.h"

struct checkout_opts {
	struct opt_strs words, paths;
	bool force, ours, theirs, merge;
};

static const struct opt_spec checkout_optv[] = {
	OPT(checkout_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL,
	    .no_config = true, .help = "overwrite changes too; what they hold is stored first"),
	OPT(checkout_opts, ours, .name = "ours", .type = OPT_BOOL, .no_config = true,
	    .help = "resolve merge conflicts: where both sides changed the same, ours holds"),
	OPT(checkout_opts, theirs, .name = "theirs", .type = OPT_BOOL, .no_config = true,
	    .help = "resolve merge conflicts: where both sides changed the same, theirs holds"),
	OPT(checkout_opts, merge, .name = "merge", .type = OPT_BOOL, .no_config = true,
	    .help = "merge once more what git left in conflict, fetching the listings that it takes"),
	OPT_END,
};

static const struct arg_spec checkout_argv[] = {
	REVS_ARG(checkout_opts, words,
		 "take pointers and data from here (default: the pointers in the work tree)"),
	REVS_PATHS_ARG(checkout_opts, paths,
		       "tracked paths, what lies in them, or folders above (default: all)"),
	ARG_END,
};

/* Pull brings what the work tree's pointers name; what only a revision names comes from here. */
static int checkout_at(struct cmd_ctx *ctx, const char *rev, const struct strlist *paths,
		       bool force, struct checkout_counts *counts, struct mlops_error *err)
{
	const char *const *v = (const char *const *)paths->v;

	if (!mlops_checkout_at(ctx->project, rev, v, paths->n, force, counts, err))
		return 0;
	if (cmd_supply_missing(ctx, rev, paths, err))
		return -1;
	return mlops_checkout_at(ctx->project, rev, v, paths->n, force, counts, err);
}

static int checkout_here(struct cmd_ctx *ctx, const struct strlist *paths, bool force,
			 struct checkout_counts *counts, struct mlops_error *err)
{
	autodvcpaths split = { 0 };

	*counts = (struct checkout_counts){ 0 };
	if (dvc_paths_split(ctx->project, paths, DVC_STAGES, &split, err))
		return -1;
	if (!split.skip_own && mlops_checkout(ctx->project, (const char *const *)split.own.v,
					      split.own.n, force, counts, err))
		return -1;
	return split.dvc ? mlops_dvc_checkout(split.dvc, (const char *const *)split.theirs.v,
					      split.theirs.n, force, counts, err) :
			   0;
}

static int checkout_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct checkout_opts *o = opts;
	enum merge_favor favor = o->ours ? MERGE_OURS : o->theirs ? MERGE_THEIRS : MERGE_NEITHER;
	bool resolves = o->ours || o->theirs || o->merge;
	struct checkout_counts counts;
	autorevs revs = { 0 };
	int rc;

	if (o->ours + o->theirs + o->merge + o->force > 1)
		return err_set(err, MLOPS_EUSAGE,
			       "--force, --ours, --theirs and --merge exclude each other");
	if (cmd_revs(ctx->project, &o->words, &o->paths, resolves ? 0 : 1, &revs, err))
		return -1;
	if (resolves)
		rc = cmd_resolve(ctx, &revs.paths, favor, &counts, err);
	else if (revs.n)
		rc = checkout_at(ctx, revs.v[0], &revs.paths, o->force, &counts, err);
	else
		rc = checkout_here(ctx, &revs.paths, o->force, &counts, err);
	return rc ? -1 : view_checkout(ctx, &counts);
}

const struct cmd_spec cmd_checkout = {
	.group = "data",
	.name = "checkout",
	.summary = "make tracked data what its pointers say, or a revision's",
	.flags = CMD_LOCK_WRITE | CMD_DVC | CMD_JSON,
	.opts = checkout_optv,
	.args = checkout_argv,
	.opts_size = sizeof(struct checkout_opts),
	.run = checkout_run,
};
