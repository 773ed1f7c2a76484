/* mlops runs: the list of runs, and one of them in full. The diff of two is in runs_diff.c. */
#include "view.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/vec.h"
#include "cli/table.h"

#define MAX_METRIC_COLUMNS 4

struct runs_opts {
	const char *experiment, *filter;
	int64_t number;
};

static const struct opt_spec runs_optv[] = {
	OPT(runs_opts, number, .name = "number", .letter = 'n', .type = OPT_INT, .meta = "N", .def = "20", .help = "show the N newest; 0 shows all"),
	OPT(runs_opts, experiment, .name = "experiment", .letter = 'e', .type = OPT_STR, .meta = "NAME", .complete = "experiment", .help = "only runs of this experiment"),
	OPT(runs_opts, filter, .name = "filter", .type = OPT_STR, .meta = "EXPR", .help = "only runs for which this holds, such as \"metrics.acc > 0.9\""),
	OPT_END,
};

struct run_list {
	struct run **v;
	size_t n;
};

static void run_list_clear(struct run_list *list)
{
	mlops_runs_free(list->v, list->n);
}

static const struct run_metric *find_metric(const struct run *run, const char *key)
{
	for (size_t i = 0; i < run->n_metrics; i++)
		if (!strcmp(run->metrics[i].key, key))
			return &run->metrics[i];
	return NULL;
}

/* The first few keys of the newest runs that have any: a table has to fit a terminal. */
static void pick_metrics(const struct run_list *list, struct strlist *keys)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct run *run = list->v[i];

		for (size_t k = 0; k < run->n_metrics && keys->n < MAX_METRIC_COLUMNS; k++)
			if (!strlist_has(keys, run->metrics[k].key))
				strlist_add(keys, run->metrics[k].key);
	}
}

/* Enough to compare by eye; --json and `show` have all digits. */
static const char *short_number(double value, char buf[NUM_SIZE])
{
	snprintf(buf, NUM_SIZE, "%.6g", value);
	return buf;
}

static void add_row(struct table *table, const struct run *run, const struct strlist *keys)
{
	enum { FIXED = 6 };
	char id[VIEW_ID + 1], ago[CLOCK_ISO_SIZE], duration[CLOCK_ISO_SIZE];
	char values[MAX_METRIC_COLUMNS][NUM_SIZE];
	const char *cells[FIXED + MAX_METRIC_COLUMNS] = {
		id, run->name, run->experiment, mlops_run_status_name(run->status), ago, duration,
	};

	snprintf(id, sizeof(id), "%.*s", VIEW_ID, run->id);
	clock_format_ago(run->start_ms, clock_now_ms(), ago);
	clock_format_duration(view_run_duration(run), duration);
	for (size_t i = 0; i < keys->n; i++) {
		const struct run_metric *m = find_metric(run, keys->v[i]);

		cells[FIXED + i] = m ? short_number(m->value, values[i]) : NULL;
	}
	table_add_cells(table, cells);
}

static void print_list(const struct run_list *list)
{
	autotable *table = table_new("RUN", "NAME", "EXPERIMENT", "STATUS", "STARTED", "DURATION>", NULL);
	autostrlist keys = { 0 };

	pick_metrics(list, &keys);
	for (size_t i = 0; i < keys.n; i++) {
		autofree char *header = xasprintf("%s>", keys.v[i]);

		table_add_column(table, header);
	}
	for (size_t i = 0; i < list->n; i++)
		add_row(table, list->v[i], &keys);
	table_print(table, stdout);
}

static int print_list_json(const struct run_list *list)
{
	struct json *top = js_obj(), *runs = js_arr();

	for (size_t i = 0; i < list->n; i++)
		js_push(runs, view_run(list->v[i]));
	js_set(top, "runs", runs);
	return cmd_print_json(top);
}

static int runs_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	__attribute__((cleanup(run_list_clear))) struct run_list list = { 0 };
	const struct runs_opts *o = opts;

	if (o->number < 0)
		return err_set(err, MLOPS_EUSAGE, "--number takes 0 or more, not '%lld'",
			       (long long)o->number);
	const struct run_query query = { .experiment = o->experiment, .filter = o->filter,
					 .limit = (size_t)o->number };
	if (mlops_runs_reap(ctx->project, err) ||
	    mlops_runs_list(ctx->project, &query, &list.v, &list.n, err))
		return -1;
	if (ctx->common.json)
		return print_list_json(&list);
	print_list(&list);
	return 0;
}

struct show_opts {
	const char *run;
};

static const struct arg_spec show_argv[] = {
	ARG(show_opts, run, .name = "RUN", .min = 1, .max = 1, .complete = "run", .help = "an id, the start of one, a name, or last"),
	ARG_END,
};

static void print_head(const struct run *run)
{
	char iso[CLOCK_ISO_SIZE], duration[CLOCK_ISO_SIZE];

	printf("run         %s\n", run->id);
	printf("name        %s\n", run->name);
	printf("experiment  %s\n", run->experiment);
	printf("status      %s", mlops_run_status_name(run->status));
	printf(run->exit_status > 0 ? " (exit status %d)\n" : "\n", run->exit_status);
	printf("user        %s\n", run->user);
	printf("started     %s\n", clock_format_iso(run->start_ms, iso));
	printf("duration    %s\n", clock_format_duration(view_run_duration(run), duration));
	printf("commit      %s\n", run->git_commit ? run->git_commit : "-");
}

