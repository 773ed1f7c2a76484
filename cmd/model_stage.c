/* mlops model promote, approve, deprecate, archive, restore, retire: the life of a version. */
#include "model.h"

#include "base/clock.h"
#include "base/num.h"
#include "cli/term.h"
#include "mlops/project.h"

/* mlops model promote */

struct promote_opts {
	const char *spec, *stage;
	bool archive, dry_run;
};

static const struct opt_spec promote_optv[] = {
	OPT(promote_opts, archive, .name = "archive", .type = OPT_BOOL,
	    .help = "archive the versions that are in the stage"),
	OPT(promote_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true,
	    .help = "say whether it has what the stage asks for, and change nothing"),
	OPT_END,
};

static const struct arg_spec promote_argv[] = {
	ARG(promote_opts, spec, .name = "VERSION", .min = 1, .max = 1, .complete = "model",
	    .help = "NAME:N or NAME@ALIAS; NAME alone is its newest"),
	ARG(promote_opts, stage, .name = "STAGE", .min = 1, .max = 1,
	    .help = "staging or production"),
	ARG_END,
};

static void print_verdict(const struct stage_verdict *v, bool dry_run)
{
	char spec[MODEL_SPEC];

	for (size_t i = 0; i < v->n; i++)
		printf("%s  %s: %s\n", v->checks[i].holds ? "holds" : "fails", v->checks[i].text,
		       v->checks[i].found ? v->checks[i].found : "it has none");
	if (!v->passed || dry_run)
		return;
	printf("%s is in %s\n", model_spec(v->model, v->version, spec),
	       mlops_model_stage_name(v->to));
	for (size_t i = 0; i < v->n_archived; i++)
		printf("%s is archived\n", model_spec(v->model, v->archived[i], spec));
}

static void print_verdict_json(const struct stage_verdict *v, bool dry_run)
{
	struct json *top = js_obj(), *checks = js_arr(), *archived = js_arr();

	for (size_t i = 0; i < v->n; i++) {
		struct json *check = js_obj();

		js_set(check, "check", js_str(v->checks[i].text));
		js_set(check, "found", js_str(v->checks[i].found));
		js_set(check, "holds", js_bool(v->checks[i].holds));
		js_push(checks, check);
	}
	for (size_t i = 0; i < v->n_archived; i++)
		js_push(archived, js_int(v->archived[i]));
	js_set(top, "model", js_str(v->model));
	js_set(top, "version", js_int(v->version));
	js_set(top, "from", js_str(mlops_model_stage_name(v->from)));
	js_set(top, "to", js_str(mlops_model_stage_name(v->to)));
	js_set(top, "passed", js_bool(v->passed));
	js_set(top, "promoted", js_bool(v->passed && !dry_run));
	js_set(top, "checks", checks);
	js_set(top, "archived", archived);
	cmd_print_json(top);
}

static int refuse(const struct stage_verdict *v, struct mlops_error *err)
{
	char spec[MODEL_SPEC];

	for (size_t i = 0; i < v->n; i++)
		if (!v->checks[i].holds)
			return err_set(err, MLOPS_ENO, "%s may not go to %s: '%s' does not hold",
				       model_spec(v->model, v->version, spec),
				       mlops_model_stage_name(v->to), v->checks[i].text);
	return 0;
}

static int promote_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct promote_opts *o = opts;
	const struct promote_how how = { o->stage, o->archive, o->dry_run };
	struct stage_verdict *verdict;

	if (mlops_model_promote(ctx->project, o->spec, &how, &verdict, err))
		return -1;
	if (ctx->common.json)
		print_verdict_json(verdict, o->dry_run);
	else
		print_verdict(verdict, o->dry_run);
	int rc = refuse(verdict, err);
	mlops_stage_verdict_free(verdict);
	return rc;
}

const struct cmd_spec cmd_model_promote = {
	.name = "promote",
	.summary = "move a version on to staging or production",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON,
	.opts = promote_optv,
	.args = promote_argv,
	.opts_size = sizeof(struct promote_opts),
	.run = promote_run,
};

