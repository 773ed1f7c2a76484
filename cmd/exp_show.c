/* mlops exp show and ls: the trials of a search, and the searches. */
#include "exp.h"

#include <math.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/vec.h"
#include "cli/table.h"
#include "view.h"

#define MAX_METRIC_COLUMNS 6

struct show_opts {
	const char *search, *sort, *filter;
	bool descending, csv;
};

static const struct opt_spec show_optv[] = {
	OPT(show_opts, sort, .name = "sort", .letter = 's', .type = OPT_STR, .meta = "KEY", .no_config = true, .help = "by this parameter or metric, by trial or by duration"),
	OPT(show_opts, descending, .name = "descending", .letter = 'd', .type = OPT_BOOL, .no_config = true, .help = "the greatest first"),
	OPT(show_opts, filter, .name = "filter", .letter = 'f', .type = OPT_STR, .meta = "CONDITION", .no_config = true, .help = "only trials for which it holds, such as 'metrics.loss < 0.1'"),
	OPT(show_opts, csv, .name = "csv", .type = OPT_BOOL, .no_config = true, .help = "as CSV, with every metric"),
	OPT_END,
};

static const struct arg_spec show_argv[] = {
	ARG(show_opts, search, .name = "SEARCH", .max = 1, .complete = "run", .help = "an id, the start of one, a name, or last (default)"),
	ARG_END,
};

static struct json *pairs_json(const struct run_pair *pairs, size_t n)
{
	struct json *obj = js_obj();

	for (size_t i = 0; i < n; i++)
		js_set(obj, pairs[i].key, js_str(pairs[i].value));
	return obj;
}

struct json *exp_search_json(const struct search *s)
{
	struct json *obj = js_obj(), *trials = js_obj(), *best = s->best ? js_obj() : js_null();

	js_set(obj, "id", js_str(s->id));
	js_set(obj, "name", js_str(s->name));
	js_set(obj, "experiment", js_str(s->experiment));
	js_set(obj, "method", js_str(mlops_search_method_name(s->method)));
	js_set(obj, "seed", js_int((int64_t)s->seed));
	js_set(obj, "spaces", pairs_json(s->spaces, s->n_spaces));
	js_set(obj, "metric", js_str(s->metric));
	js_set(obj, "maximize", js_bool(s->maximize));
	js_set(obj, "pruner", js_str(mlops_search_pruner_name(s->pruner)));
	js_set(obj, "git_commit", js_str(s->snapshot));
	js_set(obj, "start_ms", js_int(s->start_ms));
	js_set(obj, "end_ms", s->end_ms ? js_int(s->end_ms) : js_null());
	for (int i = 0; i < TRIAL_STATUSES; i++)
		js_set(trials, mlops_trial_status_name(i), js_int((int64_t)s->trials[i]));
	js_set(obj, "trials", trials);
	if (s->best) {
		js_set(best, "trial", js_int(s->best));
		js_set(best, "value", js_num(s->best_value));
	}
	js_set(obj, "best", best);
	return obj;
}

static int64_t duration_of(const struct trial *t)
{
	return (t->status == TRIAL_RUNNING ? clock_now_ms() : t->end_ms) - t->start_ms;
}

struct json *exp_trial_json(const struct trial *t)
{
	struct json *obj = js_obj();

	js_set(obj, "search", js_str(t->search));
	js_set(obj, "number", js_int(t->number));
	js_set(obj, "status", js_str(mlops_trial_status_name(t->status)));
	js_set(obj, "params", pairs_json(t->params, t->n_params));
	js_set(obj, "metrics", view_metrics(t->metrics, t->n_metrics));
	js_set(obj, "run_id", *t->run_id ? js_str(t->run_id) : js_null());
	js_set(obj, "start_ms", t->start_ms ? js_int(t->start_ms) : js_null());
	js_set(obj, "duration_ms", t->start_ms ? js_int(duration_of(t)) : js_null());
	js_set(obj, "error", js_str(t->error));
	js_set(obj, "git_commit", js_str(t->snapshot));
	return obj;
}

struct trial_list {
	struct trial **v;
	size_t n;
};

