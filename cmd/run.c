/* mlops run: brings the pipeline of mlops.yaml up to date. */
#include "run_view.h"

#include "base/log.h"
#include "base/proc.h"
#include "cli/term.h"

struct run_opts {
	struct opt_strs stages, params;
	const char *name, *experiment, *from, *to, *on;
	int64_t jobs;
	bool force, dry_run, keep_going, single, downstream, explain, watch, interactive, check_deps;
};

static const struct opt_spec run_optv[] = {
	OPT(run_opts, params, .name = "param", .letter = 'P', .type = OPT_STRS,
	    .meta = "[FILE:]KEY=VALUE", .no_config = true,
	    .help = "run with another value of a parameter, for this run only"),
	OPT(run_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true,
	    .help = "run stages that did not change too"),
	OPT(run_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true, .help = "say what would run, and run nothing"),
	OPT(run_opts, explain, .name = "explain", .type = OPT_BOOL, .no_config = true,
	    .help = "a dry run that says at length why each stage would run"),
	OPT(run_opts, single, .name = "single", .letter = 's', .type = OPT_BOOL, .no_config = true,
	    .help = "only the named stages, not those that they need"),
	OPT(run_opts, downstream, .name = "downstream", .type = OPT_BOOL, .no_config = true,
	    .help = "the named stages and those that need them"),
	OPT(run_opts, from, .name = "from", .type = OPT_STR, .meta = "STAGE", .no_config = true,
	    .complete = "stage", .help = "only this stage and those that need it"),
	OPT(run_opts, to, .name = "to", .type = OPT_STR, .meta = "STAGE", .no_config = true,
	    .complete = "stage", .help = "only this stage and those that it needs"),
	OPT(run_opts, check_deps, .name = "check-deps", .type = OPT_BOOL, .no_config = true,
	    .help = "tell which files stages that run read and do not declare"),
	OPT(run_opts, interactive, .name = "interactive", .letter = 'i', .type = OPT_BOOL,
	    .no_config = true, .help = "ask before each stage that would run"),
	OPT(run_opts, watch, .name = "watch", .letter = 'w', .type = OPT_BOOL, .no_config = true,
	    .help = "run again whenever a file changes that the pipeline reads"),
	OPT(run_opts, keep_going, .name = "keep-going", .letter = 'k', .type = OPT_BOOL,
	    .help = "when a stage fails, run those that do not need it"),
	OPT(run_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N",
	    .help = "run up to N stages side by side (default: 1, or as the make that called allows)"),
	OPT(run_opts, on, .name = "on", .type = OPT_STR, .meta = "ENGINE", .no_config = true,
	    .help = "run the stages on this engine, whatever mlops.yaml says"),
	OPT(run_opts, name, .name = "name", .type = OPT_STR, .meta = "NAME", .no_config = true,
	    .help = "name of the experiment run (default: one is made up)"),
	OPT(run_opts, experiment, .name = "experiment", .letter = 'e', .type = OPT_STR,
	    .meta = "NAME", .def = "Default", .help = "experiment that the run belongs to"),
	OPT_END,
};

static const struct arg_spec run_argv[] = {
	ARG(run_opts, stages, .name = "STAGE", .max = ARGS_ANY, .complete = "stage",
	    .help = "bring only this stage and those it needs up to date"),
	ARG_END,
};

static void print_summary(const struct run_outcome *out, bool dry_run)
{
	if (*out->run_id)
		printf("run %s: %zu ran, %zu restored, %zu unchanged, %zu failed, %zu skipped\n",
		       out->run_id, out->ran, out->restored, out->unchanged, out->failed,
		       out->skipped);
	else if (out->ran || out->restored)
		fprintf(stderr,
			dry_run ? "%zu to run, %zu to restore, %zu unchanged\n" :
				  "%zu ran, %zu restored, %zu unchanged\n",
			out->ran, out->restored, out->unchanged);
	else if (!out->failed && out->skipped)
		fprintf(stderr, "all else is up to date; %zu skipped\n", out->skipped);
	else if (!out->failed)
		fprintf(stderr, "everything is up to date\n");
}

static void show(const struct cmd_ctx *ctx, bool dry_run, const struct run_outcome *out,
		 struct run_view *v)
{
	if (ctx->common.json) {
		struct json *top = js_obj();

		js_set(top, "run_id", js_str(*out->run_id ? out->run_id : NULL));
		js_set(top, "stages", js_ref(v->stages));
		if (v->undeclared)
			js_set(top, "undeclared", js_ref(v->undeclared));
		cmd_print_json(top);
	} else if (!ctx->common.quiet) {
		print_summary(out, dry_run);
	}
}

/* Nothing is asked for but to bring all up to date, and no answer for each stage. */
static bool asks_only_whether(const struct cmd_ctx *ctx, const struct run_opts *o)
{
	return !o->stages.n && !o->params.n && !o->force && !o->explain && !o->from && !o->to && !o->on &&
	       o->jobs >= 0 && !ctx->common.json;
}

