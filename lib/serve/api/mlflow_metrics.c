/* The histories of metrics: whole, in pages, of many runs, and thinned out. */
#include "serve/api/mlflow.h"

#include <math.h>

#include "base/base64.h"
#include "base/num.h"
#include "base/vec.h"
#include "tracking/point.h"

#define MAX_RUNS     100
#define MAX_HISTORY  1000000
#define MAX_INTERVAL 2500
#define MAX_BULK     25000

/* The last point of a page; its value as bits, since NaN has no number. */
static void put_page(struct mlflow_call *c, const struct point *p)
{
	char plain[96];
	autobuf token = { 0 };
	uint64_t bits;

	memcpy(&bits, &p->value, sizeof(bits));
	snprintf(plain, sizeof(plain), "after:%lld:%lld:%llu", (long long)p->timestamp_ms,
		 (long long)p->step, (unsigned long long)bits);
	base64_encode(&token, plain, strlen(plain));
	js_set(c->out, "next_page_token", js_str(token.buf));
}

static bool parse_page(const char *token, struct point *out)
{
	autobuf plain = { 0 };
	struct str rest;
	uint64_t bits;

	if (!base64_decode(token, strlen(token), &plain) || !plain.buf ||
	    !str_starts(plain.buf, "after:"))
		return false;
	str_split((struct str){ plain.buf, plain.len }, ':', &rest);
	struct str ms = str_split(rest, ':', &rest), step = str_split(rest, ':', &rest);
	autofree char *a = xstrndup(ms.p, ms.n), *b = xstrndup(step.p, step.n),
		      *d = xstrndup(rest.p, rest.n);
	if (!num_parse_i64(a, &out->timestamp_ms) || !num_parse_i64(b, &out->step) ||
	    !num_parse_u64(d, &bits))
		return false;
	memcpy(&out->value, &bits, sizeof(bits));
	return true;
}

static int read_page(struct mlflow_call *c, struct history_query *q, struct point *after,
		     struct mlops_error *err)
{
	const char *token = "";
	int64_t limit;

	q->order = HISTORY_BY_TIME;
	if (arg_text(c->in, "page_token", &token, err))
		return -1;
	if (arg_field(c->in, "max_results")) {
		if (arg_limit(c, 0, MAX_HISTORY, &limit, err))
			return -1;
		q->limit = (size_t)limit + 1;
	}
	if (!*token)
		return 0;
	q->after = after;
	return parse_page(token, after) ? 0 : err_set(err, MLOPS_EINVALID, "Invalid page token");
}

static int get_history(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct history_query q = HISTORY_ALL;
	struct point_list list = { 0 };
	struct point after;
	struct run_key run;
	const char *key;

	if (arg_need_text(c->in, "metric_key", &key, err) || read_page(c, &q, &after, err) ||
	    call_run(db, c, false, &run, err))
		return -1;
	int rc = history_read(db, run.row, key, &q, &list, err);
	if (!rc) {
		struct json *out = js_arr();
		size_t n = list.n == q.limit ? list.n - 1 : list.n;

		for (size_t i = 0; i < n; i++)
			js_push(out, json_metric(key, list.v[i].value, list.v[i].timestamp_ms,
						 list.v[i].step));
		js_set(c->out, "metrics", out);
		if (n < list.n)
			put_page(c, &list.v[n - 1]);
	}
	vec_free(&list);
	return rc;
}

static void push_point(struct json *out, const char *key, const char *run_id, const struct point *p)
{
	struct json *m = json_metric(key, p->value, p->timestamp_ms, p->step);

	js_set(m, "run_id", js_str(run_id));
	js_push(out, m);
}

/* The ids of several runs, which must all be there. */
static int read_runs(struct mlflow_call *c, const char *field, const char *const **ids, size_t *n,
		     struct mlops_error *err)
{
	if (arg_texts(c, field, ids, n, err))
		return -1;
	if (!*n)
		return arg_missing(field, err);
	if (*n > MAX_RUNS)
		return err_set(err, MLOPS_EINVALID,
			       "GetMetricHistoryBulk request cannot specify more than %d run_ids. Received"
			       " %zu run_ids.", MAX_RUNS, *n);
	return 0;
}