static void trial_list_clear(struct trial_list *list)
{
	mlops_trials_free(list->v, list->n);
}

/* The columns of a table of trials. */
struct columns {
	struct strlist params, metrics;
};

static void columns_clear(struct columns *c)
{
	strlist_clear(&c->params);
	strlist_clear(&c->metrics);
}

static bool varies(const struct trial_list *list, const char *key)
{
	const char *first = NULL;

	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < list->v[i]->n_params; k++) {
			const struct run_pair *p = &list->v[i]->params[k];

			if (strcmp(p->key, key))
				continue;
			if (first && strcmp(first, p->value))
				return true;
			first = p->value;
		}
	return false;
}

/* The searched metric first; with `all` also parameters that are the same in all trials. */
static void pick_columns(const struct search *s, const struct trial_list *list, bool all,
			 struct columns *out)
{
	size_t max = all ? SIZE_MAX : MAX_METRIC_COLUMNS;

	for (size_t i = 0; i < s->n_spaces; i++)
		if (all || varies(list, s->spaces[i].key))
			strlist_add(&out->params, s->spaces[i].key);
	if (s->metric)
		strlist_add(&out->metrics, s->metric);
	for (size_t i = 0; i < list->n; i++) {
		const struct trial *t = list->v[i];

		for (size_t k = 0; k < t->n_metrics && out->metrics.n < max; k++)
			if (!strlist_has(&out->metrics, t->metrics[k].key))
				strlist_add(&out->metrics, t->metrics[k].key);
	}
}

static void add_row(struct table *table, const struct trial *t, const struct columns *c)
{
	char number[NUM_SIZE], took[CLOCK_ISO_SIZE];
	VEC(const char *) cells = { 0 };
	autostrlist values = { 0 };

	snprintf(number, sizeof(number), "%lld", (long long)t->number);
	vec_push(&cells, number);
	vec_push(&cells, mlops_trial_status_name(t->status));
	for (size_t i = 0; i < c->params.n; i++)
		vec_push(&cells, mlops_trial_param(t, c->params.v[i]));
	for (size_t i = 0; i < c->metrics.n; i++) {
		const struct run_metric *m = mlops_trial_metric(t, c->metrics.v[i]);

		strlist_take(&values, m ? xasprintf("%.6g", m->value) : xstrdup(""));
		vec_push(&cells, values.v[i]);
	}
	vec_push(&cells, t->start_ms ? clock_format_duration(duration_of(t), took) : NULL);
	vec_push(&cells, t->error);
	table_add_cells(table, cells.v);
	vec_free(&cells);
}

static void print_table(const struct search *s, const struct trial_list *list)
{
	__attribute__((cleanup(columns_clear))) struct columns c = { 0 };
	autotable *table = table_new("TRIAL>", "STATUS", NULL);
	bool failed = false;

	pick_columns(s, list, false, &c);
	for (size_t i = 0; i < c.params.n + c.metrics.n; i++) {
		autofree char *header = xasprintf(
			"%s>", i < c.params.n ? c.params.v[i] : c.metrics.v[i - c.params.n]);

		table_add_column(table, header);
	}
	table_add_column(table, "DURATION>");
	for (size_t i = 0; i < list->n; i++)
		failed |= list->v[i]->error != NULL;
	if (failed)
		table_add_column(table, "ERROR~");
	for (size_t i = 0; i < list->n; i++)
		add_row(table, list->v[i], &c);
	table_print(table, stdout);
}

