/* mlops exp apply, branch, push and rm: what becomes of trials. */
#include "exp.h"

#include <stdlib.h>

#include "base/vec.h"
#include "cli/term.h"
#include "transfer.h"

#define TRIAL_HELP "SEARCH/NUMBER, a number in the newest search, or a run"

struct apply_opts {
	const char *trial;
	bool force;
};

static const struct opt_spec apply_optv[] = {
	OPT(apply_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true, .help = "overwrite changes too; outputs among them are stored first"),
	OPT_END,
};

static const struct arg_spec apply_argv[] = {
	ARG(apply_opts, trial, .name = "TRIAL", .min = 1, .max = 1, .complete = "run", .help = TRIAL_HELP),
	ARG_END,
};

static int apply_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct apply_opts *o = opts;
	struct trial_applied done;

	if (mlops_trial_apply(ctx->project, o->trial, o->force, &done, err))
		return -1;
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "files", js_int((int64_t)done.files));
		js_set(v, "outs", js_int((int64_t)done.outs));
		return cmd_print_json(v);
	}
	if (!ctx->common.quiet)
		printf("%zu files and %zu outputs changed\n", done.files, done.outs);
	return 0;
}

const struct cmd_spec cmd_exp_apply = {
	.name = "apply", .summary = "put a trial's parameters and outputs into the work tree",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .opts = apply_optv, .args = apply_argv,
	.opts_size = sizeof(struct apply_opts), .run = apply_run,
};

struct branch_opts {
	const char *trial, *name;
};

static const struct arg_spec branch_argv[] = {
	ARG(branch_opts, trial, .name = "TRIAL", .min = 1, .max = 1, .complete = "run", .help = TRIAL_HELP),
	ARG(branch_opts, name, .name = "NAME", .min = 1, .max = 1, .help = "of the new branch"),
	ARG_END,
};

static int branch_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct branch_opts *o = opts;

	if (mlops_trial_branch(ctx->project, o->trial, o->name, err))
		return -1;
	if (!ctx->common.quiet)
		printf("branch '%s' ends in the trial's commit\n", o->name);
	return 0;
}

const struct cmd_spec cmd_exp_branch = {
	.name = "branch", .summary = "make a branch of git of a trial",
	.flags = CMD_PROJECT, .args = branch_argv, .opts_size = sizeof(struct branch_opts),
	.run = branch_run,
};

struct push_opts {
	struct opt_strs trials;
	const char *remote, *git;
	int64_t jobs;
	bool dry_run;
};

static const struct opt_spec push_optv[] = {
	OPT(push_opts, remote, .name = "remote", .letter = 'r', .type = OPT_STR, .meta = "NAME", .complete = "remote", .help = "send objects to this remote (default: core.remote, or the only one)"),
	OPT(push_opts, git, .name = "git", .letter = 'g', .type = OPT_STR, .meta = "REMOTE", .help = "then push the trials' commits to this remote of git's"),
	OPT(push_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N", .help = "move N things at a time (default: adapts)"),
	OPT(push_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be sent and send nothing"),
	OPT_END,
};

static const struct arg_spec push_argv[] = {
	ARG(push_opts, trials, .name = "TRIAL", .min = 1, .max = ARGS_ANY, .complete = "run", .help = TRIAL_HELP),
	ARG_END,
};

struct placed_refs {
	struct placed_ref *v;
	size_t n, cap;
};

static void placed_refs_clear(struct placed_refs *refs)
{
	vec_free(refs);
}

static int collect(struct cmd_ctx *ctx, const struct opt_strs *trials, struct placed_refs *out,
		   struct mlops_error *err)
{
	for (size_t i = 0; i < trials->n; i++) {
		autofree struct placed_ref *refs = NULL;
		size_t n;

		if (mlops_trial_objects(ctx->project, trials->v[i], &refs, &n, err))
			return -1;
		for (size_t k = 0; k < n; k++)
			vec_push(out, refs[k]);
	}
	return 0;
}

/* Objects first: who fetches a commit finds its data. */
static int push(struct cmd_ctx *ctx, const struct push_opts *o, const struct placed_refs *refs,
		struct transfer_counts *counts, struct mlops_error *err)
{
	struct transfer_how how = { .remote = o->remote, .jobs = o->jobs, .dry_run = o->dry_run };
	struct progress progress;

	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "sending", ctx->common.quiet);
	int rc = mlops_push_placed(ctx->project, refs->v, refs->n, &how, counts, err);
	progress_end(&progress);
	for (size_t i = 0; o->git && !o->dry_run && !rc && i < o->trials.n; i++)
		rc = mlops_trial_push_commit(ctx->project, o->trials.v[i], o->git, err);
	return rc;
}

static int push_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	__attribute__((cleanup(placed_refs_clear))) struct placed_refs refs = { 0 };
	const struct push_opts *o = opts;
	struct transfer_counts counts;

	if (collect(ctx, &o->trials, &refs, err) || push(ctx, o, &refs, &counts, err))
		return -1;
	if (!ctx->common.json) {
		cmd_print_counts(&counts, o->dry_run ? "to send" : "sent");
		return 0;
	}
	struct json *v = js_obj();
	cmd_set_counts(v, &counts);
	js_set(v, "dry_run", js_bool(o->dry_run));
	return cmd_print_json(v);
}

