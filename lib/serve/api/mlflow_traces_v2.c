/* Traces in the form of MLflow 2.x: begun by one request and ended by another, pairs in place of maps. */
#include "serve/api/mlflow_traces.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/rand.h"

static int add_pairs(struct db *db, int64_t row, const char *sql, struct json *v, const char *name,
		     struct mlops_error *err)
{
	struct run_pair *pairs;
	size_t n;
	int rc = run_load_pairs(db, sql, row, &pairs, &n, err);

	if (!rc && n)
		js_set(v, name, json_pairs(pairs, n));
	run_pairs_free(pairs, n);
	return rc;
}

static int json_info(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	autoarena arena = { 0 };
	autojson *v = js_obj();
	char id[NUM_SIZE];
	struct trace t;

	if (trace_load(db, row, &arena, &t, err))
		return -1;
	js_set(v, "request_id", js_str(t.id));
	js_set(v, "experiment_id", js_str(num_format_u64((uint64_t)t.experiment, id)));
	js_set(v, "timestamp_ms", js_int(t.request_ms));
	js_set(v, "execution_time_ms", js_int(t.duration_ms == TRACE_NO_DURATION ? 0 : t.duration_ms));
	js_set(v, "status", js_str(t.state == TRACE_UNSPECIFIED ? "TRACE_STATUS_UNSPECIFIED" :
								  trace_state_name(t.state)));
	if (add_pairs(db, row, "SELECT key, value FROM trace_metadata WHERE trace_id = ?", v, "request_metadata",
		      err) ||
	    add_pairs(db, row, "SELECT key, value FROM trace_tags WHERE trace_id = ?", v, "tags", err))
		return -1;
	*out = js_ref(v);
	return 0;
}

static int reply(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	struct json *info;

	if (json_info(db, row, &info, err))
		return -1;
	js_set(c->out, "trace_info", info);
	return 0;
}

static int put_pairs(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	struct run_pair *tags, *metadata;
	size_t n_tags, n_metadata;

	return arg_pairs(c, "tags", "tags", MAX_TRACE_VALUE, &tags, &n_tags, err) ||
			       arg_pairs(c, "request_metadata", "request_metadata", MAX_TRACE_VALUE, &metadata,
					 &n_metadata, err) ||
			       trace_put_tags(db, row, tags, n_tags, err) ||
			       trace_put_metadata(db, row, metadata, n_metadata, err) ?
		       -1 :
		       0;
}

int trace_start_v2(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct trace t = { .request_ms = clock_now_ms(), .duration_ms = TRACE_NO_DURATION,
			   .state = TRACE_IN_PROGRESS };
	char id[RAND_HEX_SIZE(16)];
	int64_t row;

	t.id = rand_hex(id, 16);
	return arg_int(c->in, "timestamp_ms", &t.request_ms, err) ||
			       call_active_experiment(db, c, &t.experiment, err) ||
			       trace_put(db, &t, &row, err) || put_pairs(db, c, row, err) ||
			       reply(db, c, row, err) ?
		       -1 :
		       0;
}

static int end(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const struct json *status = arg_field(c->in, "status");
	int64_t row, end_ms = clock_now_ms();
	struct trace t;

	if (arg_int(c->in, "timestamp_ms", &end_ms, err) || call_trace(db, c, &row, err) ||
	    trace_load(db, row, c->arena, &t, err))
		return -1;
	if (status && trace_read_state(status, &t.state, err))
		return -1;
	if (__builtin_sub_overflow(end_ms, t.request_ms, &t.duration_ms))
		return arg_invalid("timestamp_ms", arg_field(c->in, "timestamp_ms"), "a time", err);
	return trace_put(db, &t, &row, err) || put_pairs(db, c, row, err) || reply(db, c, row, err) ? -1 : 0;
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	int64_t row;

	return call_trace(db, c, &row, err) || reply(db, c, row, err) ? -1 : 0;
}

static int search(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autoquery where = { .arena = c->arena };
	const char *const *ids;
	size_t n;

	if (arg_texts(c, "experiment_ids", &ids, &n, err))
		return -1;
	if (!n)
		return arg_missing("experiment_ids", err);
	experiments_condition("t.experiment_id", ids, n, &where);
	return search_page(db, c, &search_traces, &where, "traces", 100, 500, json_info, err);
}

const struct mlflow_method mlflow_trace_v2_methods[] = {
	{ "GET", "traces", NULL, search, false },
	{ "PATCH", "traces/{trace_id}", NULL, end, true },
	{ "GET", "traces/{trace_id}/info", NULL, get, false },
	{ .verb = NULL },
};
