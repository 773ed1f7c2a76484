/* mlops pull */
#include "base/log.h"
#include "dvc.h"
#include "mlops/dvc_remote.h"
#include "mlops/dvc_stages.h"
#include "mlops/origin.h"
#include "mlops/workspace.h"
#include "paths.h"
#include "pull_part.h"
#include "refs.h"
#include "transfer.h"

struct pull_opts {
	struct opt_strs paths;
	const char *remote;
	int64_t jobs;
	uint64_t limit_rate;
	bool dry_run, force, no_checkout, list_only;
	const char *glob;
};

static const struct opt_spec pull_optv[] = {
	OPT(pull_opts, remote, .name = "remote", .letter = 'r', .type = OPT_STR, .meta = "NAME",
	    .complete = "remote",
	    .help = "fetch from this remote (default: core.remote, or the only one)"),
	OPT(pull_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N",
	    .help = "move N things at a time (default: adapts)"),
	OPT(pull_opts, limit_rate, .name = "limit-rate", .type = OPT_BYTES, .meta = "RATE",
	    .help = "move at most RATE bytes a second over the network, such as 10M (default: no limit)"),
	OPT(pull_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true, .help = "say what would be fetched, and fetch and change nothing"),
	OPT(pull_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true,
	    .help = "overwrite changes too; what they hold is stored first"),
	OPT(pull_opts, no_checkout, .name = "no-checkout", .type = OPT_BOOL,
	    .help = "fetch objects into the store and leave the work tree alone"),
	OPT(pull_opts, glob, .name = "glob", .letter = 'g', .type = OPT_STR, .meta = "PATTERN",
	    .no_config = true,
	    .help = "only files whose path from the project's root fits, or whose name where the pattern has no '/'"),
	OPT(pull_opts, list_only, .name = "list-only", .type = OPT_BOOL, .no_config = true,
	    .help = "fetch the listings of folders and none of their files"),
	OPT_END,
};

static const struct arg_spec pull_argv[] = {
	ARG(pull_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path",
	    .help = "tracked paths and outputs, what lies in them, or folders that hold some (default: all)"),
	ARG_END,
};

struct pulled {
	struct transfer_counts fetched;
	struct checkout_counts tree;
	struct strlist kept;   /* outputs with changes that are nowhere else */
	struct strlist unsent; /* outputs that are not here and that nobody sends */
};

static struct transfer_how how_of(const struct pull_opts *o)
{
	return (struct transfer_how){ .remote = o->remote,
				      .jobs = o->jobs,
				      .rate = o->limit_rate,
				      .dry_run = o->dry_run,
				      .list_only = o->list_only };
}

/* In a DVC repository that names nothing of ours no remote of ours is needed. */
static int fetch(struct cmd_ctx *ctx, const struct pull_opts *o, const struct dvc_paths *paths,
		 const struct work_refs *refs, struct transfer_counts *counts,
		 struct mlops_error *err)
{
	struct transfer_how how = how_of(o);
	autofree struct placed_ref *placed = cmd_placed_refs(refs);
	struct transfer_counts own = { 0 };
	struct progress progress;
	int rc = 0;

	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "fetching", ctx->common.quiet);
	if (paths->dvc)
		rc = mlops_dvc_fetch(paths->dvc, (const char *const *)paths->theirs.v,
				     paths->theirs.n, &how, counts, err);
	if (!rc && !paths->skip_own && (refs->n || !paths->dvc))
		rc = mlops_fetch_placed(ctx->project, placed, refs->n, &how, &own, err);
	progress_end(&progress);
	cmd_add_counts(counts, &own);
	return rc;
}

/* What lies in tracked folders, and what a pattern chooses. */
static int fetch_parts(struct cmd_ctx *ctx, const struct pull_opts *o, const struct strlist *paths,
		       struct pulled *p, struct mlops_error *err)
{
	struct transfer_how how = how_of(o);
	const struct pull_part part = { .paths = paths,
					.glob = o->glob,
					.how = &how,
					.force = o->force,
					.no_checkout = o->no_checkout,
					.fetched = &p->fetched,
					.tree = &p->tree,
					.kept = &p->kept };
	struct progress progress;

	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "fetching", ctx->common.quiet);
	int rc = pull_part(ctx, &part, err);
	progress_end(&progress);
	return rc;
}

/* What an output holds now may go when the store has it, since then it can be had again. */
static int restore_out(struct cmd_ctx *ctx, const struct pull_opts *o, const struct work_ref *out,
		       struct pulled *p, struct mlops_error *err)
{
	struct object_ref now;
	struct store *store;

	if (mlops_store_of(ctx->project, &store, err))
		return -1;
	if (mlops_workspace_hash(ctx->project, out->path, &now, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
	} else if (mlops_oid_equal(&now.oid, &out->ref.oid) &&
		   now.executable == out->ref.executable) {
		p->tree.unchanged += now.files;
		return 0;
	} else if (!o->force && !mlops_store_has(store, &now.oid)) {
		strlist_add(&p->kept, out->path);
		return 0;
	} else if (mlops_workspace_save(ctx->project, out->path, &now,
					err)) { /* gc spares it now */
		return -1;
	}
	if (!mlops_workspace_restore(ctx->project, out->path, &out->ref, err)) {
		p->tree.written += out->ref.files;
		return 0;
	}
	if (err->kind != MLOPS_ENOTFOUND || mlops_place_has_remote(&out->place))
		return -1;
	mlops_error_clear(err);
	strlist_add(&p->unsent, out->path);
	return 0;
}

static int restore_outs(struct cmd_ctx *ctx, const struct pull_opts *o,
			const struct work_refs *refs, struct pulled *p, struct mlops_error *err)
{
	for (size_t i = 0; i < refs->n; i++)
		if (refs->v[i].is_out && restore_out(ctx, o, &refs->v[i], p, err))
			return -1;
	return 0;
}

static int checkout(struct cmd_ctx *ctx, const struct pull_opts *o, const struct work_refs *refs,
		    struct pulled *p, struct mlops_error *err)
{
	struct checkout_counts counts = { 0 };
	VEC(const char *) paths = { 0 };
	int rc = 0;

