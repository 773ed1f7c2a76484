/* The series of one plot at one point, out of its files. */
#include <math.h>

#include "base/num.h"
#include "fmt/real.h"
#include "pipeline/plots.h"

#define BARS_MAX   1000
#define MATRIX_MAX 200 /* labels */
#define IMAGE_MAX  ((size_t)16 << 20)

static bool is_matrix(const struct plot_builder *b)
{
	return b->spec->kind == PLOT_CONFUSION || b->spec->kind == PLOT_CONFUSION_NORMALIZED;
}

const char *plots_image_type(const char *file)
{
	static const struct {
		const char *suffix, *type;
	} images[] = {
		{ ".png", "image/png" }, { ".jpg", "image/jpeg" },    { ".jpeg", "image/jpeg" },
		{ ".gif", "image/gif" }, { ".svg", "image/svg+xml" }, { ".webp", "image/webp" },
	};

	for (size_t i = 0; i < sizeof(images) / sizeof(*images); i++)
		if (str_ends(file, images[i].suffix))
			return images[i].type;
	return NULL;
}

/* What reading one series shares. */
struct reading {
	struct plot_builder *b;
	const struct spec_series *spec;
	struct rows *x, *y; /* x NULL: the number of the row */
	uint64_t row;
	struct thin thin;
	struct map cells; /* of a matrix: a pair of labels -> its point in out */
	struct plot_series *out;
	size_t cap;
	struct mlops_error *err;
};

static int not_a_number(struct reading *r, const struct cell *c, bool is_x)
{
	const struct rows *rows = is_x ? r->x : r->y;
	int n = c->len < 40 ? (int)c->len : 40;

	err_set(r->err, MLOPS_EINVALID,
		"cannot plot '%s': '%.*s' in row %llu of column '%s' is no number",
		is_x ? r->spec->x_file : r->spec->file, n, c->text, (unsigned long long)r->row + 1,
		rows_column(rows));
	return is_x ? err_hint(r->err, "labels are for plots with template: bar") :
		      err_hint(r->err, "name the column to plot with y in '%s'", SPEC_FILE);
}

/* Missing and infinite values are not a number, which leaves a gap. */
static int to_number(struct reading *r, const struct cell *c, bool is_x, double *out)
{
	char text[NUM_SIZE];
	bool whole;

	*out = NAN;
	if (c->kind == CELL_NUMBER)
		*out = c->number;
	if (c->kind != CELL_TEXT)
		return 0;
	if (!real_parse(c->text, c->len, out, &whole)) {
		snprintf(text, sizeof(text), "%.*s", c->len < NUM_SIZE ? (int)c->len : 0, c->text);
		if (!num_parse_double(text, out))
			return not_a_number(r, c, is_x);
	}
	if (isinf(*out))
		*out = NAN;
	return 0;
}

static int to_label(struct reading *r, const struct cell *c, double *out)
{
	struct plot_builder *b = r->b;
	size_t max = is_matrix(b) ? MATRIX_MAX : BARS_MAX;
	char number[NUM_SIZE];
	struct str text = { "", 0 };

	if (c->kind == CELL_TEXT)
		text = (struct str){ c->text, c->len };
	else if (c->kind == CELL_NUMBER)
		text = str_of(num_format_double(c->number, number));
	size_t index = (size_t)(uintptr_t)map_getn(&b->labels, text.p, text.n);
	if (!index) {
		if (b->labels.n == max)
			return err_set(r->err, MLOPS_EINVALID,
				       "cannot plot '%s': it has more than %zu labels",
				       r->spec->file, max);
		index = b->labels.n + 1;
		map_putn(&b->labels, text.p, text.n, (void *)(uintptr_t)index);
	}
	*out = (double)(index - 1);
	return 0;
}

static void add_point(struct reading *r, struct plot_point p)
{
	struct plot_series *s = r->out;

	if (s->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		s->v = xrealloc(s->v, r->cap * sizeof(*s->v));
	}
	s->v[s->n++] = p;
}

