/* Traces as MLflow 3 writes them, and which of them a call is about. */
#include "serve/api/mlflow_traces.h"

#include "base/clock.h"
#include "base/num.h"
#include "tracking/assessment.h"

static const char *const states[TRACE_STATES] = { [TRACE_UNSPECIFIED] = "STATE_UNSPECIFIED",
						  [TRACE_OK] = "OK",
						  [TRACE_ERROR] = "ERROR",
						  [TRACE_IN_PROGRESS] = "IN_PROGRESS" };

const char *trace_state_name(enum trace_state state)
{
	return states[state];
}

/* A name, or its number in protobuf's enum. */
int trace_read_state(const struct json *v, enum trace_state *out, struct mlops_error *err)
{
	int64_t number;

	for (int i = 0; js_text(v) && i < TRACE_STATES; i++) {
		if (!strcmp(js_text(v), states[i])) {
			*out = (enum trace_state)i;
			return 0;
		}
	}
	if (!js_to_int(v, &number) || number < 0 || number >= TRACE_STATES)
		return arg_invalid("state", v, "OK, ERROR, IN_PROGRESS or STATE_UNSPECIFIED", err);
	*out = (enum trace_state)number;
	return 0;
}

int call_trace(struct db *db, struct mlflow_call *c, int64_t *row, struct mlops_error *err)
{
	const char *id = "";

	if (arg_text(c->in, "trace_id", &id, err) || (!*id && arg_text(c->in, "request_id", &id, err)))
		return -1;
	return *id ? trace_find(db, id, row, err) : arg_missing("trace_id", err);
}

int trace_batch_read(struct mlflow_call *c, struct trace_batch *batch, struct mlops_error *err)
{
	*batch = (struct trace_batch){ 0 };
	if (arg_texts(c, "trace_ids", &batch->ids, &batch->n, err) ||
	    arg_texts(c, "experiment_ids", &batch->experiments, &batch->n_experiments, err))
		return -1;
	return batch->n ? 0 : arg_missing("trace_ids", err);
}

static bool is_among(const struct trace_batch *batch, int64_t experiment)
{
	int64_t id;

	for (size_t i = 0; i < batch->n_experiments; i++)
		if (num_parse_i64(batch->experiments[i], &id) && id == experiment)
			return true;
	return !batch->n_experiments;
}

int trace_batch_next(struct db *db, struct trace_batch *batch, int64_t *row, struct mlops_error *err)
{
	while (batch->at < batch->n) {
		struct db_stmt *stmt;
		int rc = db_row(db, &stmt, err, "SELECT id, experiment_id FROM traces WHERE uuid = ?", "s",
				batch->ids[batch->at++]);

		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		*row = db_int(stmt, 0);
		bool found = is_among(batch, db_int(stmt, 1));
		db_done(stmt);
		if (found)
			return 1;
	}
	return 0;
}

static int add_map(struct db *db, int64_t row, const char *sql, struct json *v, const char *name,
		   struct mlops_error *err)
{
	autojson *map = js_obj();
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err, sql, "i", row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		js_set(map, db_text(stmt, 0), js_str(db_text(stmt, 1)));
	if (js_len(map))
		js_set(v, name, js_ref(map));
	return rc;
}

static struct json *json_location(int64_t experiment)
{
	struct json *v = js_obj(), *at = js_obj();
	char id[NUM_SIZE];

	js_set(at, "experiment_id", js_str(num_format_u64((uint64_t)experiment, id)));
	js_set(v, "type", js_str("MLFLOW_EXPERIMENT"));
	js_set(v, "mlflow_experiment", at);
	return v;
}

/* As protobuf writes a google.protobuf.Duration. */
static struct json *json_duration(int64_t ms)
{
	char text[NUM_SIZE + 8];

	snprintf(text, sizeof(text), "%s%lld.%03llds", ms < 0 ? "-" : "", llabs(ms / 1000), llabs(ms % 1000));
	return js_str(text);
}

static void add_fields(const struct trace *t, struct json *v)
{
	char time[CLOCK_ISO_SIZE];

	js_set(v, "trace_id", js_str(t->id));
	js_set(v, "trace_location", json_location(t->experiment));
	js_set(v, "request_time", js_str(clock_format_iso(t->request_ms, time)));
	js_set(v, "state", js_str(states[t->state]));
	if (t->duration_ms != TRACE_NO_DURATION)
		js_set(v, "execution_duration", json_duration(t->duration_ms));
	if (t->client_request_id)
		js_set(v, "client_request_id", js_str(t->client_request_id));
	if (t->request_preview)
		js_set(v, "request_preview", js_str(t->request_preview));
	if (t->response_preview)
		js_set(v, "response_preview", js_str(t->response_preview));
}

static int add_assessments(struct db *db, int64_t row, struct json *v, struct mlops_error *err)
{
	autojson *list = js_arr();

	if (assessments_add(db, row, list, err))
		return -1;
	if (js_len(list))
		js_set(v, "assessments", js_ref(list));
	return 0;
}

int json_trace_info(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	autoarena arena = { 0 };
	autojson *v = js_obj();
	struct trace t;

	if (trace_load(db, row, &arena, &t, err))
		return -1;
	add_fields(&t, v);
	if (add_map(db, row, "SELECT key, value FROM trace_metadata WHERE trace_id = ?", v, "trace_metadata",
		    err) ||
	    add_map(db, row, "SELECT key, value FROM trace_tags WHERE trace_id = ?", v, "tags", err) ||
	    add_assessments(db, row, v, err))
		return -1;
	*out = js_ref(v);
	return 0;
}