static void print_section(const char *title, struct table *table, size_t rows)
{
	if (!rows)
		return;
	printf("\n%s\n", title);
	table_print(table, stdout);
}

static void print_pairs(const char *title, const struct run_pair *pairs, size_t n)
{
	autotable *table = table_new("KEY", "VALUE~", NULL);

	for (size_t i = 0; i < n; i++)
		table_add(table, pairs[i].key, pairs[i].value);
	print_section(title, table, n);
}

static void print_metrics(const struct run *run)
{
	autotable *table = table_new("KEY", "VALUE>", "STEP>", NULL);

	for (size_t i = 0; i < run->n_metrics; i++) {
		const struct run_metric *m = &run->metrics[i];
		char value[NUM_SIZE], step[NUM_SIZE];

		snprintf(step, sizeof(step), "%lld", (long long)m->step);
		table_add(table, m->key, num_format_double(m->value, value), step);
	}
	print_section("metrics", table, run->n_metrics);
}

static bool any_on_gpus(const struct run *run)
{
	for (size_t i = 0; i < run->n_stages; i++)
		if (run->stages[i].usage.gpu.samples)
			return true;
	return false;
}

static void print_stages(const struct run *run)
{
	autotable *table = table_new("STAGE", "RESULT", "DURATION>", "CPU>", "MEMORY>", NULL);
	bool gpus = any_on_gpus(run);

	if (gpus) {
		table_add_column(table, "GPU>");
		table_add_column(table, "GPU MEMORY>");
	}
	for (size_t i = 0; i < run->n_stages; i++) {
		const struct run_stage *s = &run->stages[i];
		const struct run_gpu_usage *gpu = &s->usage.gpu;
		autofree char *failed = xasprintf("exit status %d", s->exit_status);
		autofree char *busy = xasprintf("%.0f %%", gpu->mean_percent);
		char duration[CLOCK_ISO_SIZE], cpu[CLOCK_ISO_SIZE], peak[NUM_SIZE], on[NUM_SIZE];
		const char *const cells[] = {
			s->name,
			s->cached ? "cached" : s->exit_status ? failed : "ran",
			clock_format_duration(s->duration_ms, duration),
			s->cached ? "" : clock_format_duration(s->usage.cpu_ms, cpu),
			s->cached ? "" : num_format_bytes(s->usage.peak_bytes, peak),
			gpu->samples ? busy : "",
			gpu->samples ? num_format_bytes(gpu->peak_bytes, on) : "",
		};

		table_add_cells(table, cells);
	}
	print_section("stages", table, run->n_stages);
}

static void print_objects(const char *title, const struct run_object *objects, size_t n)
{
	autotable *table = table_new("PATH", "STAGE", "SIZE>", "OBJECT", NULL);

	for (size_t i = 0; i < n; i++) {
		const struct run_object *o = &objects[i];
		char hex[MLOPS_OID_HEX + 1], size[NUM_SIZE];

		mlops_oid_hex(&o->ref.oid, hex);
		hex[VIEW_ID] = '\0';
		table_add(table, o->path, o->stage, num_format_bytes(o->ref.size, size), hex);
	}
	print_section(title, table, n);
}

static void print_run(const struct run *run)
{
	print_head(run);
	print_pairs("params", run->params, run->n_params);
	print_metrics(run);
	print_pairs("tags", run->tags, run->n_tags);
	print_stages(run);
	print_objects("inputs", run->inputs, run->n_inputs);
	print_objects("outputs", run->outputs, run->n_outputs);
}

static int show_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct show_opts *o = opts;
	struct run *run;

	if (mlops_runs_reap(ctx->project, err) || mlops_run_get(ctx->project, o->run, &run, err))
		return -1;
	if (ctx->common.json)
		cmd_print_json(view_run(run));
	else
		print_run(run);
	mlops_run_free(run);
	return 0;
}

static const struct cmd_spec runs_show = {
	.name = "show", .summary = "show one run in full",
	.flags = CMD_PROJECT | CMD_JSON, .args = show_argv,
	.opts_size = sizeof(struct show_opts), .run = show_run,
};

extern const struct cmd_spec cmd_runs_diff, cmd_runs_watch, cmd_runs_plot, cmd_runs_tag, cmd_runs_rm,
	cmd_runs_restore;

static const struct cmd_spec *const runs_subs[] = { &runs_show, &cmd_runs_diff, &cmd_runs_watch,
						   &cmd_runs_plot, &cmd_runs_tag, &cmd_runs_rm,
						   &cmd_runs_restore, NULL };

const struct cmd_spec cmd_runs = {
	.group = "pipelines and runs", .name = "runs", .summary = "list runs, newest first",
	.flags = CMD_PROJECT | CMD_JSON, .opts = runs_optv,
	.opts_size = sizeof(struct runs_opts), .run = runs_run, .subs = runs_subs,
};
