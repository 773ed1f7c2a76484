/*
 * Plots of dvc.yaml. What cannot be drawn is no reason not to run the pipeline, so it is left out.
 */
#include "base/fs.h"
#include "base/path.h"
#include "pipeline/dvc/dvc.h"
#include "pipeline/plots.h"
#include "pipeline/plots_spec.h"
#include "project/project.h"

#define DEPTH_MAX 8

static void read_plots_file(struct plots_reader *r, const struct yaml_node *name,
			    const struct yaml_node *said)
{
	autoerr ignored = ERR_INIT;
	const char *path;

	if (said && said->kind == YAML_LIST && said->n) /* several plots of one file */
		said = said->values[0];
	if (!spec_read_path(&r->p->arena, r->dir, name, "plots file", &path, &ignored))
		plots_read_out(r, path, name, said, &ignored);
}

void dvc_plots_of_stage(struct pipeline *p, const struct spec_stage *stage,
			const struct yaml_node *body)
{
	struct plots_reader r = { p, stage->wdir, .dvc = true };
	const struct yaml_node *list = yaml_get(body, "plots");

	for (size_t i = 0; list && list->kind == YAML_LIST && i < list->n; i++) {
		const struct yaml_node *item = list->values[i];

		if (item->kind != YAML_MAP)
			read_plots_file(&r, item, NULL);
		for (size_t k = 0; item->kind == YAML_MAP && k < item->n; k++)
			read_plots_file(&r, item->keys[k], item->values[k]);
	}
}

/* A folder that is a plot stands for each table and image that it holds now. */
struct folder {
	struct project *project;
	struct pipeline *p;
	const struct spec_plot *of;
	const char *path; /* relative to the root */
	size_t depth;
};

static bool is_table(const char *file)
{
	return str_ends(file, ".csv") || str_ends(file, ".tsv") || str_ends(file, ".json") ||
	       str_ends(file, ".yaml") || str_ends(file, ".yml");
}

static void add_file(const struct folder *f, const char *path)
{
	struct spec_plot plot = *f->of;
	struct spec_series series = f->of->series.v[0];

	plot.id = series.file = series.x_file = path;
	plot.title = NULL;
	plot.kind = plots_image_type(path) ? PLOT_IMAGE : plot.kind;
	plot.series.v = NULL;
	plot.series.n = plot.series.cap = 0;
	vec_push(&plot.series, series);
	vec_push(&f->p->plots, plot);
}

static int add_entry(const char *name, void *arg, struct mlops_error *err)
{
	const struct folder *f = arg;
	const char *path = arena_printf(&f->p->arena, "%s/%s", f->path, name);
	autofree char *absolute = project_abspath(f->project, path);
	struct folder inner = *f;

	if (fs_is_dir(absolute) && f->depth < DEPTH_MAX) {
		inner.path = path;
		inner.depth++;
		return fs_each_name(absolute, add_entry, &inner, err);
	}
	if (is_table(path) || plots_image_type(path))
		add_file(f, path);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct spec_plot *)a)->id, ((const struct spec_plot *)b)->id);
}

static void add_folder(struct project *project, struct pipeline *p, struct spec_plot *of)
{
	const struct folder f = { project, p, of, of->series.v[0].file, 0 };
	autofree char *absolute = project_abspath(project, f.path);
	autoerr ignored = ERR_INIT;
	size_t before = p->plots.n;

	fs_each_name(absolute, add_entry, (void *)&f, &ignored);
	if (p->plots.n > before)
		qsort(&p->plots.v[before], p->plots.n - before, sizeof(*p->plots.v), by_id);
	vec_free(&of->series);
}

static bool is_folder(struct project *project, const struct spec_plot *plot)
{
	autofree char *path =
		plot->series.n == 1 ? project_abspath(project, plot->series.v[0].file) : NULL;

	return path && fs_is_dir(path);
}

static void add_folders(struct project *project, struct pipeline *p)
{
	__typeof__(p->plots) all = p->plots;

	memset(&p->plots, 0, sizeof(p->plots));
	for (size_t i = 0; i < all.n; i++) {
		if (is_folder(project, &all.v[i]))
			add_folder(project, p, &all.v[i]);
		else
			vec_push(&p->plots, all.v[i]);
	}
	vec_free(&all);
}

void dvc_plots_finish(struct project *project, struct pipeline *p, const struct expansion *x)
{
	for (size_t i = 0; i < x->plots.n; i++) {
		struct plots_reader r = { p, x->plots.v[i].dir, .dvc = true };
		autoerr ignored = ERR_INIT;

		plots_read_top(&r, x->plots.v[i].node, &ignored);
	}
	add_folders(project, p);
}
