/* Traces (MLflow 3): what clients say of one, and the search for them. */
#include "serve/api/mlflow_traces.h"

#include <math.h>

#include "base/clock.h"
#include "base/num.h"
#include "tracking/assessment.h"

#define MAX_LINKS   100 /* of one request */
#define MAX_PREVIEW 10000

static int reply(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	struct json *trace, *info;

	if (json_trace_info(db, row, &info, err))
		return -1;
	js_set(c->out, "trace", trace = js_obj());
	js_set(trace, "trace_info", info);
	return 0;
}

/* ---- making and changing them ---- */

/* {KEY: TEXT} to pairs in the arena. */
static int read_map(struct mlflow_call *c, const struct json *info, const char *name, struct run_pair **out,
		    size_t *n, struct mlops_error *err)
{
	struct json *map = arg_field(info, name), *value;
	void *iter = NULL;
	const char *key;

	*n = 0;
	if (map && js_type(map) != JSON_OBJ)
		return arg_invalid(name, map, "an object", err);
	*out = arena_alloc(c->arena, (js_len(map) + 1) * sizeof(**out));
	while (js_next(map, &iter, &key, &value)) {
		if (!js_text(value) || strlen(js_text(value)) != js_text_len(value))
			return arg_invalid(name, value, "a string", err);
		if (!*key || rule_length(name, key, MAX_TRACE_KEY, err))
			return *key ? -1 : arg_missing(name, err);
		(*out)[(*n)++] = (struct run_pair){ (char *)key, (char *)rule_cut(c->arena, js_text(value),
										  MAX_TRACE_VALUE) };
	}
	return 0;
}

int trace_put_tags(struct db *db, int64_t row, const struct run_pair *pairs, size_t n, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (!trace_owns_tag(pairs[i].key) && trace_set_tag(db, row, pairs[i].key, pairs[i].value, err))
			return -1;
	return 0;
}

int trace_put_metadata(struct db *db, int64_t row, const struct run_pair *pairs, size_t n,
		       struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (trace_set_metadata(db, row, pairs[i].key, pairs[i].value, err))
			return -1;
	return 0;
}

/* "1.5s" */
static int read_duration(const struct json *info, int64_t *ms, struct mlops_error *err)
{
	const struct json *v = arg_field(info, "execution_duration");
	const char *text = js_text(v);
	double seconds;

	if (!v)
		return 0;
	size_t n = text ? strlen(text) : 0;
	autofree char *number = xstrndup(text ? text : "", n ? n - 1 : 0);
	if (!n || text[n - 1] != 's' || !num_parse_double(number, &seconds) || !(fabs(seconds) < 1e12))
		return arg_invalid("execution_duration", v, "a number of seconds such as \"1.5s\"", err);
	*ms = llround(seconds * 1000);
	return 0;
}

static int read_time(const struct json *info, int64_t *ms, struct mlops_error *err)
{
	const struct json *v = arg_field(info, "request_time");

	if (!v || (js_text(v) && clock_parse_iso(js_text(v), ms)))
		return 0;
	return arg_invalid("request_time", v, "a time such as \"2026-01-31T12:00:00Z\"", err);
}

static int read_info(struct db *db, struct mlflow_call *c, const struct json *info, struct trace *t,
		     struct mlops_error *err)
{
	const struct json *state = arg_field(info, "state");
	const struct json *at = arg_field(arg_field(info, "trace_location"), "mlflow_experiment");
	const char *experiment;

	if (arg_need_text(info, "trace_id", &t->id, err) ||
	    arg_need_text(at, "experiment_id", &experiment, err) ||
	    arg_text(info, "client_request_id", &t->client_request_id, err) ||
	    arg_text(info, "request_preview", &t->request_preview, err) ||
	    arg_text(info, "response_preview", &t->response_preview, err) || read_time(info, &t->request_ms, err) ||
	    read_duration(info, &t->duration_ms, err) || (state && trace_read_state(state, &t->state, err)))
		return -1;
	if (t->request_preview)
		t->request_preview = rule_cut(c->arena, t->request_preview, MAX_PREVIEW);
	if (t->response_preview)
		t->response_preview = rule_cut(c->arena, t->response_preview, MAX_PREVIEW);
	return mlflow_active_experiment(db, experiment, &t->experiment, err);
}