/* The others change one version, and say why. */

struct change_opts {
	const char *spec, *reason;
	bool yes, dry_run;
};

static const struct arg_spec change_argv[] = {
	ARG(change_opts, spec, .name = "VERSION", .min = 1, .max = 1, .complete = "model",
	    .help = "NAME:N or NAME@ALIAS; NAME alone is its newest"),
	ARG_END,
};

static const struct opt_spec change_optv[] = {
	OPT(change_opts, reason, .name = "reason", .letter = 'm', .type = OPT_STR, .meta = "TEXT",
	    .no_config = true, .help = "why, for the events of the model"),
	OPT_END,
};

static const struct opt_spec retire_optv[] = {
	OPT(change_opts, reason, .name = "reason", .letter = 'm', .type = OPT_STR, .meta = "TEXT",
	    .no_config = true, .help = "why, for the events of the model"),
	OPT(change_opts, yes, .name = "yes", .letter = 'y', .type = OPT_BOOL, .no_config = true,
	    .help = "do not ask"),
	OPT(change_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true, .help = "say what would be retired and retire nothing"),
	OPT_END,
};

/* Frees it. */
static int report(struct cmd_ctx *ctx, struct model_version *v, const char *what)
{
	char spec[MODEL_SPEC];

	if (ctx->common.json)
		cmd_print_json(model_version_json(v));
	else
		printf("%s is %s\n", model_spec(v->model, v->version, spec), what);
	mlops_model_version_free(v);
	return 0;
}

static int change(struct cmd_ctx *ctx, const void *opts, enum model_change what, const char *done,
		  struct mlops_error *err)
{
	const struct change_opts *o = opts;
	const struct change_how how = { .what = what, .reason = o->reason };
	struct model_version *v;

	if (mlops_model_change(ctx->project, o->spec, &how, &v, err))
		return -1;
	return report(ctx, v, done);
}

static int approve_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct change_opts *o = opts;
	struct model_version *v;

	if (mlops_model_approve(ctx->project, o->spec, o->reason, &v, err))
		return -1;
	return report(ctx, v, "approved");
}

static int deprecate_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return change(ctx, opts, MODEL_DEPRECATE, "deprecated", err);
}

static int archive_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return change(ctx, opts, MODEL_ARCHIVE, "archived", err);
}

static int restore_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return change(ctx, opts, MODEL_RESTORE, "restored", err);
}

static bool confirms(const struct model_version *v)
{
	char answer[16], spec[MODEL_SPEC];

	fprintf(stderr, "Retire %s for good? [y/N] ", model_spec(v->model, v->version, spec));
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Whether it can be done is seen before anybody is asked. */
static int retire_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct change_opts *o = opts;
	struct change_how how = { MODEL_RETIRE, o->reason, true };
	struct model_version *v;

	if (mlops_model_change(ctx->project, o->spec, &how, &v, err))
		return -1;
	if (o->dry_run)
		return report(ctx, v, "what would be retired");
	bool ask = !o->yes && term_is_tty(stdin) && term_is_tty(stderr);
	bool wanted = !ask || confirms(v);
	mlops_model_version_free(v);
	if (!wanted)
		return err_set(err, MLOPS_ENO, "nothing was retired");
	how.dry_run = false;
	if (mlops_model_change(ctx->project, o->spec, &how, &v, err))
		return -1;
	return report(ctx, v, "retired");
}

#define CHANGE(what, text, optv)                                                                   \
	const struct cmd_spec cmd_model_##what = {                                                 \
		.name = #what,                                                                     \
		.summary = text,                                                                   \
		.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON,                                  \
		.opts = optv,                                                                      \
		.args = change_argv,                                                               \
		.opts_size = sizeof(struct change_opts),                                           \
		.run = what##_run,                                                                 \
	}

CHANGE(approve, "approve a version for production", change_optv);
CHANGE(deprecate, "mark a version as one not to be used any more", change_optv);
CHANGE(archive, "take a version out of use", change_optv);
CHANGE(restore, "take a version into use again", change_optv);
CHANGE(retire, "give a version up for good", retire_optv);
