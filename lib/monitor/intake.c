/* Reading both sides. Where a reference's column turns out not to be numbers, it is read again. */
#include "monitor/intake.h"

#include <math.h>

#include "base/map.h"
#include "base/str.h"

#define NOT_WANTED SIZE_MAX

/* Which feature each column of a source goes to. */
struct routing {
	size_t *to;
	size_t n;
	bool again; /* only columns that were refuted count */
};

static void routing_clear(struct routing *r)
{
	free(r->to);
}

void intake_init(struct intake *in)
{
	*in = (struct intake){ 0 };
	spill_init(&in->spill);
}

static void drop_values(struct feature *f)
{
	for (int side = 0; side < 2; side++) {
		spill_column_clear(&f->values[side]);
		f->moments[side] = (struct moments){ 0 };
		f->missing[side] = f->not_number[side] = 0;
	}
}

void intake_clear(struct intake *in)
{
	for (size_t i = 0; i < in->features.n; i++) {
		drop_values(&in->features.v[i]);
		tally_clear(&in->features.v[i].tally);
		free(in->features.v[i].name);
	}
	vec_free(&in->features);
	spill_clear(&in->spill);
}

static size_t find_feature(const struct intake *in, const char *name)
{
	for (size_t i = 0; i < in->features.n; i++)
		if (!strcmp(in->features.v[i].name, name))
			return i;
	return NOT_WANTED;
}

/* Columns that the source did not have when it was last asked. */
static void route_new_columns(struct intake *in, int side, const struct row_source *source,
			      const struct mlops_table_opts *opts, struct routing *r)
{
	const struct strlist *names = row_source_columns(source);

	if (names->n == r->n)
		return;
	r->to = xrealloc(r->to, names->n * sizeof(*r->to));
	for (; r->n < names->n; r->n++) {
		const char *name = names->v[r->n];
		size_t at = find_feature(in, name);

		if (at == NOT_WANTED && !side && table_wants(opts, name)) {
			at = in->features.n;
			vec_push(&in->features, { .name = xstrdup(name), .whole = true });
		}
		if (at != NOT_WANTED && r->again && !in->features.v[at].refuted)
			at = NOT_WANTED;
		r->to[r->n] = at;
		if (at == NOT_WANTED)
			continue;
		struct feature *f = &in->features.v[at];
		f->found[side] = true;
		f->missing[side] = in->rows[side]; /* in the rows before */
		f->whole &= !in->rows[side];
	}
}

static int add_numbers(struct intake *in, struct feature *f, int side, const struct cell *cells,
		       size_t rows, struct mlops_error *err)
{
	double v[CELL_ROWS];
	size_t n = 0;
	bool whole;

	for (size_t r = 0; r < rows; r++) {
		if (cells[r].kind == CELL_MISSING || !cell_number(&cells[r], &v[n], &whole)) {
			if (cell_is_missing(&cells[r]))
				f->missing[side]++;
			else
				f->not_number[side]++;
			f->whole = false;
			continue;
		}
		f->whole &= whole;
		if (isfinite(v[n]))
			n++;
		else
			f->missing[side]++; /* as Evidently reads infinities */
	}
	if (!side && f->not_number[0]) {
		f->refuted = true;
		return 0;
	}
	moments_add(&f->moments[side], v, n);
	return spill_add(&in->spill, &f->values[side], v, n, err);
}

static void add_texts(struct feature *f, int side, const struct cell *cells, size_t rows)
{
	for (size_t r = 0; r < rows; r++) {
		autofree char *shown = NULL;

		if (cell_is_missing(&cells[r])) {
			f->missing[side]++;
		} else if (cells[r].kind == CELL_TEXT) {
			tally_add(&f->tally, side, cells[r].text, cells[r].len);
		} else {
			shown = xasprintf("%.17g", cells[r].number);
			tally_add(&f->tally, side, shown, strlen(shown));
		}
	}
}

static int add_block(struct intake *in, int side, const struct cell_block *block,
		     const struct routing *r, struct mlops_error *err)
{
	for (size_t c = 0; c < r->n; c++) {
		struct feature *f = r->to[c] == NOT_WANTED ? NULL : &in->features.v[r->to[c]];
		const struct cell *cells = cell_column(block, c);

		if (!f || (f->refuted && !f->is_text))
			continue;
		if (f->is_text)
			add_texts(f, side, cells, block->rows);
		else if (add_numbers(in, f, side, cells, block->rows, err))
			return -1;
	}
	return 0;
}

/* One pass over the file; `again`: only for the columns that were refuted. */
static int read_pass(struct intake *in, int side, const char *path, const struct mlops_table_opts *opts,
		     bool again, struct mlops_error *err)
{
	__attribute__((cleanup(routing_clear))) struct routing routing = { .again = again };
	const struct cell_block *block;
	autosource *source = NULL;

	if (row_source_open(path, opts, &source, err))
		return -1;
	in->rows[side] = 0;
	do {
		if (row_source_next(source, &block, err))
			return -1;
		route_new_columns(in, side, source, opts, &routing);
		if (add_block(in, side, block, &routing, err))
			return -1;
		in->rows[side] += block->rows;
	} while (block->rows);
	return 0;
}

/* Columns that were taken for numbers and are not become categories; true when there are any. */
static bool turn_refuted(struct intake *in)
{
	bool any = false;

	for (size_t i = 0; i < in->features.n; i++) {
		struct feature *f = &in->features.v[i];

		if (!f->refuted)
			continue;
		drop_values(f);
		f->is_text = any = true;
	}
	return any;
}

static int check_columns(const struct intake *in, const char *path, const struct mlops_table_opts *opts,
			 struct mlops_error *err)
{
	for (size_t i = 0; i < opts->n_columns; i++)
		if (find_feature(in, opts->columns[i]) == NOT_WANTED)
			return table_no_column(path, opts->columns[i], err);
	return 0;
}

int intake_read(struct intake *in, int side, const char *path, const struct mlops_table_opts *opts,
		struct mlops_error *err)
{
	if (!strcmp(path, "-"))
		return err_set(err, MLOPS_EINVALID, "cannot compare standard input: it may have to be read twice");
	if (read_pass(in, side, path, opts, false, err))
		return -1;
	if (!in->rows[side])
		return err_set(err, MLOPS_EINVALID, "'%s' has no rows", path);
	if (side)
		return 0;
	if (turn_refuted(in) && read_pass(in, 0, path, opts, true, err))
		return -1;
	return check_columns(in, path, opts, err);
}
