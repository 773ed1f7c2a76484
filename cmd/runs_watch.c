/* mlops runs watch: a run while it runs, as a view that is drawn again and again, or as lines. */
#include "cmd.h"

#include <math.h>

#include "base/clock.h"
#include "base/glyph.h"
#include "base/map.h"
#include "base/num.h"
#include "cli/table.h"
#include "cli/term.h"
#include "mlops/tracking.h"
#include "view.h"

#define FALLBACK_ROWS 24
#define AROUND        4 /* rows of the view that are not of metrics */
#define CURVE         32
#define MIN_INTERVAL  10

struct watch_opts {
	const char *run;
	int64_t interval_ms;
};

static const struct opt_spec watch_optv[] = {
	OPT(watch_opts, interval_ms, .name = "interval", .type = OPT_DURATION, .meta = "TIME",
	    .def = "1s", .help = "look again after this time"),
	OPT_END,
};

static const struct arg_spec watch_argv[] = {
	ARG(watch_opts, run, .name = "RUN", .max = 1, .complete = "run",
	    .help = "an id, the start of one, a name, or last (default)"),
	ARG_END,
};

/* One metric, so far. Of its curve each value is the mean of `stride` points. */
struct trend {
	struct run_metric last;
	double low, high;
	double curve[CURVE];
	size_t n, stride, in_last;
};

struct watch {
	struct run *run;
	struct run_follow *follow;
	struct map trends; /* -> struct trend */
	size_t drawn;      /* rows */
	bool started;
};

static void watch_clear(struct watch *w)
{
	mlops_run_free(w->run);
	mlops_run_follow_free(w->follow);
	map_clear_values(&w->trends, free);
}

static bool is_over(const struct run *run)
{
	return run->status != RUN_RUNNING && run->status != RUN_SCHEDULED;
}

/* ---- the view ---- */

static void trend_curve(struct trend *t, double value)
{
	if (t->in_last == t->stride && t->n == CURVE) {
		for (size_t i = 0; i < CURVE / 2; i++)
			t->curve[i] = t->curve[2 * i] * 0.5 + t->curve[2 * i + 1] * 0.5;
		t->n /= 2;
		t->stride *= 2;
	}
	if (t->n && t->in_last < t->stride) {
		double *mean = &t->curve[t->n - 1];

		*mean += (value - *mean) / (double)++t->in_last;
	} else {
		t->curve[t->n++] = value;
		t->in_last = 1;
	}
}

static void trend_add(struct watch *w, const struct run_metric *m)
{
	struct trend *t = map_get(&w->trends, m->key);

	if (!t) {
		t = xcalloc(1, sizeof(*t));
		*t = (struct trend){ .low = INFINITY, .high = -INFINITY, .stride = 1, .in_last = 1 };
		map_put(&w->trends, m->key, t);
	}
	t->last = *m;
	if (!isfinite(m->value))
		return;
	t->low = fmin(t->low, m->value);
	t->high = fmax(t->high, m->value);
	trend_curve(t, m->value);
}

/* U+2581 to U+2588 are bars of one to eight eighths. */
static void add_curve(const struct trend *t, struct strbuf *out)
{
	double span = t->high - t->low;

	for (size_t i = 0; i < t->n; i++) {
		double share = span > 0 && isfinite(span) ? (t->curve[i] - t->low) / span : 0.5;

		glyph_add(out, 0x2581u + (uint32_t)(fmin(fmax(share, 0), 1) * 7 + 0.5));
	}
}

static void number(double v, char buf[NUM_SIZE])
{
	snprintf(buf, NUM_SIZE, "%.6g", v);
}

static void add_trend(struct table *table, const struct trend *t, bool curve)
{
	char value[NUM_SIZE], step[NUM_SIZE], low[NUM_SIZE] = "", high[NUM_SIZE] = "";
	autobuf line = { 0 };

	number(t->last.value, value);
	snprintf(step, sizeof(step), "%lld", (long long)t->last.step);
	if (t->n) {
		number(t->low, low);
		number(t->high, high);
	}
	if (curve)
		add_curve(t, &line);
	const char *const cells[] = { t->last.key, value, step, low, high, line.buf };
	table_add_cells(table, cells);
}

static void print_head(const struct run *run)
{
	char duration[CLOCK_ISO_SIZE];
	autobuf name = { 0 };

	glyph_add_text(&name, run->name);
	printf("%s  %s  %s\n", name.buf ? name.buf : "", mlops_run_status_name(run->status),
	       clock_format_duration(view_run_duration(run), duration));
}

