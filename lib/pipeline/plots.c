/* Which plots there are at which points, and collecting them. */
#include "pipeline/plots.h"

#include "base/log.h"
#include "project/project.h"

#define WORK_TREE  "workspace"
#define WHERES_MAX 20

struct collector {
	struct project *project;
	const struct plots_how *how;
	struct snapshot work;           /* the work tree, which tells plots from points */
	VEC(const char *) chosen;       /* ids and files of plots; none: all */
	VEC(const char *) wheres;       /* points */
	struct snapshot at[WHERES_MAX]; /* each of them */
	VEC(struct plot) plots;
	struct mlops_error *err;
};

static bool has_file(const struct spec_plot *plot, const char *file)
{
	for (size_t i = 0; i < plot->series.n; i++)
		if (!strcmp(plot->series.v[i].file, file))
			return true;
	return false;
}

static bool is_named(const struct spec_plot *plot, const char *word)
{
	return !strcmp(plot->id, word) || has_file(plot, word);
}

/* The plots that the word names, or of which it is a file, seen from the root or the current folder. */
static bool choose(struct collector *c, const char *word)
{
	const struct pipeline *p = c->work.pipeline;
	size_t before = c->chosen.n;
	autofree char *path = NULL;
	autoerr ignored = ERR_INIT;

	if (!p)
		return false;
	mlops_project_relpath(c->project, word, &path, &ignored);
	for (size_t i = 0; i < p->plots.n; i++) {
		const struct spec_plot *plot = &p->plots.v[i];

		if (is_named(plot, word) || (path && has_file(plot, path)))
			vec_push(&c->chosen, plot->id);
	}
	return c->chosen.n > before;
}

static int no_such_word(struct collector *c, const char *word)
{
	const struct pipeline *p = c->work.pipeline;
	autostrlist names = { 0 };

	for (size_t i = 0; p && i < p->plots.n; i++)
		strlist_add(&names, p->plots.v[i].id);
	const char *near = strlist_suggest(word, &names);
	err_set(c->err, MLOPS_ENOTFOUND, "there is no plot, revision or run '%s'", word);
	return near ? err_hint(c->err, "did you mean '%s'?", near) : -1;
}

static void add_defaults(struct collector *c)
{
	if (c->how->overlay && !c->wheres.n)
		vec_push(&c->wheres, "HEAD");
	if (c->wheres.n < (c->how->overlay ? 2 : 1))
		vec_push(&c->wheres, WORK_TREE);
}

static int open_point(struct collector *c, size_t i)
{
	const char *word = c->wheres.v[i];

	if (!strcmp(word, WORK_TREE))
		return snapshot_open(&c->at[i], c->project, NULL, c->err);
	if (!snapshot_open_at(&c->at[i], c->project, word, c->err))
		return 0;
	return c->err->kind == MLOPS_ENOTFOUND ? no_such_word(c, word) : -1;
}

static int open_points(struct collector *c)
{
	if (snapshot_open(&c->work, c->project, NULL, c->err))
		return -1;
	for (size_t i = 0; i < c->how->n_words; i++)
		if (!choose(c, c->how->words[i]))
			vec_push(&c->wheres, c->how->words[i]);
	add_defaults(c);
	if (c->wheres.n > WHERES_MAX)
		return err_set(c->err, MLOPS_EUSAGE, "plots are shown at %d points at most",
			       WHERES_MAX);
	for (size_t i = 0; i < c->wheres.n; i++)
		if (open_point(c, i))
			return -1;
	return 0;
}

static const struct pipeline *pipeline_at(const struct collector *c, size_t i)
{
	return c->at[i].run ? c->work.pipeline : c->at[i].pipeline;
}

static bool is_chosen(const struct collector *c, const struct spec_plot *plot)
{
	for (size_t i = 0; i < c->chosen.n; i++)
		if (!strcmp(c->chosen.v[i], plot->id))
			return true;
	return !c->chosen.n;
}

/* Forgets the series from `n` on. */
static void drop_series(struct plot *p, size_t n)
{
	while (p->n_series > n) {
		struct plot_series *s = &p->series[--p->n_series];

		free(s->name);
		free(s->column);
		free(s->v);
		free(s->image);
	}
}

