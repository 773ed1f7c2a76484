/* mlops run: brings the pipeline of mlops.yaml up to date. */
#include "cmd.h"

#include "base/clock.h"
#include "mlops/pipeline.h"

struct run_opts {
	struct opt_strs stages, params;
	const char *name, *experiment, *from, *to;
	int64_t jobs;
	bool force, dry_run, keep_going, single, downstream, explain;
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
	OPT(run_opts, keep_going, .name = "keep-going", .letter = 'k', .type = OPT_BOOL,
	    .help = "when a stage fails, run those that do not need it"),
	OPT(run_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N",
	    .help = "run up to N stages side by side (default: 1, or as the make that called allows)"),
	OPT(run_opts, name, .name = "name", .type = OPT_STR, .meta = "NAME", .no_config = true,
	    .help = "name of the experiment run (default: one is made up)"),
	OPT(run_opts, experiment, .name = "experiment", .letter = 'e', .type = OPT_STR,
	    .meta = "NAME", .def = "default", .help = "experiment that the run belongs to"),
	OPT_END,
};

static const struct arg_spec run_argv[] = {
	ARG(run_opts, stages, .name = "STAGE", .max = ARGS_ANY, .complete = "stage",
	    .help = "bring only this stage and those it needs up to date"),
	ARG_END,
};

struct view {
	const struct cmd_ctx *ctx;
	struct json *stages;
	bool keep_going; /* else main prints why the one stage failed */
	bool side_by_side;
};

static void add_json(struct view *v, const struct stage_report *r)
{
	struct json *stage = js_obj();

	js_set(stage, "name", js_str(r->stage));
	js_set(stage, "outcome", js_str(mlops_stage_outcome_name(r->outcome)));
	js_set(stage, "reason", js_str(r->reason));
	js_set(stage, "duration_ms", js_int(r->duration_ms));
	js_set(stage, "exit_status", js_int(r->exit_status));
	js_push(v->stages, stage);
}

static void print_line(const struct stage_report *r)
{
	static const char *const words[] = { "unchanged", "restored", "runs",
					     "would run", "failed",   "skipped" };
	char took[CLOCK_ISO_SIZE];

	if (r->outcome == STAGE_FAILED)
		fprintf(stderr, "%s\n", r->reason);
	else if (r->outcome == STAGE_RUN && r->duration_ms >= 0)
		fprintf(stderr, "stage '%s': done in %s\n", r->stage,
			clock_format_duration(r->duration_ms, took));
	else if (r->reason)
		fprintf(stderr, "stage '%s': %s: %s\n", r->stage, words[r->outcome], r->reason);
	else
		fprintf(stderr, "stage '%s': %s\n", r->stage, words[r->outcome]);
}

static void report(const struct stage_report *r, void *arg)
{
	struct view *v = arg;

	bool known = (r->outcome == STAGE_UNCHANGED && !r->reason) ||
		     (r->outcome == STAGE_FAILED && !v->keep_going);

	if (!v->ctx->common.quiet && !known)
		print_line(r);
	if (r->duration_ms >= 0)
		add_json(v, r);
}

static size_t line_length(const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);

	return end ? (size_t)(end - text) + 1 : n;
}

/* Several stages at once are told apart by their name in front of each line. */
static void print_output(const char *stage, enum stage_stream stream, const char *text, size_t n,
			 void *arg)
{
	const struct view *v = arg;
	FILE *to = stream == STAGE_STDOUT && !v->ctx->common.json ? stdout : stderr;

	while (n) {
		size_t line = v->side_by_side ? line_length(text, n) : n;

		if (v->side_by_side)
			fprintf(to, "%s: ", stage);
		fwrite(text, 1, line, to);
		text += line;
		n -= line;
	}
	fflush(to);
}

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
	else if (!out->failed)
		fprintf(stderr, "everything is up to date\n");
}

static void show(const struct cmd_ctx *ctx, bool dry_run, const struct run_outcome *out,
		 struct view *v)
{
	if (ctx->common.json) {
		struct json *top = js_obj();

		js_set(top, "run_id", js_str(*out->run_id ? out->run_id : NULL));
		js_set(top, "stages", js_ref(v->stages));
		cmd_print_json(top);
	} else if (!ctx->common.quiet) {
		print_summary(out, dry_run);
	}
}

/* Nothing is asked for but to bring all up to date, and no answer for each stage. */
static bool asks_only_whether(const struct cmd_ctx *ctx, const struct run_opts *o)
{
	return !o->stages.n && !o->params.n && !o->force && !o->explain && !o->from && !o->to &&
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

static int run_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct run_opts *o = opts;
	autojson *stages = js_arr();
	struct view view = { ctx, stages, o->keep_going, o->jobs > 1 };
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
		.jobs = o->jobs,
		.print = print_output,
		.report = report,
		.arg = &view,
	};
	struct run_outcome out = { 0 };
	struct pipeline *pipeline;

	if (check_selection(o, err))
		return -1;
	if (asks_only_whether(ctx, o) && mlops_pipeline_is_current(ctx->project)) {
		if (!ctx->common.quiet)
			print_summary(&out, o->dry_run);
		return 0;
	}
	if (mlops_pipeline_load(ctx->project, &pipeline, err))
		return -1;
	int rc = mlops_pipeline_run(ctx->project, pipeline, &how, &out, err);
	if (!rc || out.failed || *out.run_id)
		show(ctx, how.dry_run, &out, &view);
	mlops_pipeline_free(pipeline);
	return rc;
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
