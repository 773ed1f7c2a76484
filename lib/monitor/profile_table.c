/* Making a profile: one pass over a table. */
#include <math.h>
#include <strings.h>

#include "base/str.h"
#include "base/xxh.h"
#include "monitor/profile.h"
#include "monitor/source.h"

#define EXACT_BUDGET (4 * HITTERS_EXACT) /* different values counted exactly in all columns together */

static bool is_boolean(const struct cell *cell)
{
	return cell->kind == CELL_TEXT && ((cell->len == 4 && !strncasecmp(cell->text, "true", 4)) ||
					   (cell->len == 5 && !strncasecmp(cell->text, "false", 5)));
}

/* A number counts by its value, a text by its bytes. */
static uint64_t hash_number(double v)
{
	v += 0.0; /* -0 -> 0 */
	return xxh_64(&v, sizeof(v));
}

static void count_value(struct profile_column *c, const struct cell *cell)
{
	if (cell->kind == CELL_TEXT) {
		hitters_add(&c->values, cell->text, cell->len, 1);
		return;
	}
	char text[32];
	int n = snprintf(text, sizeof(text), "%.17g", cell->number);
	hitters_add(&c->values, text, (size_t)n, 1);
}

static void add_cells(struct profile_column *c, const struct cell *cells, size_t rows)
{
	double numbers[CELL_ROWS], lengths[CELL_ROWS], v;
	size_t n_numbers = 0, n_lengths = 0;
	bool whole;

	for (size_t r = 0; r < rows; r++) {
		const struct cell *cell = &cells[r];

		if (cell_is_missing(cell)) {
			c->missing++;
			continue;
		}
		count_value(c, cell);
		if (cell_number(cell, &v, &whole)) {
			c->kinds[whole ? PROFILE_INTEGER : PROFILE_REAL]++;
			hll_add(&c->distinct, hash_number(v));
			if (isfinite(v))
				numbers[n_numbers++] = v;
			else
				c->infinite++;
			continue;
		}
		c->kinds[is_boolean(cell) ? PROFILE_BOOLEAN : PROFILE_TEXT]++;
		hll_add(&c->distinct, xxh_64(cell->text, cell->len));
		lengths[n_lengths++] = cell->len;
	}
	moments_add(&c->numbers, numbers, n_numbers);
	moments_add(&c->lengths, lengths, n_lengths);
	kll_add(&c->quantiles, numbers, n_numbers);
}

/* Sketches the columns with the most different values until all together fit the budget. */
static void keep_budget(struct profile *p)
{
	for (;;) {
		struct profile_column *widest = NULL;
		size_t total = 0;

		for (size_t i = 0; i < p->n_columns; i++) {
			struct profile_column *c = p->columns[i];

			if (c->values.sketched)
				continue;
			total += c->values.counts.n;
			if (!widest || c->values.counts.n > widest->values.counts.n)
				widest = c;
		}
		if (total <= EXACT_BUDGET)
			return;
		hitters_sketch(&widest->values);
	}
}

static void add_block(struct profile *p, const struct cell_block *block, const struct strlist *names,
		      const struct mlops_table_opts *opts)
{
	for (size_t i = 0; i < names->n; i++)
		if (table_wants(opts, names->v[i]))
			add_cells(profile_get(p, names->v[i]), cell_column(block, i), block->rows);
	p->rows += block->rows;
	keep_budget(p);
}

static int read_all(struct profile *p, const char *path, const struct mlops_table_opts *opts,
		    struct mlops_error *err)
{
	const struct cell_block *block;
	autosource *source = NULL;

	if (row_source_open(path, opts, &source, err))
		return -1;
	do {
		if (row_source_next(source, &block, err))
			return -1;
		add_block(p, block, row_source_columns(source), opts);
	} while (block->rows);
	for (size_t i = 0; i < opts->n_columns; i++)
		if (!map_get(&p->index, opts->columns[i]))
			return table_no_column(path, opts->columns[i], err);
	return 0;
}

int mlops_profile_table(const char *path, const struct mlops_table_opts *opts, struct profile **out,
			struct mlops_error *err)
{
	struct profile *p = xcalloc(1, sizeof(*p));

	if (read_all(p, path, opts, err)) {
		mlops_profile_free(p);
		return -1;
	}
	*out = p;
	return 0;
}
