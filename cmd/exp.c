/* mlops exp: the group; making searches and working on them. */
#include "exp.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/rand.h"
#include "base/vec.h"

struct run_opts {
	struct opt_strs stages, params;
	const char *metric, *prune, *name, *experiment, *seed;
	int64_t random, tpe, jobs;
	bool maximize, minimize, queue;
};

static const struct opt_spec run_optv[] = {
	OPT(run_opts, params, .name = "param", .letter = 'P', .type = OPT_STRS, .meta = "[FILE:]KEY=SPACE", .no_config = true, .help = "a parameter and what to try, such as 1,2,3 or uniform(0,1)"),
	OPT(run_opts, random, .name = "random", .type = OPT_INT, .meta = "N", .no_config = true, .help = "N trials drawn at random, in place of the whole grid"),
	OPT(run_opts, tpe, .name = "tpe", .type = OPT_INT, .meta = "N", .no_config = true, .help = "N trials, each chosen by how those before it went"),
	OPT(run_opts, metric, .name = "metric", .letter = 'm', .type = OPT_STR, .meta = "NAME", .no_config = true, .help = "the metric that tells how good a trial is"),
	OPT(run_opts, maximize, .name = "maximize", .type = OPT_BOOL, .no_config = true, .help = "great values of it are good"),
	OPT(run_opts, minimize, .name = "minimize", .type = OPT_BOOL, .no_config = true, .help = "small values of it are good (the default)"),
	OPT(run_opts, prune, .name = "prune", .type = OPT_STR, .meta = "RULE", .choices = "none|median|halving", .def = "none", .help = "stop trials early that do badly, by what they log at each step"),
	OPT(run_opts, seed, .name = "seed", .type = OPT_STR, .meta = "N", .no_config = true, .help = "decides what is drawn (default: a random one, which is recorded)"),
	OPT(run_opts, queue, .name = "queue", .type = OPT_BOOL, .no_config = true, .help = "only queue the trials, for mlops exp work"),
	OPT(run_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N", .def = "1", .help = "run up to N trials at a time"),
	OPT(run_opts, name, .name = "name", .type = OPT_STR, .meta = "NAME", .no_config = true, .help = "name of the search (default: one is made up)"),
	OPT(run_opts, experiment, .name = "experiment", .letter = 'e', .type = OPT_STR, .meta = "NAME", .def = "Default", .help = "experiment that the runs belong to"),
	OPT_END,
};

static const struct arg_spec run_argv[] = {
	ARG(run_opts, stages, .name = "STAGE", .max = ARGS_ANY, .complete = "stage", .help = "bring only this stage and those it needs up to date"),
	ARG_END,
};

/* One line when it ended: its number, how it ended, parameters, and the metric if there is one. */
static void print_end(const struct trial *t, void *arg)
{
	const struct cmd_ctx *ctx = arg;
	char took[CLOCK_ISO_SIZE];
	autobuf line = { 0 };

	if (ctx->common.quiet)
		return;
	strbuf_addf(&line, "trial %s/%lld: %s after %s", t->search, (long long)t->number,
		    mlops_trial_status_name(t->status),
		    clock_format_duration(t->end_ms - t->start_ms, took));
	for (size_t i = 0; i < t->n_params; i++)
		strbuf_addf(&line, "%s%s=%s", i ? " " : ": ", t->params[i].key, t->params[i].value);
	if (t->error)
		strbuf_addf(&line, "\n  %s", t->error);
	fprintf(stderr, "%s\n", line.buf);
}

static int show_search(struct cmd_ctx *ctx, const char *which, struct mlops_error *err)
{
	char best[NUM_SIZE];
	struct search *s;

	if (mlops_search_get(ctx->project, which, &s, err))
		return -1;
	if (ctx->common.json) {
		cmd_print_json(exp_search_json(s));
	} else if (!ctx->common.quiet) {
		printf("search %s: %zu done, %zu failed, %zu pruned, %zu queued", s->name,
		       s->trials[TRIAL_DONE], s->trials[TRIAL_FAILED], s->trials[TRIAL_PRUNED],
		       s->trials[TRIAL_QUEUED]);
		if (s->trials[TRIAL_RUNNING])
			printf(", %zu running elsewhere", s->trials[TRIAL_RUNNING]);
		if (s->best)
			printf("; best: trial %lld (%s %s)", (long long)s->best, s->metric,
			       num_format_double(s->best_value, best));
		putchar('\n');
	}
	mlops_search_free(s);
	return 0;
}

static int work(struct cmd_ctx *ctx, const char *search, int64_t jobs, size_t counts[TRIAL_STATUSES],
		struct mlops_error *err)
{
	autofree char *program = NULL;
	struct search_work how = { .search = search, .jobs = jobs, .report = print_end, .arg = ctx };

	if (proc_self_path(&program, err))
		return -1;
	how.program = program;
	return mlops_search_work(ctx->project, &how, counts, err);
}

static int judge(const size_t counts[TRIAL_STATUSES], struct mlops_error *err)
{
	size_t failed = counts[TRIAL_FAILED];

	if (!failed)
		return 0;
	err_set(err, MLOPS_EFAIL, "%zu trial%s failed", failed, failed == 1 ? "" : "s");
	return err_hint(err, "see why with: mlops exp show");
}

static int check(const struct run_opts *o, uint64_t *seed, struct mlops_error *err)
{
	if (o->maximize && o->minimize)
		return err_set(err, MLOPS_EUSAGE, "--maximize and --minimize exclude each other");
	if (o->random && o->tpe)
		return err_set(err, MLOPS_EUSAGE, "--random and --tpe exclude each other");
	if (o->jobs < 1)
		return err_set(err, MLOPS_EUSAGE, "--jobs takes 1 or more, not %lld",
			       (long long)o->jobs);
	*seed = rand_u64() >> 1;
	if (o->seed && !num_parse_u64(o->seed, seed))
		return err_set(err, MLOPS_EUSAGE, "--seed takes a whole number, not '%s'", o->seed);
	if (*seed > INT64_MAX)
		return err_set(err, MLOPS_EUSAGE, "--seed takes a number below 2^63");
	return 0;
}

static enum search_pruner pruner_of(const char *name)
{
	return !strcmp(name, "median") ? PRUNER_MEDIAN :
	       !strcmp(name, "halving") ? PRUNER_HALVING : PRUNER_NONE;
}

static int run_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct run_opts *o = opts;
	size_t counts[TRIAL_STATUSES] = { 0 };
	char id[MLOPS_RUN_ID];
	uint64_t seed;

	if (check(o, &seed, err))
		return -1;
	const struct search_new how = {
		.spaces = o->params.v,
		.n_spaces = o->params.n,
		.targets = o->stages.v,
		.n_targets = o->stages.n,
		.method = o->tpe ? SEARCH_TPE : o->random ? SEARCH_RANDOM : SEARCH_GRID,
		.trials = o->tpe ? o->tpe : o->random,
		.seed = seed,
		.metric = o->metric,
		.maximize = o->maximize,
		.pruner = pruner_of(o->prune),
		.experiment = o->experiment,
		.name = o->name,
	};
	if (mlops_search_new(ctx->project, &how, id, err) ||
	    (!o->queue && work(ctx, id, o->jobs, counts, err)) || show_search(ctx, id, err))
		return -1;
	return judge(counts, err);
}