static int get_bulk(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct history_query q = HISTORY_ALL;
	const char *const *ids, *key;
	int64_t limit = MAX_BULK, row;
	struct json *out = js_arr();
	size_t n;

	js_set(c->out, "metrics", out);
	if (read_runs(c, "run_id", &ids, &n, err) || arg_need_text(c->in, "metric_key", &key, err) ||
	    arg_limit(c, MAX_BULK, MAX_BULK, &limit, err))
		return -1;
	q.order = HISTORY_BY_TIME;
	for (size_t i = 0; i < n && limit; i++) {
		struct point_list list = { 0 };

		q.limit = (size_t)limit;
		int rc = run_lookup(db, ids[i], &row, NULL, err) ||
			 history_read(db, row, key, &q, &list, err);
		for (size_t k = 0; k < list.n && !rc; k++)
			push_point(out, key, ids[i], &list.v[k]);
		limit -= (int64_t)list.n;
		vec_free(&list);
		if (rc)
			return -1;
	}
	return 0;
}

static int compare_steps(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

typedef VEC(int64_t) step_vec;

/*
 * Which steps of all runs together are shown: about max of them, evenly spaced, and of each run the
 * first and the last.
 */
static void pick_steps(const struct point_list *lists, size_t n, size_t max, step_vec *out)
{
	step_vec all = { 0 };
	size_t unique = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < lists[i].n; k++)
			vec_push(&all, lists[i].v[k].step);
	vec_sort(&all, compare_steps);
	for (size_t i = 0; i < all.n; i++)
		if (!i || all.v[i] != all.v[i - 1])
			all.v[unique++] = all.v[i];
	size_t want = unique < max ? unique : max;
	for (size_t i = 0; i < want; i++)
		vec_push(out, all.v[i * unique / want]);
	for (size_t i = 0; i < n; i++) {
		if (!lists[i].n)
			continue;
		vec_push(out, lists[i].v[0].step);
		vec_push(out, lists[i].v[lists[i].n - 1].step);
	}
	vec_sort(out, compare_steps);
	vec_free(&all);
}

static void push_picked(struct json *out, const char *key, const char *const *ids,
			const struct point_list *lists, size_t n, size_t max)
{
	step_vec steps = { 0 };

	pick_steps(lists, n, max, &steps);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < lists[i].n; k++)
			if (bsearch(&lists[i].v[k].step, steps.v, steps.n, sizeof(*steps.v),
				    compare_steps))
				push_point(out, key, ids[i], &lists[i].v[k]);
	vec_free(&steps);
}

static int read_interval(struct mlflow_call *c, struct history_query *q, int64_t *max,
			 struct mlops_error *err)
{
	bool first = arg_field(c->in, "start_step") != NULL;

	if (first != (arg_field(c->in, "end_step") != NULL))
		return err_set(err, MLOPS_EINVALID,
			       "If either start step or end step are specified, both must be specified.");
	if (arg_int(c->in, "start_step", &q->first_step, err) ||
	    arg_int(c->in, "end_step", &q->last_step, err) ||
	    arg_limit(c, MAX_INTERVAL, MAX_INTERVAL, max, err))
		return -1;
	if (q->first_step > q->last_step)
		return err_set(err, MLOPS_EINVALID,
			       "end_step must be greater than start_step. Found start_step=%lld and"
			       " end_step=%lld.", (long long)q->first_step, (long long)q->last_step);
	return 0;
}

static int get_interval(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct history_query q = HISTORY_ALL;
	const char *const *ids, *key;
	int64_t max, row;
	size_t n;
	int rc = 0;

	if (read_runs(c, "run_ids", &ids, &n, err) || arg_need_text(c->in, "metric_key", &key, err) ||
	    read_interval(c, &q, &max, err))
		return -1;
	struct point_list *lists = arena_alloc(c->arena, n * sizeof(*lists));
	for (size_t i = 0; i < n && !rc; i++)
		rc = run_lookup(db, ids[i], &row, NULL, err) ||
				     history_read(db, row, key, &q, &lists[i], err) ?
			     -1 :
			     0;
	if (!rc) {
		struct json *out = js_arr();

		js_set(c->out, "metrics", out);
		push_picked(out, key, ids, lists, n, (size_t)max);
	}
	for (size_t i = 0; i < n; i++)
		vec_free(&lists[i]);
	return rc;
}

const struct mlflow_method mlflow_metric_methods[] = {
	{ "GET", "metrics/get-history", NULL, get_history, false },
	{ "GET", "metrics/get-history-bulk", NULL, get_bulk, false },
	{ "GET", "metrics/get-history-bulk-interval", NULL, get_interval, false },
	{ .verb = NULL },
};