static int put_assessments(struct db *db, int64_t row, const struct json *info, struct mlops_error *err)
{
	const struct json *list = arg_field(info, "assessments");
	char id[ASSESSMENT_ID_SIZE];

	if (list && js_type(list) != JSON_ARR)
		return arg_invalid("assessments", list, "a list", err);
	for (size_t i = 0; i < js_len(list); i++)
		if (trace_put_assessment(db, row, js_at(list, i), id, err))
			return -1;
	return 0;
}

static int start(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const struct json *trace = arg_field(c->in, "trace");
	const struct json *info = arg_field(trace, "trace_info");
	struct trace t = { .request_ms = clock_now_ms(), .duration_ms = TRACE_NO_DURATION };
	struct run_pair *tags, *metadata;
	size_t n_tags, n_metadata;
	int64_t row;

	if (!trace)
		return trace_start_v2(db, c, err);
	if (!info)
		return arg_missing("trace.trace_info", err);
	if (read_map(c, info, "tags", &tags, &n_tags, err) ||
	    read_map(c, info, "trace_metadata", &metadata, &n_metadata, err) || read_info(db, c, info, &t, err) ||
	    trace_put(db, &t, &row, err) || trace_put_tags(db, row, tags, n_tags, err) ||
	    trace_put_metadata(db, row, metadata, n_metadata, err) ||
	    trace_set_metadata(db, row, "mlflow.trace.infoFinalized", "true", err) ||
	    put_assessments(db, row, info, err))
		return -1;
	return reply(db, c, row, err);
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	int64_t row;

	return call_trace(db, c, &row, err) || reply(db, c, row, err) ? -1 : 0;
}

static int own_tag(const char *key, const char *how, struct mlops_error *err)
{
	return trace_owns_tag(key) ?
		       err_set(err, MLOPS_EINVALID, "Tag '%s' is immutable and cannot be %s on a trace.", key, how) :
		       0;
}

static int set_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct run_pair tag;
	int64_t row;

	return arg_pair(c, c->in, "key", MAX_TRACE_VALUE, &tag, err) || own_tag(tag.key, "set", err) ||
			       call_trace(db, c, &row, err) ||
			       trace_set_tag(db, row, tag.key, tag.value, err) ?
		       -1 :
		       0;
}

static int delete_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *key;
	int64_t row;

	return arg_need_text(c->in, "key", &key, err) || own_tag(key, "deleted", err) ||
			       call_trace(db, c, &row, err) || trace_delete_tag(db, row, key, err) ?
		       -1 :
		       0;
}

/* ---- deleting ---- */

static int check_delete(const char *experiment, bool by_time, size_t n_ids, const int64_t *max,
			struct mlops_error *err)
{
	int64_t id;

	if (!by_time && !n_ids)
		return err_set(err, MLOPS_EINVALID,
			       "Either `max_timestamp_millis` or `trace_ids` must be specified.");
	if (by_time && n_ids)
		return err_set(err, MLOPS_EINVALID,
			       "Only one of `max_timestamp_millis` and `trace_ids` can be specified.");
	if (n_ids && max)
		return err_set(err, MLOPS_EINVALID, "`max_traces` can't be specified if `trace_ids` is specified.");
	if (max && *max <= 0)
		return err_set(err, MLOPS_EINVALID, "`max_traces` must be a positive integer, received %lld.",
			       (long long)*max);
	return parse_experiment_id(experiment, &id, err);
}

static int delete_all(struct db *db, const struct strlist *ids, struct mlops_error *err)
{
	int64_t row;

	for (size_t i = 0; i < ids->n; i++)
		if (trace_find(db, ids->v[i], &row, err) || trace_delete(db, row, err))
			return -1;
	return 0;
}

