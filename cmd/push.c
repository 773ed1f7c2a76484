/* mlops push */
#include "base/log.h"
#include "dvc.h"
#include "mlops/dvc_remote.h"
#include "mlops/pipeline.h"
#include "mlops/registry.h"
#include "paths.h"
#include "refs.h"
#include "transfer.h"

struct push_opts {
	struct opt_strs paths;
	const char *remote;
	int64_t jobs;
	uint64_t limit_rate;
	bool dry_run, verify;
};

static const struct opt_spec push_optv[] = {
	OPT(push_opts, remote, .name = "remote", .letter = 'r', .type = OPT_STR, .meta = "NAME",
	    .complete = "remote",
	    .help = "send to this remote (default: core.remote, or the only one)"),
	OPT(push_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N",
	    .help = "move N things at a time (default: adapts)"),
	OPT(push_opts, limit_rate, .name = "limit-rate", .type = OPT_BYTES, .meta = "RATE",
	    .help = "move at most RATE bytes a second over the network, such as 10M (default: no limit)"),
	OPT(push_opts, verify, .name = "verify", .type = OPT_BOOL,
	    .help = "read all of it back afterwards, what was there before too, and hash it"),
	OPT(push_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true, .help = "say what would be sent and send nothing"),
	OPT_END,
};

static const struct arg_spec push_argv[] = {
	ARG(push_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path",
	    .help = "tracked paths and outputs, or folders that hold some (default: all that the project names)"),
	ARG_END,
};

typedef VEC(struct placed_ref) ref_vec;

/* Everything the project names, runs and models too; with paths, what the work tree has there. */
static int collect(struct cmd_ctx *ctx, const struct strlist *paths, ref_vec *out,
		   struct mlops_error *err)
{
	autoworkrefs refs = { 0 };

	if (!paths->n)
		return mlops_roots_placed(ctx->project, &out->v, &out->n, err);
	if (cmd_work_refs(ctx->project, paths, &refs, err))
		return -1;
	for (size_t i = 0; i < refs.n; i++)
		if (refs.v[i].place.no_push)
			log_info("'%s' is not sent: the pipeline says push: false", refs.v[i].path);
	out->v = cmd_placed_refs(&refs);
	out->n = refs.n;
	return 0;
}

static int print(const struct cmd_ctx *ctx, const struct push_opts *o,
		 const struct transfer_counts *counts)
{
	if (!ctx->common.json) {
		cmd_print_counts(counts, o->dry_run ? "to send" : "sent");
		return 0;
	}
	struct json *v = js_obj();
	cmd_set_counts(v, counts);
	js_set(v, "dry_run", js_bool(o->dry_run));
	return cmd_print_json(v);
}

/* In a DVC repository that names nothing of ours no remote of ours is needed. */
static int push_own(struct cmd_ctx *ctx, const struct push_opts *o, const struct dvc_paths *paths,
		    const struct transfer_how *how, struct transfer_counts *counts,
		    struct mlops_error *err)
{
	struct transfer_counts own = { 0 };
	ref_vec refs = { 0 };
	int rc = collect(ctx, &paths->own, &refs, err);

	if (!rc && (refs.n || !paths->dvc))
		rc = mlops_push_placed(ctx->project, refs.v, refs.n, how, &own, err);
	if (!rc && (refs.n || !paths->dvc) && !o->paths.n && !o->dry_run)
		rc = mlops_results_share(ctx->project, o->remote, err);
	vec_free(&refs);
	cmd_add_counts(counts, &own);
	return rc;
}

static int push(struct cmd_ctx *ctx, const struct push_opts *o, struct transfer_counts *counts,
		struct mlops_error *err)
{
	struct transfer_how how = {
		.remote = o->remote, .jobs = o->jobs, .rate = o->limit_rate, .verify = o->verify,
				    .dry_run = o->dry_run
	};
	struct progress progress;
	autodvcpaths split = { 0 };
	autostrlist paths = { 0 };
	int rc = 0;

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    dvc_paths_split(ctx->project, &paths, DVC_STAGES, &split, err))
		return -1;
	dvc_paths_at_remote(ctx->project, o->remote, &split);
	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "sending", ctx->common.quiet);
	if (split.dvc)
		rc = mlops_dvc_push(split.dvc, (const char *const *)split.theirs.v, split.theirs.n,
				    &how, counts, err);
	if (!rc && !split.skip_own)
		rc = push_own(ctx, o, &split, &how, counts, err);
	progress_end(&progress);
	return rc;
}

static int push_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct push_opts *o = opts;
	struct transfer_counts counts = { 0 };

	return push(ctx, o, &counts, err) ? -1 : print(ctx, o, &counts);
}

const struct cmd_spec cmd_push = {
	.group = "share",
	.name = "push",
	.summary = "send tracked objects to a remote",
	.flags = CMD_LOCK_READ | CMD_DVC | CMD_JSON,
	.opts = push_optv,
	.args = push_argv,
	.opts_size = sizeof(struct push_opts),
	.run = push_run,
};