/* In the place of the one before. */
static void draw(struct watch *w)
{
	autotable *table = table_new("METRIC~", "LATEST>", "STEP>", "LOW>", "HIGH>", NULL);
	size_t rows = term_rows(stdout, FALLBACK_ROWS), n = w->trends.n;
	size_t room = rows > AROUND + 1 ? rows - AROUND : 1, shown = n < room ? n : room;
	bool curve = term_has_utf8();

	if (curve)
		table_add_column(table, "CURVE");
	for (size_t i = 0; i < shown; i++)
		add_trend(table, w->trends.v[i].value, curve);
	if (w->drawn)
		printf("\033[%zuA\033[J", w->drawn);
	print_head(w->run);
	table_print(table, stdout);
	if (shown < n)
		printf("and %zu more\n", n - shown);
	w->drawn = 1 + (shown ? shown + 1 : 0) + (shown < n);
}

/* ---- lines ---- */

static void print_line_json(struct json *v)
{
	autobuf line = { 0 };

	js_dump(v, JS_COMPACT, &line);
	puts(line.buf);
	js_free(v);
}

static void print_event(const struct watch *w, const char *event)
{
	const struct run *run = w->run;

	print_line_json(js_pack("{s:s, s:o, s:o, s:o, s:s, s:I}", "event", event, "id", js_str(run->id),
				"name", js_str(run->name), "experiment", js_str(run->experiment), "status",
				mlops_run_status_name(run->status), "duration_ms",
				(long long)view_run_duration(run)));
}

static void print_metrics_json(const struct run_metric *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_line_json(js_pack("{s:s, s:o, s:o, s:I, s:I}", "event", "metric", "key",
					js_str(v[i].key), "value", js_num(v[i].value), "step",
					(long long)v[i].step, "timestamp_ms",
					(long long)v[i].timestamp_ms));
}

/* What was logged for one step at one time is on one line. */
static void print_metrics(const struct run_metric *v, size_t n)
{
	char iso[CLOCK_ISO_SIZE], value[NUM_SIZE];

	for (size_t i = 0; i < n; i++) {
		bool same = i && v[i].step == v[i - 1].step && v[i].timestamp_ms == v[i - 1].timestamp_ms;
		autobuf key = { 0 };

		glyph_add_text(&key, v[i].key);
		if (!same)
			printf("%s%s step %lld", i ? "\n" : "", clock_format_iso(v[i].timestamp_ms, iso),
			       (long long)v[i].step);
		printf(" %s=%s", key.buf, num_format_double(v[i].value, value));
	}
	if (n)
		putchar('\n');
}

static void print_lines(struct watch *w, bool json, const struct run_metric *v, size_t n)
{
	if (!w->started && json)
		print_event(w, "start");
	w->started = true;
	if (json)
		print_metrics_json(v, n);
	else
		print_metrics(v, n);
	if (is_over(w->run) && json)
		print_event(w, "end");
	else if (is_over(w->run))
		print_head(w->run);
}

/* ---- both ---- */

/* The run before its points: what it had logged when it ended is never missed. */
static int look(struct cmd_ctx *ctx, struct watch *w, const char *id, struct mlops_error *err)
{
	struct run_metric *news;
	struct run *run;
	size_t n;

	if (mlops_runs_reap(ctx->project, err) || mlops_run_get(ctx->project, id, &run, err))
		return -1;
	mlops_run_free(w->run);
	w->run = run;
	if (mlops_run_follow_read(ctx->project, id, w->follow, &news, &n, err))
		return -1;
	if (ctx->common.json || !term_is_tty(stdout)) {
		print_lines(w, ctx->common.json, news, n);
	} else {
		for (size_t i = 0; i < n; i++)
			trend_add(w, &news[i]);
		draw(w);
	}
	free(news);
	return fflush(stdout) ? err_sys(err, "cannot write to standard output") : 0;
}

static int watch_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	__attribute__((cleanup(watch_clear))) struct watch w = { .follow = mlops_run_follow_new() };
	const struct watch_opts *o = opts;
	char id[MLOPS_RUN_ID];

	if (o->interval_ms < MIN_INTERVAL)
		return err_set(err, MLOPS_EUSAGE, "--interval takes %d ms or more", MIN_INTERVAL);
	if (mlops_run_find(ctx->project, o->run ? o->run : "last", id, err))
		return -1;
	for (;;) {
		if (look(ctx, &w, id, err))
			return -1;
		if (is_over(w.run))
			return w.run->status == RUN_FINISHED ? 0 : CMD_EXIT_NO;
		clock_sleep_ms(o->interval_ms);
	}
}

const struct cmd_spec cmd_runs_watch = {
	.name = "watch",
	.summary = "follow a run until it ends",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = watch_optv,
	.args = watch_argv,
	.opts_size = sizeof(struct watch_opts),
	.run = watch_run,
};