static int delete_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	int64_t until = INT64_MAX, max = INT64_MAX, experiment;
	bool limited = arg_field(c->in, "max_traces") != NULL;
	autostrlist ids = { 0 };
	const char *const *named, *id;
	size_t n;

	if (arg_need_text(c->in, "experiment_id", &id, err) ||
	    arg_int(c->in, "max_timestamp_millis", &until, err) || arg_int(c->in, "max_traces", &max, err) ||
	    arg_texts(c, "request_ids", &named, &n, err) ||
	    check_delete(id, until != INT64_MAX, n, limited ? &max : NULL, err) ||
	    parse_experiment_id(id, &experiment, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (db_texts(db, &ids, err, "SELECT uuid FROM traces WHERE experiment_id = ? AND uuid = ?", "is",
			     experiment, named[i]))
			return -1;
	if (!n && db_texts(db, &ids, err,
			   "SELECT uuid FROM traces WHERE experiment_id = ? AND request_ms <= ?"
			   " ORDER BY request_ms LIMIT ?", "iii", experiment, until, max))
		return -1;
	if (delete_all(db, &ids, err))
		return -1;
	js_set(c->out, "traces_deleted", js_int((int64_t)ids.n));
	return 0;
}

/* ---- finding ---- */

static int locations_condition(struct mlflow_call *c, struct search_query *where, struct mlops_error *err)
{
	struct json *list;

	if (arg_list(c, "locations", &list, err))
		return -1;
	if (!js_len(list))
		return arg_missing("locations", err);
	const char **ids = arena_alloc(c->arena, js_len(list) * sizeof(*ids));
	for (size_t i = 0; i < js_len(list); i++)
		if (arg_need_text(arg_field(js_at(list, i), "mlflow_experiment"), "experiment_id", &ids[i], err))
			return -1;
	experiments_condition("t.experiment_id", ids, js_len(list), where);
	return 0;
}

static int search(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autoquery where = { .arena = c->arena };

	if (locations_condition(c, &where, err))
		return -1;
	return search_page(db, c, &search_traces, &where, "traces", 100, 500, json_trace_info, err);
}

static int get_infos(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct json *list = js_arr(), *info;
	struct trace_batch batch;
	int64_t row;
	int rc;

	js_set(c->out, "trace_infos", list);
	if (trace_batch_read(c, &batch, err))
		return -1;
	while ((rc = trace_batch_next(db, &batch, &row, err)) > 0) {
		if (json_trace_info(db, row, &info, err))
			return -1;
		js_push(list, info);
	}
	return rc;
}

/* ---- links ---- */

static int link_to_run(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct trace_batch batch;
	struct run_key run;
	int64_t row;
	int rc;

	if (trace_batch_read(c, &batch, err))
		return -1;
	if (batch.n > MAX_LINKS)
		return err_set(err, MLOPS_EINVALID,
			       "Cannot link more than %d traces to a run in a single request. Provided %zu traces.",
			       MAX_LINKS, batch.n);
	if (call_run(db, c, false, &run, err))
		return -1;
	while ((rc = trace_batch_next(db, &batch, &row, err)) > 0)
		if (trace_link(db, row, "run", run.id, err))
			return -1;
	return rc;
}

static int link_prompts(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *version;
	struct json *list;
	int64_t row;

	if (arg_list(c, "prompt_versions", &list, err) || call_trace(db, c, &row, err))
		return -1;
	if (!js_len(list))
		return arg_missing("prompt_versions", err);
	for (size_t i = 0; i < js_len(list); i++) {
		if (arg_need_text(js_at(list, i), "name", &name, err) ||
		    arg_need_text(js_at(list, i), "version", &version, err))
			return -1;
		autofree char *target = xasprintf("%s/%s", name, version);
		if (trace_link(db, row, "prompt", target, err))
			return -1;
	}
	return 0;
}

const struct mlflow_method mlflow_trace_methods[] = {
	{ "POST", "traces", NULL, start, true },
	{ "POST", "traces/search", NULL, search, false },
	{ "POST", "traces/batchGetInfos", NULL, get_infos, false },
	{ "POST", "traces/delete-traces", NULL, delete_, true },
	{ "POST", "traces/link-to-run", NULL, link_to_run, true },
	{ "POST", "traces/link-prompts", NULL, link_prompts, true },
	{ "GET", "traces/{trace_id}", NULL, get, false },
	{ "PATCH", "traces/{trace_id}/tags", NULL, set_tag, true },
	{ "DELETE", "traces/{trace_id}/tags", NULL, delete_tag, true },
	{ .verb = NULL },
};
