/* Reading definitions of plots. The keys and names of templates are DVC's (its documentation of dvc.yaml). */
#include "pipeline/plots_spec.h"

#include "base/map.h"
#include "pipeline/plots.h"

#define TEMPLATE_SUFFIX ".json"
#define DVC_TEMPLATES   ".dvc/plots"

struct template_name {
	const char *name;
	enum plot_kind kind;
};

static const struct template_name templates[] = {
	{ "line", PLOT_LINE },
	{ "scatter", PLOT_SCATTER },
	{ "bar", PLOT_BAR },
	{ "confusion", PLOT_CONFUSION },
	{ "confusion_normalized", PLOT_CONFUSION_NORMALIZED },
	{ "image", PLOT_IMAGE },
	/* DVC's, for what is drawn like one of these */
	{ "linear", PLOT_LINE },
	{ "simple", PLOT_LINE },
	{ "smooth", PLOT_LINE },
	{ "scatter_jitter", PLOT_SCATTER },
	{ "bar_horizontal", PLOT_BAR },
	{ "bar_horizontal_sorted", PLOT_BAR },
};
#define N_TEMPLATES (sizeof(templates) / sizeof(*templates))

static int unknown_template(const struct yaml_node *node, struct mlops_error *err)
{
	const char *names[N_TEMPLATES + 1] = { NULL };

	for (size_t i = 0; i < N_TEMPLATES; i++)
		names[i] = templates[i].name;
	const char *near = str_suggest(node->text, names);
	yaml_error(node, err, "there is no template '%s'", node->text);
	return near ? err_hint(err, "did you mean '%s'?", near) :
		      err_hint(err, "there are line, scatter, bar, confusion, confusion_normalized "
				    "and image; one of yours is a file named .json");
}

/* One of the user's is for Vega; drawn here, its data are lines. */
static int read_template(const struct plots_reader *r, const struct yaml_node *node,
			 struct spec_plot *plot, struct mlops_error *err)
{
	const char *name = node->text;

	if (str_ends(name, TEMPLATE_SUFFIX))
		return spec_read_path(&r->p->arena, r->dir, node, "template", &plot->template_file,
				      err);
	if (!r->dvc)
		return unknown_template(node, err);
	plot->template_file = arena_printf(&r->p->arena, DVC_TEMPLATES "/%s" TEMPLATE_SUFFIX, name);
	return 0;
}

static int read_kind(const struct plots_reader *r, const struct yaml_node *node,
		     struct spec_plot *plot, struct mlops_error *err)
{
	const char *name = NULL;

	if (yaml_get_text(node, "template", &name, err))
		return -1;
	for (size_t i = 0; name && i < N_TEMPLATES; i++)
		if (!strcmp(templates[i].name, name)) {
			plot->kind = templates[i].kind;
			return 0;
		}
	return name ? read_template(r, yaml_get(node, "template"), plot, err) : 0;
}

static int read_texts(const struct plots_reader *r, const struct yaml_node *node,
		      struct spec_plot *plot, struct mlops_error *err)
{
	return yaml_get_text(node, "title", &plot->title, err) ||
			       yaml_get_text(node, "x_label", &plot->x_label, err) ||
			       yaml_get_text(node, "y_label", &plot->y_label, err) ||
			       read_kind(r, node, plot, err) ?
		       -1 :
		       0;
}

static int add_column(struct spec_plot *plot, const char *file, const struct yaml_node *column,
		      struct mlops_error *err)
{
	if (yaml_want(column, YAML_SCALAR, "a column", err))
		return -1;
	vec_push(&plot->series, { .file = file, .y = column->text, .x_file = file, .at = column });
	return 0;
}

/* A column, or a list of them, of one file; none is the last. */
static int add_columns(struct spec_plot *plot, const char *file, const struct yaml_node *columns,
		       const struct yaml_node *at, struct mlops_error *err)
{
	if (yaml_is_null(columns)) {
		vec_push(&plot->series, { .file = file, .x_file = file, .at = at });
		return 0;
	}
	if (columns->kind != YAML_LIST)
		return add_column(plot, file, columns, err);
	for (size_t i = 0; i < columns->n; i++)
		if (add_column(plot, file, columns->values[i], err))
			return -1;
	return 0;
}

static int add_files(struct plots_reader *r, struct spec_plot *plot, const struct yaml_node *files,
		     struct mlops_error *err)
{
	for (size_t i = 0; i < files->n; i++) {
		const char *file;

		if (spec_read_path(&r->p->arena, r->dir, files->keys[i], "plots file", &file,
				   err) ||
		    add_columns(plot, file, files->values[i], files->keys[i], err))
			return -1;
	}
	return 0;
}

/* x of one file for all, or a column of the file that each series has, or of another if there is one. */
static int set_x_files(struct plots_reader *r, struct spec_plot *plot, const struct yaml_node *x,
		       struct mlops_error *err)
{
	automap columns = { 0 };
	const char *file = NULL;