const struct cmd_spec cmd_exp_push = {
	.name = "push", .summary = "send what trials made to a remote",
	.flags = CMD_LOCK_READ | CMD_JSON, .opts = push_optv, .args = push_argv,
	.opts_size = sizeof(struct push_opts), .run = push_run,
};

struct rm_opts {
	struct opt_strs names;
	bool all, dry_run, yes;
};

static const struct opt_spec rm_optv[] = {
	OPT(rm_opts, all, .name = "all", .letter = 'a', .type = OPT_BOOL, .no_config = true, .help = "all searches"),
	OPT(rm_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be removed and remove nothing"),
	OPT(rm_opts, yes, .name = "yes", .letter = 'y', .type = OPT_BOOL, .no_config = true, .help = "do not ask"),
	OPT_END,
};

static const struct arg_spec rm_argv[] = {
	ARG(rm_opts, names, .name = "TRIAL", .max = ARGS_ANY, .complete = "run", .help = "a trial, or a search with all its trials"),
	ARG_END,
};

static bool is_wanted(const struct rm_opts *o, const struct trials_removed *n)
{
	char answer[16];

	if (o->yes || !n->trials || !term_is_tty(stdin) || !term_is_tty(stderr))
		return true;
	fprintf(stderr, "Remove %zu trials with their runs? [y/N] ", n->trials);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int rm_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct rm_opts *o = opts;
	struct trials_removed n;

	if (o->all == (o->names.n > 0))
		return err_set(err, MLOPS_EUSAGE, "give trials, searches, or --all");
	if (mlops_trials_remove(ctx->project, o->names.v, o->names.n, true, &n, err))
		return -1;
	if (!o->dry_run && !is_wanted(o, &n))
		return err_set(err, MLOPS_ENO, "nothing was removed");
	if (!o->dry_run &&
	    mlops_trials_remove(ctx->project, o->names.v, o->names.n, false, &n, err))
		return -1;
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "trials", js_int((int64_t)n.trials));
		js_set(v, "searches", js_int((int64_t)n.searches));
		js_set(v, "dry_run", js_bool(o->dry_run));
		return cmd_print_json(v);
	}
	printf("%s%zu trials and %zu searches\n", o->dry_run ? "would remove " : "removed ", n.trials,
	       n.searches);
	return 0;
}

const struct cmd_spec cmd_exp_rm = {
	.name = "rm", .summary = "forget trials, or whole searches",
	.flags = CMD_PROJECT | CMD_JSON, .opts = rm_optv, .args = rm_argv,
	.opts_size = sizeof(struct rm_opts), .run = rm_run,
};
