/* From blocks of rows to the scorer and on. */
#include "mlops/predict.h"

#include <inttypes.h>
#include <math.h>

#include "monitor/source.h"

struct predicting {
	const char *path;
	const struct scorer *scorer;
	struct row_source *source;
	size_t *columns; /* of the table, for each feature */
	uint64_t row;    /* from 1 */
	mlops_predicted predicted;
	void *arg;
};

static int find_column(const struct predicting *p, const char *name, size_t *out, struct mlops_error *err)
{
	const struct strlist *names = row_source_columns(p->source);

	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name)) {
			*out = i;
			return 0;
		}
	return table_no_column(p->path, name, err);
}

/* JSON lines bring their columns with the first block, so this waits for it. */
static int find_columns(struct predicting *p, struct mlops_error *err)
{
	size_t n = mlops_scorer_features(p->scorer), have = row_source_columns(p->source)->n;
	bool named = mlops_scorer_feature(p->scorer, 0) != NULL;

	if (!named && have != n) {
		err_set(err, MLOPS_EINVALID, "'%s' has %zu columns, and the model takes %zu", p->path, have, n);
		return err_hint(err, "the model has no names for them, so the table must have just these");
	}
	for (size_t i = 0; i < n; i++) {
		p->columns[i] = i;
		if (named && find_column(p, mlops_scorer_feature(p->scorer, i), &p->columns[i], err))
			return -1;
	}
	return 0;
}

static int take_cell(const struct predicting *p, const struct cell *cell, size_t column, double *out,
		     struct mlops_error *err)
{
	bool whole;

	if (cell_is_missing(cell))
		*out = NAN;
	else if (!cell_number(cell, out, &whole))
		return err_set(err, MLOPS_EINVALID, "'%s', row %" PRIu64 ": column '%s' is '%.*s', not a number",
			       p->path, p->row, row_source_columns(p->source)->v[column],
			       cell->len < 40 ? (int)cell->len : 40, cell->text);
	return 0;
}

static int predict_block(struct predicting *p, const struct cell_block *block, double *x, double *out,
			 struct mlops_error *err)
{
	size_t n = mlops_scorer_features(p->scorer), n_out = mlops_scorer_outputs(p->scorer);

	for (size_t r = 0; r < block->rows; r++) {
		p->row++;
		for (size_t i = 0; i < n; i++) {
			const struct cell *cell = cell_column(block, p->columns[i]) + r;

			if (take_cell(p, cell, p->columns[i], &x[i], err))
				return -1;
		}
		mlops_scorer_predict(p->scorer, x, 1, out);
		if (p->predicted(out, n_out, p->arg, err))
			return -1;
	}
	return 0;
}

static int predict_all(struct predicting *p, struct mlops_error *err)
{
	autofree double *x = xcalloc(mlops_scorer_features(p->scorer), sizeof(*x));
	autofree double *out = xcalloc(mlops_scorer_outputs(p->scorer), sizeof(*out));
	const struct cell_block *block;

	for (bool first = true;; first = false) {
		if (row_source_next(p->source, &block, err))
			return -1;
		if (!block->rows)
			return 0;
		if ((first && find_columns(p, err)) || predict_block(p, block, x, out, err))
			return -1;
	}
}

int mlops_table_predict(const char *path, const struct mlops_table_opts *how,
			const struct scorer *scorer, mlops_predicted predicted, void *arg,
			struct mlops_error *err)
{
	autofree size_t *columns = xcalloc(mlops_scorer_features(scorer), sizeof(*columns));
	autosource *source = NULL;
	struct predicting p = {
		.path = path, .scorer = scorer, .columns = columns, .predicted = predicted, .arg = arg,
	};

	if (row_source_open(path, how, &source, err))
		return -1;
	p.source = source;
	return predict_all(&p, err);
}
