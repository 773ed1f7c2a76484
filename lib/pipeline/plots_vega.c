/*
 * Plots as specifications of Vega-Lite 5 (https://vega.github.io/vega-lite/docs/), for programs that
 * draw those: ours, or a template of the user's with DVC's anchors (its manual of "Custom templates").
 */
#include <math.h>

#include "base/fs.h"
#include "fmt/json.h"
#include "pipeline/plots.h"
#include "project/project.h"

#define SCHEMA       "https://vega.github.io/schema/vega-lite/v5.json"
#define TEMPLATE_MAX ((size_t)1 << 20)
#define ANY_COLUMN   "dvc_inferred_y_value" /* y, where series have columns of several names */
#define ANCHOR       "<DVC_METRIC_"

struct drawing {
	const struct plots *plots;
	const struct plot *plot;
};

static bool is_matrix(const struct plot *plot)
{
	return plot->kind == PLOT_CONFUSION || plot->kind == PLOT_CONFUSION_NORMALIZED;
}

static struct json *number(double v)
{
	return isfinite(v) ? js_num(v) : js_null();
}

static struct json *row(const struct drawing *d, const struct plot_series *s, size_t i)
{
	const struct plot *plot = d->plot;
	const struct plot_point *p = &s->v[i];
	struct json *obj = js_obj();
	size_t n = plot->n_labels;

	js_set(obj, plot->x_column,
	       plot->kind <= PLOT_SCATTER ? number(p->x) : js_str(plot->labels[(size_t)p->x]));
	if (is_matrix(plot)) {
		js_set(obj, s->column, js_str(plot->labels[i / n]));
		js_set(obj, "value", js_num(mlops_plot_cell(plot, s, i % n, i / n)));
	} else {
		js_set(obj, s->column, number(p->y));
		js_set(obj, ANY_COLUMN, number(p->y));
	}
	js_set(obj, "rev", js_str(d->plots->wheres[s->where]));
	js_set(obj, "field", js_str(s->name));
	return obj;
}

static struct json *rows(const struct drawing *d)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < d->plot->n_series; i++)
		for (size_t k = 0; k < d->plot->series[i].n; k++)
			js_push(list, row(d, &d->plot->series[i], k));
	return list;
}

/* The column of y that all series have. */
static const char *y_column(const struct plot *plot)
{
	for (size_t i = 1; i < plot->n_series; i++)
		if (strcmp(plot->series[i].column, plot->series[0].column))
			return ANY_COLUMN;
	return plot->n_series ? plot->series[0].column : ANY_COLUMN;
}

static struct json *axis(const char *field, const char *type, const char *title)
{
	struct json *obj = js_obj();

	js_set(obj, "field", js_str(field));
	js_set(obj, "type", js_str(type));
	js_set(obj, "title", js_str(title));
	return obj;
}

static struct json *mark(const struct plot *plot)
{
	struct json *obj = js_obj();

	js_set(obj, "type", js_str(is_matrix(plot)		? "rect" :
				   plot->kind == PLOT_BAR	? "bar" :
				   plot->kind == PLOT_SCATTER ? "point" :
								"line"));
	js_set(obj, "tooltip", js_bool(true));
	return obj;
}

/* Revisions are told apart by colour, or where there is one, series. */
static struct json *encoding(const struct drawing *d)
{
	const struct plot *plot = d->plot;
	bool labels = plot->kind > PLOT_SCATTER, matrix = is_matrix(plot);
	struct json *obj = js_obj(), *color;

	js_set(obj, "x", axis(plot->x_column, labels ? "nominal" : "quantitative", plot->x_label));
	js_set(obj, "y", axis(y_column(plot), matrix ? "nominal" : "quantitative", plot->y_label));
	color = matrix ? axis("value", "quantitative", "") :
			 axis(d->plots->n_wheres > 1 ? "rev" : "field", "nominal", "");
	js_set(obj, "color", color);
	if (matrix && d->plots->n_wheres > 1)
		js_set(obj, "column", axis("rev", "nominal", ""));
	return obj;
}

static struct json *own_spec(const struct drawing *d)
{
	struct json *spec = js_obj(), *data = js_obj();

	js_set(data, "values", rows(d));
	js_set(spec, "$schema", js_str(SCHEMA));
	js_set(spec, "title", js_str(d->plot->title));
	js_set(spec, "data", data);
	js_set(spec, "mark", mark(d->plot));
	js_set(spec, "encoding", encoding(d));
	return spec;
}

