/* mlops plots: the pipeline's plots at any point, or of several in one, on a page or the terminal. */
#include "cmd.h"

#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/glyph.h"
#include "base/num.h"
#include "cli/table.h"
#include "cli/term.h"
#include "mlops/plots.h"

#define FALLBACK_COLUMNS 80

struct plots_opts {
	struct opt_strs words;
	const char *output;
	bool vega;
};

static const struct opt_spec plots_optv[] = {
	OPT(plots_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "FILE",
	    .complete = "path", .no_config = true, .help = "write one page of HTML"),
	OPT(plots_opts, vega, .name = "vega", .type = OPT_BOOL, .no_config = true,
	    .help = "print specifications of Vega-Lite in place of drawings, or write them to FILE"),
	OPT_END,
};
static const struct arg_spec show_argv[] = {
	ARG(plots_opts, words, .name = "PLOT|POINT", .max = ARGS_ANY, .complete = "rev",
	    .help = "a plot or its file (default: all); a revision, a run, or workspace (default)"),
	ARG_END,
};
static const struct arg_spec diff_argv[] = {
	ARG(plots_opts, words, .name = "PLOT|POINT", .max = ARGS_ANY, .complete = "rev",
	    .help = "a plot or its file (default: all); points (default: HEAD and workspace)"),
	ARG_END,
};

/* One cell of a matrix, or one point; null for what is not there. */
static struct json *point_json(const struct plot *plot, const struct plot_series *s, size_t i)
{
	const struct plot_point *p = &s->v[i];
	struct json *obj = js_obj();
	size_t n = plot->n_labels;

	if (plot->kind <= PLOT_SCATTER)
		js_set(obj, "x", isfinite(p->x) ? js_num(p->x) : js_null());
	else
		js_set(obj, "x", js_str(plot->labels[(size_t)p->x]));
	if (plot->kind <= PLOT_BAR) {
		js_set(obj, "y", isnan(p->y) ? js_null() : js_num(p->y));
	} else {
		js_set(obj, "y", js_str(plot->labels[i / n]));
		js_set(obj, "value", js_num(mlops_plot_cell(plot, s, i % n, i / n)));
	}
	return obj;
}

static struct json *series_json(const struct plots *plots, const struct plot *plot,
				const struct plot_series *s)
{
	struct json *obj = js_obj(), *points = js_arr();

	for (size_t i = 0; i < s->n; i++)
		js_push(points, point_json(plot, s, i));
	js_set(obj, "name", js_str(s->name));
	js_set(obj, "at", js_str(plots->wheres[s->where]));
	js_set(obj, "rows", js_int((int64_t)s->rows));
	js_set(obj, "points", points);
	return obj;
}

static int print_json(const struct plots *plots)
{
	struct json *top = js_obj(), *list = js_arr();

	for (size_t i = 0; i < plots->n; i++) {
		const struct plot *plot = &plots->v[i];
		struct json *obj = js_obj(), *series = js_arr();

		for (size_t k = 0; k < plot->n_series; k++)
			js_push(series, series_json(plots, plot, &plot->series[k]));
		js_set(obj, "id", js_str(plot->id));
		js_set(obj, "title", js_str(plot->title));
		js_set(obj, "kind", js_str(mlops_plot_kind_name(plot->kind)));
		js_set(obj, "x_label", js_str(plot->x_label));
		js_set(obj, "y_label", js_str(plot->y_label));
		js_set(obj, "series", series);
		js_push(list, obj);
	}
	js_set(top, "plots", list);
	return cmd_print_json(top);
}

