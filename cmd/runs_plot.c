/* mlops runs plot: the curve of a metric, of one run or several. */
#include "cmd.h"

#include <math.h>

#include "cli/term.h"
#include "mlops/plots.h"
#include "mlops/tracking.h"

#define FALLBACK_COLUMNS 80

struct plot_opts {
	const char *metric, *x;
	struct opt_strs runs;
};

static const struct opt_spec plot_optv[] = {
	OPT(plot_opts, x, .name = "x", .type = OPT_STR, .meta = "AXIS", .def = "step",
	    .choices = "step|time", .help = "along steps, or the time since a run began"),
	OPT_END,
};

static const struct arg_spec plot_argv[] = {
	ARG(plot_opts, metric, .name = "METRIC", .min = 1, .max = 1, .help = "the name of a metric"),
	ARG(plot_opts, runs, .name = "RUN", .max = ARGS_ANY, .complete = "run",
	    .help = "a run (default: last)"),
	ARG_END,
};

/* A run, and the points that it has. */
struct curve {
	struct run *run;
	struct run_metric *v;
	size_t n;
};

struct curves {
	struct curve *v;
	size_t n;
};

static void curves_clear(struct curves *c)
{
	for (size_t i = 0; i < c->n; i++) {
		mlops_run_free(c->v[i].run);
		mlops_metrics_free(c->v[i].v, c->v[i].n);
	}
	free(c->v);
}

static int by_time(const void *pa, const void *pb)
{
	const struct run_metric *a = pa, *b = pb;

	return (a->timestamp_ms > b->timestamp_ms) - (a->timestamp_ms < b->timestamp_ms);
}

static int curve_load(struct cmd_ctx *ctx, const struct plot_opts *o, const char *which, bool times,
		      struct curve *out, struct mlops_error *err)
{
	if (mlops_run_get(ctx->project, which, &out->run, err) ||
	    mlops_run_history(ctx->project, out->run->id, o->metric, &out->v, &out->n, err))
		return -1;
	if (times && out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_time);
	return 0;
}

static int fail_none(const struct curves *c, const char *metric, struct mlops_error *err)
{
	autostrlist known = { 0 };

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->v[i].run->n_metrics; k++)
			strlist_add(&known, c->v[i].run->metrics[k].key);
	const char *near = strlist_suggest(metric, &known);
	err_set(err, MLOPS_ENOTFOUND, "%s metric '%s'",
		c->n > 1 ? "none of the runs has a" : "the run has no", metric);
	return near ? err_hint(err, "did you mean '%s'?", near) : -1;
}

static int curves_load(struct cmd_ctx *ctx, const struct plot_opts *o, bool times,
		       struct curves *out, struct mlops_error *err)
{
	static const char *last = "last";
	const char *const *names = o->runs.n ? o->runs.v : &last;
	size_t n = o->runs.n ? o->runs.n : 1, points = 0;

	out->v = xcalloc(n, sizeof(*out->v));
	for (out->n = 0; out->n < n;) {
		struct curve *c = &out->v[out->n++];

		if (curve_load(ctx, o, names[out->n - 1], times, c, err))
			return -1;
		points += c->n;
	}
	return points ? 0 : fail_none(out, o->metric, err);
}

static int print_json(const struct curves *c, const char *metric)
{
	struct json *runs = js_arr();

	for (size_t i = 0; i < c->n; i++) {
		struct json *points = js_arr();

		for (size_t k = 0; k < c->v[i].n; k++) {
			const struct run_metric *m = &c->v[i].v[k];

			js_push(points, js_pack("{s:I, s:I, s:o}", "step", (long long)m->step, "timestamp_ms",
						(long long)m->timestamp_ms, "value", js_num(m->value)));
		}
		js_push(runs, js_pack("{s:o, s:o, s:I, s:o}", "id", js_str(c->v[i].run->id), "name",
				      js_str(c->v[i].run->name), "start_ms",
				      (long long)c->v[i].run->start_ms, "points", points));
	}
	return cmd_print_json(js_pack("{s:o, s:o}", "metric", js_str(metric), "runs", runs));
}

/* What is drawn of a point: nothing of a value that is none. */
static struct plot_point point_of(const struct run *run, const struct run_metric *m, bool times)
{
	return (struct plot_point){
		.x = times ? (double)(m->timestamp_ms - run->start_ms) / 1000 : (double)m->step,
		.y = isfinite(m->value) ? m->value : NAN,
	};
}

static void print_text(const struct curves *c, const char *metric, bool times)
{
	const struct plot_page page = { .columns = term_columns(stdout, FALLBACK_COLUMNS),
					.utf8 = term_has_utf8(),
					.color = term_has_color(stdout) };
	autofree char **names = xcalloc(c->n, sizeof(*names));
	autofree struct plot_series *series = xcalloc(c->n, sizeof(*series));
	autofree char *name = xstrdup(metric);
	struct plot plot = { .kind = PLOT_LINE, .series = series, .n_series = c->n };
	const struct plots plots = { .wheres = names, .n_wheres = c->n, .v = &plot, .n = 1 };

	for (size_t i = 0; i < c->n; i++) {
		names[i] = c->v[i].run->name;
		series[i] = (struct plot_series){ .name = name,
						  .where = i,
						  .v = xcalloc(c->v[i].n, sizeof(*series[i].v)),
						  .n = c->v[i].n };
		for (size_t k = 0; k < c->v[i].n; k++)
			series[i].v[k] = point_of(c->v[i].run, &c->v[i].v[k], times);
	}
	autofree char *text = mlops_plot_text(&plots, &plot, &page);
	fputs(text, stdout);
	for (size_t i = 0; i < c->n; i++)
		free(series[i].v);
}

static int plot_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	__attribute__((cleanup(curves_clear))) struct curves c = { 0 };
	const struct plot_opts *o = opts;
	bool times = !strcmp(o->x, "time");

	if (curves_load(ctx, o, times, &c, err))
		return -1;
	if (ctx->common.json)
		return print_json(&c, o->metric);
	print_text(&c, o->metric, times);
	return 0;
}

const struct cmd_spec cmd_runs_plot = {
	.name = "plot",
	.summary = "draw the curve of a metric, of one run or several",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = plot_optv,
	.args = plot_argv,
	.opts_size = sizeof(struct plot_opts),
	.run = plot_run,
};