/* What an anchor that is a text of its own stands for; NULL: nothing that we have. */
static struct json *anchor_value(const struct drawing *d, const char *name)
{
	if (!strcmp(name, "DATA>"))
		return rows(d);
	if (!strcmp(name, "COLOR>"))
		return axis("rev", "nominal", "");
	if (!strcmp(name, "PLOT_WIDTH>") || !strcmp(name, "PLOT_HEIGHT>"))
		return js_int(300);
	return NULL;
}

/* What stands for itself within a text; NULL: none that we have. */
static const char *anchor_text(const struct drawing *d, const char *name)
{
	const struct plot *plot = d->plot;
	const char *const anchors[][2] = {
		{ "X>", plot->x_column },      { "Y>", y_column(plot) },
		{ "X_LABEL>", plot->x_label }, { "Y_LABEL>", plot->y_label },
		{ "TITLE>", plot->title },
	};

	for (size_t i = 0; i < ARRAY_LEN(anchors); i++)
		if (str_starts(name, anchors[i][0]))
			return anchors[i][1];
	return NULL;
}

static struct json *fill_text(const struct drawing *d, const char *text)
{
	const char *end, *value;
	autobuf out = { 0 };

	strbuf_adds(&out, "");
	while (*text) {
		if (!str_starts(text, ANCHOR) || !(end = strchr(text, '>'))) {
			strbuf_addc(&out, *text++);
			continue;
		}
		value = anchor_text(d, text + strlen(ANCHOR));
		strbuf_adds(&out, value ? value : "");
		text = end + 1;
	}
	return js_str(out.buf);
}

/* What is one anchor and no more may become any value; NULL: it is left out. */
static struct json *fill_leaf(const struct drawing *d, const char *text)
{
	const char *name = text + strlen(ANCHOR);

	if (!str_starts(text, ANCHOR) || strchr(text, '>') != text + strlen(text) - 1)
		return fill_text(d, text);
	return anchor_text(d, name) ? js_str(anchor_text(d, name)) : anchor_value(d, name);
}

/* A copy with all anchors filled in; NULL when it is one that is left out. Parsing bounds the depth. */
static struct json *fill(const struct drawing *d, struct json *v)
{
	struct json *out, *item, *filled;
	const char *key;
	void *iter = NULL;

	if (js_type(v) == JSON_STR)
		return fill_leaf(d, js_text(v));
	if (js_type(v) == JSON_OBJ) {
		out = js_obj();
		while (js_next(v, &iter, &key, &item))
			if ((filled = fill(d, item)))
				js_set(out, key, filled);
		return out;
	}
	if (js_type(v) != JSON_ARR)
		return js_ref(v);
	out = js_arr();
	for (size_t i = 0; i < js_len(v); i++)
		if ((filled = fill(d, js_at(v, i))))
			js_push(out, filled);
	return out;
}

static int user_spec(struct project *project, const struct drawing *d, struct json **out,
		     struct mlops_error *err)
{
	const char *file = d->plot->template_file;
	autofree char *path = project_abspath(project, file);
	autojson *template = NULL;
	autobuf text = { 0 };

	if (fs_read(path, TEMPLATE_MAX, &text, err) ||
	    js_parse(text.buf, text.len, file, &template, err))
		return err_wrap(err, "plot '%s': cannot use the template '%s'", d->plot->id, file);
	*out = fill(d, template);
	return *out ? 0 : err_set(err, MLOPS_EINVALID, "'%s' is no specification of Vega", file);
}

int mlops_plots_vega(struct project *project, const struct plots *plots, char **out,
		     struct mlops_error *err)
{
	autojson *top = js_obj();
	autobuf text = { 0 };

	for (size_t i = 0; i < plots->n; i++) {
		const struct drawing d = { plots, &plots->v[i] };
		struct json *spec = NULL;

		if (d.plot->kind == PLOT_IMAGE)
			continue;
		if (!d.plot->template_file)
			spec = own_spec(&d);
		else if (user_spec(project, &d, &spec, err))
			return -1;
		js_set(top, d.plot->id, spec);
	}
	js_dump(top, JS_PRETTY, &text);
	*out = strbuf_steal(&text);
	return 0;
}