static void count_pair(struct reading *r, double x, double y)
{
	const double pair[] = { x, y };
	size_t at = (size_t)(uintptr_t)map_getn(&r->cells, pair, sizeof(pair));

	if (!at) {
		add_point(r, (struct plot_point){ x, y, 0 });
		at = r->out->n;
		map_putn(&r->cells, pair, sizeof(pair), (void *)(uintptr_t)at);
	}
	r->out->v[at - 1].count++;
}

static int take_row(struct reading *r, const struct cell *x, const struct cell *y)
{
	const struct cell row = { .number = (double)r->row, .kind = CELL_NUMBER };
	const struct cell *at = x ? x : &row;
	double px, py;

	switch (r->b->spec->kind) {
	case PLOT_CONFUSION:
	case PLOT_CONFUSION_NORMALIZED:
		if (to_label(r, at, &px) || to_label(r, y, &py))
			return -1;
		count_pair(r, px, py);
		return 0;
	case PLOT_BAR:
		if (to_label(r, at, &px) || to_number(r, y, false, &py))
			return -1;
		if (r->row >= BARS_MAX)
			return err_set(r->err, MLOPS_EINVALID,
				       "cannot plot '%s': it has more than %d bars", r->spec->file,
				       BARS_MAX);
		add_point(r, (struct plot_point){ px, py, 0 });
		return 0;
	default:
		if (to_number(r, at, true, &px) || to_number(r, y, false, &py))
			return -1;
		thin_add(&r->thin, px, isnan(px) ? NAN : py);
		return 0;
	}
}

static int read_rows(struct reading *r)
{
	struct cell x, y;
	int more_x, more_y;

	for (;; r->row++) {
		more_y = rows_next(r->y, &y, r->err);
		more_x = r->x && more_y >= 0 ? rows_next(r->x, &x, r->err) : more_y;
		if (more_x < 0 || more_y < 0)
			return -1;
		if (more_x != more_y)
			return err_set(
				r->err, MLOPS_EINVALID,
				"cannot plot '%s' over '%s': one has more rows than the other",
				r->spec->file, r->spec->x_file);
		if (!more_y)
			return 0;
		if (take_row(r, r->x ? &x : NULL, &y))
			return -1;
	}
}

static bool has_many_files(const struct spec_plot *spec)
{
	for (size_t i = 1; i < spec->series.n; i++)
		if (strcmp(spec->series.v[i].file, spec->series.v[0].file) != 0)
			return true;
	return false;
}

static struct plot_series *add_series(struct plot_builder *b, size_t where)
{
	struct plot *p = b->out;

	if (p->n_series == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 4;
		p->series = xrealloc(p->series, b->cap * sizeof(*p->series));
	}
	p->series[p->n_series] = (struct plot_series){ .where = where };
	return &p->series[p->n_series++];
}

/* The column, if it is the same in all series, names the axis. */
static void name_y(struct plot_builder *b, const char *column)
{
	char **label = &b->out->y_label;

	if (b->spec->y_label || (*label && !strcmp(*label, column)))
		return;
	const char *name = *label ? "" : column;
	free(*label);
	*label = xstrdup(name);
}

static int read_table(struct reading *r, struct snapshot *s, size_t where)
{
	struct plot_builder *b = r->b;
	const struct spec_series *spec = r->spec;

	if (rows_open(s, spec->file, spec->y, &r->y, r->err) ||
	    (spec->x && rows_open(s, spec->x_file, spec->x, &r->x, r->err)))
		return -1;
	r->out = add_series(b, where);
	r->out->name = has_many_files(b->spec) ?
			       xasprintf("%s: %s", spec->file, rows_column(r->y)) :
			       xstrdup(rows_column(r->y));
	r->out->column = xstrdup(rows_column(r->y));
	name_y(b, r->out->column);
	if (read_rows(r))
		return -1;
	if (r->thin.rows)
		thin_finish(&r->thin, r->out);
	r->out->rows = r->row;
	return 0;
}