static int check_selection(const struct run_opts *o, struct mlops_error *err)
{
	if (o->single && o->downstream)
		return err_set(err, MLOPS_EUSAGE, "--single and --downstream exclude each other");
	if ((o->single || o->downstream) && !o->stages.n)
		return err_set(err, MLOPS_EUSAGE, "--%s needs the name of a stage",
			       o->single ? "single" : "downstream");
	return 0;
}

/* A pipeline runs without it too. */
static int listen(const char *run_id, const char *const **env, void *arg, struct mlops_error *err)
{
	struct run_view *view = arg;
	autoerr why = ERR_INIT;

	(void)err;
	if (tracking_env_open(view->ctx->project, run_id, view->experiment, &view->tracking, &why))
		log_warn("stages cannot log by MLflow: %s", why.msg);
	else
		*env = view->tracking.env;
	return 0;
}

static int run_once(const struct run_opts *o, const struct run_how *how, struct run_view *view,
		    struct mlops_error *err)
{
	struct run_outcome out = { 0 };
	struct project *project = view->ctx->project;
	struct pipeline *pipeline;

	if (asks_only_whether(view->ctx, o) && mlops_pipeline_is_current(project)) {
		if (!view->ctx->common.quiet)
			print_summary(&out, o->dry_run);
		return 0;
	}
	if (mlops_pipeline_load(project, &pipeline, err))
		return -1;
	int rc = mlops_pipeline_run(project, pipeline, how, &out, err);
	tracking_env_close(&view->tracking);
	run_view_end(view);
	if (!rc || out.failed || *out.run_id)
		show(view->ctx, how->dry_run, &out, view);
	mlops_pipeline_free(pipeline);
	if (!rc && out.undeclared)
		return err_set(err, MLOPS_ENO, "%zu files are read and not declared", out.undeclared);
	return rc;
}

/* One that failed is no reason to end: a file may be changed so that the next does not. */
static int run_and_wait(const struct run_opts *o, const struct run_how *how, struct run_view *view,
			struct pipeline_watch *watch, struct mlops_error *err)
{
	if (run_once(o, how, view, err)) {
		if (err->kind == MLOPS_EINTERRUPTED || err->kind == MLOPS_ETERMINATED)
			return -1;
		fprintf(stderr, "mlops: %s\n", err->msg);
		mlops_error_clear(err);
	}
	if (!view->ctx->common.quiet)
		fprintf(stderr, "waiting for a change\n");
	return mlops_pipeline_watch_wait(watch, err);
}

/* The watch is there before the run, so that no change falls in between. */
static int run_watching(const struct run_opts *o, const struct run_how *how, struct run_view *view,
			struct mlops_error *err)
{
	struct project *project = view->ctx->project;
	struct pipeline *pipeline;
	struct pipeline_watch *watch;
	int rc = 0;

	while (!rc) {
		if (mlops_pipeline_load(project, &pipeline, err))
			return -1;
		rc = mlops_pipeline_watch_new(project, pipeline, &watch, err);
		mlops_pipeline_free(pipeline);
		if (rc)
			return -1;
		rc = run_and_wait(o, how, view, watch, err);
		mlops_pipeline_watch_free(watch);
	}
	return rc;
}

static int run_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct run_opts *o = opts;
	autojson *stages = js_arr();
	autofree char *program = NULL;
	bool live = term_is_tty(stderr) && !ctx->common.quiet && !ctx->common.json;
	autojson *undeclared = o->check_deps ? js_arr() : NULL;
	struct run_view view = {
		.ctx = ctx,
		.stages = stages,
		.undeclared = undeclared,
		.experiment = o->experiment,
		.keep_going = o->keep_going,
		.side_by_side = o->jobs > 1,
		.live = live,
	};

	if (proc_self_path(&program, err))
		return -1;
	const struct run_how how = {
		.targets = o->stages.v,
		.n_targets = o->stages.n,
		.params = o->params.v,
		.n_params = o->params.n,
		.experiment = o->experiment,
		.name = o->name,
		.force = o->force,
		.dry_run = o->dry_run || o->explain,
		.explain = o->explain,
		.reach = o->single ? RUN_SINGLE : o->downstream ? RUN_USERS : RUN_NEEDS,
		.from = o->from,
		.to = o->to,
		.keep_going = o->keep_going,
		.on = o->on,
		.jobs = o->jobs,
		.print = run_view_print,
		.report = run_view_report,
		.confirm = o->interactive ? run_view_confirm : NULL,
		.undeclared = o->check_deps ? run_view_undeclared : NULL,
		.program = program,
		.environment = listen,
		.tick = live ? run_view_tick : NULL,
		.arg = &view,
	};

	if (check_selection(o, err))
		return -1;
	return o->watch ? run_watching(o, &how, &view, err) : run_once(o, &how, &view, err);
}

extern const struct cmd_spec cmd_run_logs;

static const struct cmd_spec *const run_subs[] = { &cmd_run_logs, NULL };

const struct cmd_spec cmd_run = {
	.group = "pipelines and runs",
	.name = "run",
	.summary = "run the pipeline's stages that are out of date",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = run_optv,
	.args = run_argv,
	.opts_size = sizeof(struct run_opts),
	.run = run_run,
	.subs = run_subs,
};
