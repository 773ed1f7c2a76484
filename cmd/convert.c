/* mlops import dvc, mlops export dvc: a whole repository from the one to the other. */
#include "convert.h"

#include "base/vec.h"
#include "mlops/dvc_remote.h"
#include "mlops/dvc_stages.h"
#include "mlops/origin.h"
#include "paths.h"
#include "transfer.h"

struct convert_opts {
	struct opt_strs paths;
	const char *remote;
};

static const struct opt_spec import_optv[] = {
	OPT(convert_opts, remote, .name = "remote", .letter = 'r', .type = OPT_STR, .meta = "NAME",
	    .no_config = true, .complete = "remote",
	    .help = "fetch what is not here from this remote of DVC (default: core.remote)"),
	OPT_END,
};

static const struct opt_spec export_optv[] = { OPT_END };

static const struct arg_spec convert_argv[] = {
	ARG(convert_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path",
	    .help = "tracked paths, or folders that hold some (default: all)"),
	ARG_END,
};

static void report(const struct pointer *p, bool unchanged, void *arg)
{
	autofree char *shown = cmd_show_path(p->path);

	(void)unchanged;
	++*(size_t *)arg;
	printf("%s\n", shown);
}

static int no_dvc(struct mlops_error *err)
{
	err_set(err, MLOPS_ENOTFOUND, "the project is no DVC repository");
	return err_hint(err, "make it one with: dvc init");
}

static int note_absent(const struct status_entry *e, void *arg, struct mlops_error *err)
{
	(void)err;
	*(bool *)arg |= e->kind == STATUS_ABSENT;
	return 0;
}

/* What is not here is fetched and checked out, since its SHA-256 is to be known. */
static int bring(struct cmd_ctx *ctx, struct dvc *dvc, const struct convert_opts *o,
		 const struct strlist *paths, struct mlops_error *err)
{
	const char *const *v = (const char *const *)paths->v;
	struct transfer_how how = { .remote = o->remote };
	const struct get_how imports = { .add_stages = mlops_dvc_add_stages };
	struct checkout_counts tree = { 0 };
	struct transfer_counts counts;
	struct progress progress;
	bool absent = false;
	int rc = 0;

	if (mlops_dvc_status(dvc, v, paths->n, note_absent, &absent, err))
		return -1;
	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "fetching", ctx->common.quiet);
	if (absent)
		rc = mlops_dvc_fetch(dvc, v, paths->n, &how, &counts, err);
	progress_end(&progress);
	return rc || mlops_dvc_fetch_imports(dvc, v, paths->n, &imports, err) ||
			       mlops_dvc_checkout(dvc, v, paths->n, false, &tree, err) ?
		       -1 :
		       0;
}

static int run(struct cmd_ctx *ctx, const struct convert_opts *o, bool to_ours,
	       struct mlops_error *err)
{
	autostrlist paths = { 0 };
	struct dvc *dvc;
	size_t n = 0;

	if (!mlops_dvc_is_here(ctx->project))
		return no_dvc(err);
	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    mlops_dvc_open(ctx->project, &dvc, err))
		return -1;
	const char *const *v = (const char *const *)paths.v;
	int rc = to_ours ? bring(ctx, dvc, o, &paths, err) ||
				   mlops_dvc_to_pointers(dvc, v, paths.n, report, &n, err) :
			   mlops_dvc_from_pointers(dvc, v, paths.n, report, &n, err);
	mlops_dvc_close(dvc);
	if (!rc && !n)
		puts("nothing to convert");
	return rc ? -1 : 0;
}

static int import_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return run(ctx, opts, true, err);
}

static int export_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return run(ctx, opts, false, err);
}

const struct cmd_spec convert_from_dvc = {
	.name = "dvc",
	.summary = "make pointers of what DVC tracks",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE,
	.opts = import_optv,
	.args = convert_argv,
	.opts_size = sizeof(struct convert_opts),
	.run = import_run,
};

const struct cmd_spec convert_to_dvc = {
	.name = "dvc",
	.summary = "have DVC track what pointers stand for",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE,
	.opts = export_optv,
	.args = convert_argv,
	.opts_size = sizeof(struct convert_opts),
	.run = export_run,
};