/* A row a label of y, a column a label of x. */
static void print_matrix(const struct plot *plot, const struct plot_series *s)
{
	autotable *table = table_new("", NULL);

	for (size_t x = 0; x < plot->n_labels; x++) {
		autofree char *head = xasprintf("%s>", plot->labels[x]);

		table_add_column(table, head);
	}
	for (size_t y = 0; y < plot->n_labels; y++) {
		autofree const char **cells = xcalloc(plot->n_labels + 1, sizeof(*cells));
		autofree char *texts = xcalloc(plot->n_labels, NUM_SIZE);

		cells[0] = plot->labels[y];
		for (size_t x = 0; x < plot->n_labels; x++) {
			snprintf(&texts[x * NUM_SIZE], NUM_SIZE, "%.4g",
				 mlops_plot_cell(plot, s, x, y));
			cells[x + 1] = &texts[x * NUM_SIZE];
		}
		table_add_cells(table, cells);
	}
	table_print(table, stdout);
}

static void print_others(const struct plots *plots, const struct plot *plot)
{
	for (size_t i = 0; i < plot->n_series; i++) {
		const struct plot_series *s = &plot->series[i];
		autobuf line = { 0 };

		glyph_add_text(&line, plots->wheres[s->where]);
		strbuf_adds(&line, ": ");
		glyph_add_text(&line, s->name);
		if (plot->kind == PLOT_IMAGE) {
			printf("%s: %s, %zu bytes\n", line.buf, s->mime, s->n_image);
			continue;
		}
		printf("%s\n", line.buf);
		print_matrix(plot, s);
	}
	if (!plot->n_series)
		puts("no data");
}

static void print_text(const struct plots *plots)
{
	const struct plot_page page = { .columns = term_columns(stdout, FALLBACK_COLUMNS),
					.utf8 = term_has_utf8(),
					.color = term_has_color(stdout) };

	for (size_t i = 0; i < plots->n; i++) {
		const struct plot *plot = &plots->v[i];
		autofree char *text = mlops_plot_text(plots, plot, &page);
		autobuf title = { 0 };

		glyph_add_text(&title, plot->title);
		printf("%s%s\n%s", i ? "\n" : "", title.buf ? title.buf : "", text);
		if (plot->kind > PLOT_BAR)
			print_others(plots, plot);
	}
}

static int write_text(const struct cmd_ctx *ctx, const struct plots_opts *o,
		      const struct plots *plots, struct mlops_error *err)
{
	autofree char *text = NULL;

	if (o->vega ? mlops_plots_vega(ctx->project, plots, &text, err) :
		      mlops_plots_page(plots, &text, err))
		return -1;
	if (o->output)
		return fs_write_atomic(o->output, text, strlen(text), 0666, err);
	fputs(text, stdout);
	return 0;
}

static int plots_run(struct cmd_ctx *ctx, const struct plots_opts *o, bool overlay,
		     struct mlops_error *err)
{
	const struct plots_how how = { .words = o->words.v,
				       .n_words = o->words.n,
				       .overlay = overlay };
	struct plots plots;
	int rc = 0;

	if (mlops_plots_load(ctx->project, &how, &plots, err))
		return -1;
	if (o->output || o->vega)
		rc = write_text(ctx, o, &plots, err);
	if (!rc && ctx->common.json && !o->vega)
		print_json(&plots);
	else if (!rc && !o->output && !o->vega)
		print_text(&plots);
	mlops_plots_clear(&plots);
	return rc;
}

static int show_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return plots_run(ctx, opts, false, err);
}

static int diff_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return plots_run(ctx, opts, true, err);
}

static const struct cmd_spec plots_show = {
	.name = "show",
	.summary = "draw plots of the work tree, revisions or runs",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = plots_optv,
	.args = show_argv,
	.opts_size = sizeof(struct plots_opts),
	.run = show_run,
};

static const struct cmd_spec plots_diff = {
	.name = "diff",
	.summary = "draw plots with the data of several revisions or runs in one",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = plots_optv,
	.args = diff_argv,
	.opts_size = sizeof(struct plots_opts),
	.run = diff_run,
};

static const struct cmd_spec *const plots_subs[] = { &plots_show, &plots_diff, NULL };

const struct cmd_spec cmd_plots = {
	.group = "pipelines and runs",
	.name = "plots",
	.summary = "draw and compare the pipeline's plots",
	.subs = plots_subs,
};