static void clear_plot(struct plot *p)
{
	drop_series(p, 0);
	for (size_t i = 0; i < p->n_labels; i++)
		free(p->labels[i]);
	free(p->labels);
	free(p->series);
	free(p->id);
	free(p->title);
	free(p->x_label);
	free(p->y_label);
	free(p->x_column);
	free(p->template_file);
}

/* At the points [first, end), of which `at` defines it. What does not suit another is left out. */
static int add_plot(struct collector *c, const struct spec_plot *spec, size_t at, size_t first,
		    size_t end)
{
	struct plot plot = { 0 };
	struct plot_builder b = { .spec = spec, .out = &plot };
	int rc = 0;

	for (size_t i = first; !rc && i < end; i++) {
		size_t before = plot.n_series;

		rc = plots_read(&b, &c->at[i], i, c->err);
		if (!rc || i == at)
			continue;
		log_warn("%s is left out: %s", c->wheres.v[i], c->err->msg);
		mlops_error_clear(c->err);
		drop_series(&plot, before);
		rc = 0;
	}
	plots_finish(&b);
	if (!rc)
		vec_push(&c->plots, plot);
	else
		clear_plot(&plot);
	return rc;
}

static bool is_defined(const struct pipeline *p, const char *id)
{
	for (size_t i = 0; p && i < p->plots.n; i++)
		if (!strcmp(p->plots.v[i].id, id))
			return true;
	return false;
}

/* The plots of the last of the points, then those that only others before it have. */
static int add_plots(struct collector *c, size_t first, size_t end)
{
	for (size_t k = end; k-- > first;) {
		const struct pipeline *p = pipeline_at(c, k);

		for (size_t i = 0; p && i < p->plots.n; i++) {
			const struct spec_plot *plot = &p->plots.v[i];
			bool later = false;

			for (size_t j = k + 1; j < end; j++)
				later |= is_defined(pipeline_at(c, j), plot->id);
			if (!later && is_chosen(c, plot) && add_plot(c, plot, k, first, end))
				return -1;
		}
	}
	return 0;
}

static int collect(struct collector *c)
{
	if (open_points(c))
		return -1;
	if (c->how->overlay)
		return add_plots(c, 0, c->wheres.n);
	for (size_t i = 0; i < c->wheres.n; i++)
		if (add_plots(c, i, i + 1))
			return -1;
	return 0;
}

int mlops_plots_load(struct project *project, const struct plots_how *how, struct plots *out,
		     struct mlops_error *err)
{
	struct collector c = { .project = project, .how = how, .err = err };
	int rc = collect(&c);

	*out = (struct plots){
		.v = c.plots.v, .n = c.plots.n, .n_wheres = c.wheres.n, .overlay = how->overlay
	};
	out->wheres = xcalloc(c.wheres.n + 1, sizeof(*out->wheres));
	for (size_t i = 0; i < c.wheres.n; i++)
		out->wheres[i] = xstrdup(c.wheres.v[i]);
	for (size_t i = 0; i < WHERES_MAX; i++)
		snapshot_close(&c.at[i]);
	snapshot_close(&c.work);
	vec_free(&c.chosen);
	vec_free(&c.wheres);
	if (rc)
		mlops_plots_clear(out);
	return rc;
}

void mlops_plots_clear(struct plots *plots)
{
	for (size_t i = 0; i < plots->n; i++)
		clear_plot(&plots->v[i]);
	for (size_t i = 0; i < plots->n_wheres; i++)
		free(plots->wheres[i]);
	free(plots->wheres);
	free(plots->v);
	*plots = (struct plots){ 0 };
}

const char *mlops_plot_kind_name(enum plot_kind kind)
{
	static const char *const names[] = {
		"line", "scatter", "bar", "confusion", "confusion_normalized", "image"
	};

	return names[kind];
}

double mlops_plot_cell(const struct plot *plot, const struct plot_series *series, size_t x,
		       size_t y)
{
	size_t n = plot->n_labels;
	double count = series->v[y * n + x].count, all = 0;

	if (plot->kind != PLOT_CONFUSION_NORMALIZED)
		return count;
	for (size_t i = 0; i < n; i++)
		all += series->v[i * n + x].count;
	return all > 0 ? count / all : 0;
}

char *plots_legend(const struct plots *plots, const struct plot_series *series)
{
	const char *where = plots->wheres[series->where];

	return plots->n_wheres > 1 ? xasprintf("%s: %s", where, series->name) :
				     xstrdup(series->name);
}