static int read_image(struct reading *r, struct snapshot *s, size_t where)
{
	const char *type = plots_image_type(r->spec->file);
	autobuf bytes = { 0 };

	if (!type)
		return err_set(r->err, MLOPS_EINVALID,
			       "cannot show '%s': its name is not that of an image", r->spec->file);
	if (snapshot_read(s, r->spec->file, IMAGE_MAX, &bytes, r->err))
		return -1;
	r->out = add_series(r->b, where);
	r->out->name = xstrdup(r->spec->file);
	r->out->mime = type;
	r->out->n_image = bytes.len;
	r->out->image = strbuf_steal(&bytes);
	return 0;
}

/* A file that is not there is no error. */
static int read_one(struct plot_builder *b, struct snapshot *s, const struct spec_series *spec,
		    size_t where, struct mlops_error *err)
{
	struct reading r = { .b = b, .spec = spec, .err = err };
	int rc = b->spec->kind == PLOT_IMAGE ? read_image(&r, s, where) : read_table(&r, s, where);

	rows_free(r.x);
	rows_free(r.y);
	free(r.thin.v);
	map_clear(&r.cells);
	if (!rc || err->kind != MLOPS_ENOTFOUND)
		return rc;
	mlops_error_clear(err);
	return 0;
}

int plots_read(struct plot_builder *b, struct snapshot *s, size_t where, struct mlops_error *err)
{
	struct plot *p = b->out;
	const struct spec_series *first = b->spec->series.n ? &b->spec->series.v[0] : NULL;

	if (!p->id) {
		p->id = xstrdup(b->spec->id);
		p->kind = b->spec->kind;
		p->title = xstrdup(b->spec->title ? b->spec->title : b->spec->id);
		p->x_column = xstrdup(first && first->x ? first->x : "step");
		p->x_label = xstrdup(b->spec->x_label ? b->spec->x_label : p->x_column);
		p->template_file = b->spec->template_file ? xstrdup(b->spec->template_file) : NULL;
		p->y_label = b->spec->y_label ? xstrdup(b->spec->y_label) : NULL;
	}
	for (size_t i = 0; i < b->spec->series.n; i++)
		if (read_one(b, s, &b->spec->series.v[i], where, err))
			return err_wrap(err, "plot '%s'", b->spec->id);
	return 0;
}

/* Numbers by value in front of other text. */
static int by_label(const void *a, const void *b)
{
	const struct map_entry *const *x = a, *const *y = b;
	double m, n;
	bool is_m = num_parse_double((*x)->key, &m), is_n = num_parse_double((*y)->key, &n);

	if (is_m != is_n)
		return is_m ? -1 : 1;
	if (is_m && m != n)
		return m < n ? -1 : 1;
	return strcmp((*x)->key, (*y)->key);
}

/* The cells of a matrix, row after row, in the order of sorted labels. */
static void spread_cells(struct plot_series *s, const size_t *place, size_t n)
{
	struct plot_point *all = xcalloc(n * n + 1, sizeof(*all));

	for (size_t i = 0; i < n * n; i++)
		all[i] = (struct plot_point){ (double)(i % n), (double)(i / n), 0 };
	for (size_t i = 0; i < s->n; i++)
		all[place[(size_t)s->v[i].y] * n + place[(size_t)s->v[i].x]].count = s->v[i].count;
	free(s->v);
	s->v = all;
	s->n = n * n;
}

void plots_finish(struct plot_builder *b)
{
	struct plot *p = b->out;
	size_t n = b->labels.n;
	autofree struct map_entry **sorted = xcalloc(n + 1, sizeof(*sorted));
	autofree size_t *place = xcalloc(n + 1, sizeof(*place));

	for (size_t i = 0; i < n; i++)
		sorted[i] = &b->labels.v[i];
	if (is_matrix(b) && n)
		qsort(sorted, n, sizeof(struct map_entry *), by_label);
	p->labels = xcalloc(n + 1, sizeof(*p->labels));
	p->n_labels = n;
	for (size_t i = 0; i < n; i++) {
		place[sorted[i] - b->labels.v] = i;
		p->labels[i] = xstrdup(sorted[i]->key);
	}
	for (size_t i = 0; is_matrix(b) && i < p->n_series; i++)
		spread_cells(&p->series[i], place, n);
	if (!p->y_label)
		p->y_label = xstrdup("");
	map_clear(&b->labels);
}