struct work_opts {
	const char *search;
	int64_t jobs;
};

static const struct opt_spec work_optv[] = {
	OPT(work_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N", .def = "1", .help = "run up to N trials at a time"),
	OPT_END,
};

static const struct arg_spec work_argv[] = {
	ARG(work_opts, search, .name = "SEARCH", .max = 1, .complete = "run", .help = "take only trials of this search"),
	ARG_END,
};

static int work_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct work_opts *o = opts;
	size_t counts[TRIAL_STATUSES];

	if (work(ctx, o->search, o->jobs, counts, err))
		return -1;
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "done", js_int((int64_t)counts[TRIAL_DONE]));
		js_set(v, "failed", js_int((int64_t)counts[TRIAL_FAILED]));
		js_set(v, "pruned", js_int((int64_t)counts[TRIAL_PRUNED]));
		cmd_print_json(v);
	} else if (!ctx->common.quiet) {
		printf("%zu done, %zu failed, %zu pruned\n", counts[TRIAL_DONE],
		       counts[TRIAL_FAILED], counts[TRIAL_PRUNED]);
	}
	return judge(counts, err);
}

static const struct cmd_spec exp_run = {
	.name = "run", .summary = "run the pipeline once for each combination of parameters",
	.flags = CMD_PROJECT | CMD_JSON, .opts = run_optv, .args = run_argv,
	.opts_size = sizeof(struct run_opts), .run = run_run,
};

static const struct cmd_spec exp_work = {
	.name = "work", .summary = "run trials that wait in the queue",
	.flags = CMD_PROJECT | CMD_JSON, .opts = work_optv, .args = work_argv,
	.opts_size = sizeof(struct work_opts), .run = work_run,
};

static const struct cmd_spec *const exp_subs[] = {
	&exp_run, &exp_work, &cmd_exp_show, &cmd_exp_ls,
	&cmd_exp_apply, &cmd_exp_branch, &cmd_exp_push, &cmd_exp_rm, NULL,
};

const struct cmd_spec cmd_exp = {
	.group = "pipelines and runs", .name = "exp",
	.summary = "search for good parameters, each trial in a work tree of its own",
	.subs = exp_subs,
};