	for (size_t i = 0; i < x->n; i++) {
		if (spec_read_path(&r->p->arena, r->dir, x->keys[i], "plots file", &file, err) ||
		    yaml_want(x->values[i], YAML_SCALAR, "the column of x", err))
			return -1;
		map_put(&columns, file, x->values[i]);
	}
	for (size_t i = 0; i < plot->series.n; i++) {
		struct spec_series *s = &plot->series.v[i];
		const struct yaml_node *own = map_get(&columns, s->file);

		if (!own && columns.n != 1)
			return yaml_error(x, err, "x has no column of '%s'", s->file);
		s->x_file = own ? s->file : file;
		s->x = own ? own->text : x->values[0]->text;
	}
	return 0;
}

static int set_x(struct plots_reader *r, struct spec_plot *plot, const struct yaml_node *x,
		 struct mlops_error *err)
{
	if (yaml_is_null(x))
		return 0;
	if (x->kind == YAML_MAP)
		return set_x_files(r, plot, x, err);
	if (yaml_want(x, YAML_SCALAR, "x", err))
		return -1;
	for (size_t i = 0; i < plot->series.n; i++)
		plot->series.v[i].x = x->text;
	return 0;
}

static int check_matrix(const struct spec_plot *plot, const struct yaml_node *at,
			struct mlops_error *err)
{
	bool is_matrix = plot->kind == PLOT_CONFUSION || plot->kind == PLOT_CONFUSION_NORMALIZED;

	for (size_t i = 0; is_matrix && i < plot->series.n; i++)
		if (!plot->series.v[i].x || !plot->series.v[i].y)
			return yaml_error(at, err,
					  "a confusion matrix needs x, the labels that are "
					  "right, and y, those that were predicted");
	return 0;
}

static bool is_image(const char *file)
{
	return plots_image_type(file) != NULL;
}

/* The plot whose files the caller has added; x and the rest are the same for all. */
static int add_plot(struct plots_reader *r, struct spec_plot *plot, const struct yaml_node *node,
		    struct mlops_error *err)
{
	bool images = plot->series.n && is_image(plot->series.v[0].file);

	plot->kind = images ? PLOT_IMAGE : PLOT_LINE;
	if (node && (read_texts(r, node, plot, err) || set_x(r, plot, yaml_get(node, "x"), err)))
		return -1;
	if (check_matrix(plot, node, err))
		return -1;
	vec_push(&r->p->plots, *plot);
	return 0;
}

int plots_read_out(struct plots_reader *r, const char *path, const struct yaml_node *name,
		   const struct yaml_node *attributes, struct mlops_error *err)
{
	const struct yaml_node *node = yaml_is_null(attributes) ? NULL : attributes;
	struct spec_plot plot = { .id = path };

	if (!add_columns(&plot, path, yaml_get(node, "y"), name, err) &&
	    !add_plot(r, &plot, node, err))
		return 0;
	vec_free(&plot.series);
	return -1;
}

static int read_definition(struct plots_reader *r, const struct yaml_node *name,
			   const struct yaml_node *node, struct spec_plot *plot,
			   struct mlops_error *err)
{
	static const char *const known[] = { "x",       "y",       "title", "template",
					     "x_label", "y_label", NULL };
	const struct yaml_node *y = yaml_get(node, "y");
	const char *file;

	if (yaml_want(name, YAML_SCALAR, "the name of a plot", err))
		return -1;
	plot->id = name->text;
	if (!yaml_is_null(node) && (yaml_want(node, YAML_MAP, "a plot", err) ||
				    yaml_check_keys(node, known, "a plot", err)))
		return -1;
	if (y && y->kind == YAML_MAP)
		return add_files(r, plot, y, err) || add_plot(r, plot, node, err) ? -1 : 0;
	if (spec_read_path(&r->p->arena, r->dir, name, "plots file", &file, err) ||
	    add_columns(plot, file, y, name, err))
		return -1;
	return add_plot(r, plot, yaml_is_null(node) ? NULL : node, err);
}

static int read_one(struct plots_reader *r, const struct yaml_node *name,
		    const struct yaml_node *node, struct mlops_error *err)
{
	struct spec_plot plot = { 0 };

	if (!read_definition(r, name, node, &plot, err))
		return 0;
	vec_free(&plot.series);
	return -1;
}

static int read_map(struct plots_reader *r, const struct yaml_node *map, struct mlops_error *err)
{
	for (size_t i = 0; i < map->n; i++)
		if (read_one(r, map->keys[i], map->values[i], err))
			return -1;
	return 0;
}

int plots_read_top(struct plots_reader *r, const struct yaml_node *node, struct mlops_error *err)
{
	if (node->kind == YAML_MAP)
		return read_map(r, node, err);
	if (yaml_want(node, YAML_LIST, "plots", err))
		return -1;
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *item = node->values[i];

		if (item->kind == YAML_MAP ? read_map(r, item, err) : read_one(r, item, NULL, err))
			return -1;
	}
	return 0;
}
