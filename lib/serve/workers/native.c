/*
 * Models that are scored in the gateway itself (mlops/scoring.h). A row is a list of the features'
 * values, or names them; null, or a name that is absent, is a missing value.
 */
#include <inttypes.h>
#include <math.h>

#include "base/fs.h"
#include "base/path.h"
#include "mlops/scoring.h"
#include "serve/workers/queue.h"

#define CELLS_MAX    (16u << 20) /* of one request, as numbers */
#define AT_ONCE_ROWS 64 /* more are not scored on the thread that has other requests to answer */

struct native {
	struct scorer *scorer;
	struct queue *queue;
	unsigned ready;
};

static bool native_takes(const char *model)
{
	autofree char *mlflow = path_join(model, "MLmodel");
	autoerr ignored = ERR_INIT;
	struct scorer *s;

	/* When it has one that can't be scored, open() says why; unless MLflow could do it. */
	if (mlops_scorer_open(model, &s, &ignored))
		return ignored.kind == MLOPS_EINVALID && !fs_exists(mlflow);
	mlops_scorer_free(s);
	return true;
}

static bool read_value(const struct json *v, double *out)
{
	enum json_type type = js_type(v);

	if (type == JSON_NIL)
		*out = NAN;
	else if (type == JSON_TRUE_ || type == JSON_FALSE_)
		*out = type == JSON_TRUE_;
	else
		return js_to_num(v, out);
	return true;
}

static int read_list(const struct scorer *s, const struct json *row, size_t at, double *x,
		     struct mlops_error *err)
{
	size_t n = mlops_scorer_features(s);

	if (js_len(row) != n)
		return err_set(err, MLOPS_EINVALID, "row %zu has %zu values, and the model takes %zu", at,
			       js_len(row), n);
	for (size_t i = 0; i < n; i++)
		if (!read_value(js_at(row, i), &x[i]))
			return err_set(err, MLOPS_EINVALID, "value %zu of row %zu is not a number", i, at);
	return 0;
}

static int read_named(const struct scorer *s, struct json *row, size_t at, double *x,
		      struct mlops_error *err)
{
	size_t n = mlops_scorer_features(s), found = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = mlops_scorer_feature(s, i);
		const struct json *v = js_get(row, name);

		found += v != NULL;
		if (!read_value(v, &x[i]))
			return err_set(err, MLOPS_EINVALID, "'%s' of row %zu is not a number", name, at);
	}
	if (found != js_len(row))
		return err_set(err, MLOPS_EINVALID, "row %zu has a name that is no feature of the model", at);
	return 0;
}

/* A model that has no names for its features takes a row's values in their order. */
static int read_object(const struct scorer *s, struct json *row, size_t at, double *x,
		       struct mlops_error *err)
{
	autojson *list = NULL;
	const char *name;
	struct json *value;

	if (mlops_scorer_feature(s, 0))
		return read_named(s, row, at, x, err);
	list = js_arr();
	for (void *i = NULL; js_next(row, &i, &name, &value);)
		js_push(list, js_ref(value));
	return read_list(s, list, at, x, err);
}

static int read_rows(const struct scorer *s, const struct json *rows, double *x, struct mlops_error *err)
{
	size_t n = mlops_scorer_features(s);

	for (size_t at = 0; at < js_len(rows); at++, x += n) {
		struct json *row = js_at(rows, at);

		if (js_type(row) != JSON_ARR && js_type(row) != JSON_OBJ)
			return err_set(err, MLOPS_EINVALID, "row %zu is neither a list nor an object", at);
		if (js_type(row) == JSON_ARR ? read_list(s, row, at, x, err) : read_object(s, row, at, x, err))
			return -1;
	}
	return 0;
}

static struct json *list_of(const double *v, size_t n)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < n; i++)
		js_push(list, js_num(v[i]));
	return list;
}

static enum workers_outcome score(const struct scorer *s, const struct json *rows,
				  struct json **values, struct mlops_error *err)
{
	size_t n = js_len(rows), n_out = mlops_scorer_outputs(s), cells;

	if (!size_mul(n, mlops_scorer_features(s) + n_out, &cells) || cells > CELLS_MAX) {
		err_set(err, MLOPS_EINVALID, "%zu rows are too many at once", n);
		return WORKERS_FAILED;
	}
	autofree double *x = xcalloc(cells + 1, sizeof(*x));
	double *out = x + n * mlops_scorer_features(s);
	if (read_rows(s, rows, x, err))
		return WORKERS_FAILED;
	mlops_scorer_predict(s, x, n, out);
	*values = n_out == 1 ? list_of(out, n) : js_arr();
	for (size_t i = 0; n_out > 1 && i < n; i++)
		js_push(*values, list_of(out + i * n_out, n_out));
	return WORKERS_OK;
}

static void work(struct prediction *p, void *arg)
{
	p->outcome = score(((struct native *)arg)->scorer, p->rows, &p->values, &p->err);
}

static bool native_predict(void *state, struct prediction *p)
{
	struct native *n = state;

	if (js_len(p->rows) > AT_ONCE_ROWS) {
		p->outcome = WORKERS_BUSY;
		return !queue_add(n->queue, p);
	}
	work(p, n);
	return true;
}

static int native_open(const struct workers_how *how, void **out, struct mlops_error *err)
{
	struct scorer *s;

	if (mlops_scorer_open(how->model_dir, &s, err))
		return -1;
	struct native *n = xcalloc(1, sizeof(*n));
	n->scorer = s;
	n->ready = how->count;
	const struct queue_how queue_how = {
		.threads = how->count,
		.max_waiting = how->max_waiting,
		.work = work,
		.arg = n,
	};
	if (queue_start(&queue_how, &n->queue, err)) {
		mlops_scorer_free(s);
		free(n);
		return -1;
	}
	*out = n;
	return 0;
}

static void native_close(void *state)
{
	struct native *n = state;

	queue_stop(n->queue);
	mlops_scorer_free(n->scorer);
	free(n);
}

static unsigned native_ready(void *state)
{
	return ((struct native *)state)->ready;
}

const struct worker_kind worker_native = {
	.name = "native",
	.help = "boosted trees, forests and linear models, scored by the gateway itself",
	.takes = native_takes,
	.open = native_open,
	.close = native_close,
	.predict = native_predict,
	.ready = native_ready,
};