	for (size_t i = 0; i < refs->n; i++)
		if (!refs->v[i].is_out)
			vec_push(&paths, refs->v[i].path);
	if (paths.n)
		rc = mlops_checkout(ctx->project, paths.v, paths.n, o->force, &counts, err);
	vec_free(&paths);
	p->tree.written += counts.written;
	p->tree.removed += counts.removed;
	p->tree.unchanged += counts.unchanged;
	return rc;
}

static int checkout_dvc(const struct pull_opts *o, const struct dvc_paths *paths,
			struct checkout_counts *counts, struct mlops_error *err)
{
	const struct get_how how = { .add_stages = mlops_dvc_add_stages };

	if (paths->dvc && mlops_dvc_fetch_imports(paths->dvc, (const char *const *)paths->theirs.v,
						  paths->theirs.n, &how, err))
		return -1;
	return paths->dvc ? mlops_dvc_checkout(paths->dvc, (const char *const *)paths->theirs.v,
					       paths->theirs.n, o->force, counts, err) :
			    0;
}

static int print_json(const struct pull_opts *o, const struct pulled *p)
{
	struct json *v = js_obj(), *kept = js_arr();

	cmd_set_counts(v, &p->fetched);
	js_set(v, "dry_run", js_bool(o->dry_run));
	js_set(v, "written", js_int((int64_t)p->tree.written));
	js_set(v, "removed", js_int((int64_t)p->tree.removed));
	js_set(v, "unchanged", js_int((int64_t)p->tree.unchanged));
	for (size_t i = 0; i < p->kept.n; i++)
		js_push(kept, js_str(p->kept.v[i]));
	js_set(v, "kept", kept);
	return cmd_print_json(v);
}

static void print(const struct pull_opts *o, const struct pulled *p)
{
	cmd_print_counts(&p->fetched, o->dry_run ? "to fetch" : "fetched");
	if (p->tree.written || p->tree.removed)
		printf("%llu file%s written, %llu removed\n", (unsigned long long)p->tree.written,
		       p->tree.written == 1 ? "" : "s", (unsigned long long)p->tree.removed);
}

static int report(struct cmd_ctx *ctx, const struct pull_opts *o, const struct pulled *p)
{
	if (ctx->common.json)
		print_json(o, p);
	else
		print(o, p);
	for (size_t i = 0; i < p->kept.n; i++) {
		autofree char *shown = cmd_show_path(p->kept.v[i]);

		log_warn("'%s' has changes that are stored nowhere, so it was kept; "
			 "overwrite it with --force",
			 shown);
	}
	for (size_t i = 0; i < p->unsent.n; i++) {
		autofree char *shown = cmd_show_path(p->unsent.v[i]);

		log_info("'%s' is at no remote: the pipeline says push: false", shown);
	}
	return p->kept.n ? CMD_EXIT_NO : 0;
}

static int pull_matching(struct cmd_ctx *ctx, const struct pull_opts *o, struct strlist *paths,
			 struct pulled *p, struct mlops_error *err)
{
	if (!paths->n)
		strlist_add(paths, "");
	return fetch_parts(ctx, o, paths, p, err);
}

static int pull(struct cmd_ctx *ctx, const struct pull_opts *o, struct pulled *p,
		struct mlops_error *err)
{
	autoworkrefs refs = { 0 };
	autodvcpaths split = { 0 };
	autostrlist paths = { 0 }, inside = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err))
		return -1;
	if (o->glob)
		return pull_matching(ctx, o, &paths, p, err);
	if (dvc_paths_split(ctx->project, &paths, DVC_STAGES, &split, err))
		return -1;
	dvc_paths_at_remote(ctx->project, o->remote, &split);
	if ((!split.skip_own && cmd_work_refs_inside(ctx->project, &split.own, &refs, &inside, err)) ||
	    fetch(ctx, o, &split, &refs, &p->fetched, err) ||
	    (inside.n && fetch_parts(ctx, o, &inside, p, err)))
		return -1;
	if (o->no_checkout || o->dry_run || o->list_only)
		return 0;
	/* Tracked data last: when it has changes of its own, all else is done. */
	if (checkout_dvc(o, &split, &p->tree, err))
		return -1;
	if (split.skip_own || (!refs.n && inside.n))
		return 0;
	if (restore_outs(ctx, o, &refs, p, err) || mlops_workspace_sync(ctx->project, err))
		return -1;
	return checkout(ctx, o, &refs, p, err);
}

static int pull_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct pulled p = { 0 };
	int rc = pull(ctx, opts, &p, err);

	if (!rc)
		rc = report(ctx, opts, &p);
	strlist_clear(&p.kept);
	strlist_clear(&p.unsent);
	return rc;
}

const struct cmd_spec cmd_pull = {
	.group = "share",
	.name = "pull",
	.summary = "fetch tracked objects and check them out",
	.flags = CMD_LOCK_WRITE | CMD_DVC | CMD_JSON,
	.opts = pull_optv,
	.args = pull_argv,
	.opts_size = sizeof(struct pull_opts),
	.run = pull_run,
};
