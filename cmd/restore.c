/* mlops restore */
#include "paths.h"
#include "supply.h"
#include "view.h"

struct restore_opts {
	struct opt_strs paths;
	const char *source;
};

static const struct opt_spec restore_optv[] = {
	OPT(restore_opts, source, .name = "source", .letter = 's', .type = OPT_STR, .meta = "REV", .complete = "rev", .no_config = true, .help = "take the data of this revision (default: what the pointers in the work tree say)"),
	OPT_END,
};

static const struct arg_spec restore_argv[] = {
	ARG(restore_opts, paths, .name = "PATH", .min = 1, .max = ARGS_ANY, .complete = "path", .help = "tracked paths, what lies in them, or folders above"),
	ARG_END,
};

static int restore_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct restore_opts *o = opts;
	struct checkout_counts counts;
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err))
		return -1;
	const char *const *v = (const char *const *)paths.v;
	if (mlops_restore(ctx->project, o->source, v, paths.n, &counts, err) &&
	    (cmd_supply_missing(ctx, o->source, &paths, err) ||
	     mlops_restore(ctx->project, o->source, v, paths.n, &counts, err)))
		return -1;
	return view_checkout(ctx, &counts);
}

const struct cmd_spec cmd_restore = {
	.group = "data", .name = "restore", .summary = "undo changes of tracked data, which are stored first",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .opts = restore_optv, .args = restore_argv,
	.opts_size = sizeof(struct restore_opts), .run = restore_run,
};