/* RFC 4180; a comma goes in front of all but the first of a line. */
static void print_field(const char *text, bool first)
{
	if (!first)
		putchar(',');
	if (!text || !strpbrk(text, ",\"\r\n")) {
		fputs(text ? text : "", stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void print_csv_row(const struct trial *t, const struct columns *c)
{
	char number[NUM_SIZE];

	snprintf(number, sizeof(number), "%lld", (long long)t->number);
	print_field(number, true);
	print_field(mlops_trial_status_name(t->status), false);
	for (size_t i = 0; i < c->params.n; i++)
		print_field(mlops_trial_param(t, c->params.v[i]), false);
	for (size_t i = 0; i < c->metrics.n; i++) {
		const struct run_metric *m = mlops_trial_metric(t, c->metrics.v[i]);

		print_field(m ? num_format_double(m->value, number) : NULL, false);
	}
	snprintf(number, sizeof(number), "%lld", (long long)duration_of(t));
	print_field(t->start_ms ? number : NULL, false);
	print_field(t->run_id, false);
	print_field(t->error, false);
	fputs("\r\n", stdout);
}

static void print_csv(const struct search *s, const struct trial_list *list)
{
	__attribute__((cleanup(columns_clear))) struct columns c = { 0 };

	pick_columns(s, list, true, &c);
	fputs("trial,status", stdout);
	for (size_t i = 0; i < c.params.n; i++)
		print_field(c.params.v[i], false);
	for (size_t i = 0; i < c.metrics.n; i++)
		print_field(c.metrics.v[i], false);
	fputs(",duration_ms,run_id,error\r\n", stdout);
	for (size_t i = 0; i < list->n; i++)
		print_csv_row(list->v[i], &c);
}

static int print_json(const struct search *s, const struct trial_list *list)
{
	struct json *top = js_obj(), *trials = js_arr();

	for (size_t i = 0; i < list->n; i++)
		js_push(trials, exp_trial_json(list->v[i]));
	js_set(top, "search", exp_search_json(s));
	js_set(top, "trials", trials);
	return cmd_print_json(top);
}

static int show_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	__attribute__((cleanup(trial_list_clear))) struct trial_list list = { 0 };
	const struct show_opts *o = opts;
	const struct trial_query query = { o->search, o->filter, o->sort, o->descending };
	struct search *search;

	if (ctx->common.json && o->csv)
		return err_set(err, MLOPS_EUSAGE, "--json and --csv exclude each other");
	if (mlops_trials_list(ctx->project, &query, &list.v, &list.n, err) ||
	    mlops_search_get(ctx->project, o->search, &search, err))
		return -1;
	if (ctx->common.json)
		print_json(search, &list);
	else if (o->csv)
		print_csv(search, &list);
	else
		print_table(search, &list);
	mlops_search_free(search);
	return 0;
}

const struct cmd_spec cmd_exp_show = {
	.name = "show", .summary = "show the trials of a search",
	.flags = CMD_PROJECT | CMD_JSON, .opts = show_optv, .args = show_argv,
	.opts_size = sizeof(struct show_opts), .run = show_run,
};

static void add_search(struct table *table, const struct search *s)
{
	char ago[CLOCK_ISO_SIZE], value[NUM_SIZE];
	size_t total = 0;

	for (int i = 0; i < TRIAL_STATUSES; i++)
		total += s->trials[i];
	size_t open = s->trials[TRIAL_QUEUED] + s->trials[TRIAL_RUNNING];
	autofree char *progress = xasprintf("%zu/%zu", total - open, total);
	snprintf(value, sizeof(value), "%.6g", s->best_value);
	autofree char *best = s->best ? xasprintf("%lld (%s %s)", (long long)s->best, s->metric, value) :
					NULL;
	table_add(table, s->name, mlops_search_method_name(s->method), progress, best,
		  clock_format_ago(s->start_ms, clock_now_ms(), ago));
}

static int ls_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	autotable *table = table_new("SEARCH", "METHOD", "ENDED>", "BEST TRIAL", "STARTED", NULL);
	struct json *list = js_arr(), *top = js_obj();
	struct search **searches;
	size_t n;

	(void)opts;
	js_set(top, "searches", list);
	if (mlops_searches_list(ctx->project, &searches, &n, err)) {
		js_free(top);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		add_search(table, searches[i]);
		js_push(list, exp_search_json(searches[i]));
	}
	mlops_searches_free(searches, n);
	if (ctx->common.json)
		return cmd_print_json(top);
	js_free(top);
	table_print(table, stdout);
	return 0;
}

const struct cmd_spec cmd_exp_ls = {
	.name = "ls", .summary = "list the searches", .flags = CMD_PROJECT | CMD_JSON,
	.run = ls_run,
};
