/* What a run logs: metrics, parameters, tags, one or many at once. */
#include "serve/api/mlflow.h"

#include <float.h>
#include <math.h>

#include "base/map.h"

#define MAX_BATCH_BODY	  1000000
#define MAX_BATCH_METRICS 1000
#define MAX_BATCH_PARAMS  100
#define MAX_BATCH_TAGS	  100
#define MAX_BATCH	  1000

/* A point, and the logged model and dataset that it is about, if any. */
struct logged_metric {
	struct run_metric point;
	const char *model, *dataset_name, *dataset_digest;
};

struct batch {
	struct logged_metric *metrics;
	struct run_metric *points; /* of the metrics */
	struct run_pair *params, *tags;
	size_t n_metrics, n_params, n_tags;
};

static int read_metric(const struct json *obj, const char *where, struct logged_metric *out,
		       struct mlops_error *err)
{
	struct run_metric *m = &out->point;
	const char *key;
	char name[64];

	if (js_type(obj) != JSON_OBJ)
		return arg_invalid("metrics", obj, "an object", err);
	const char *const needed[] = { "key", "value", "timestamp" };
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		snprintf(name, sizeof(name), "%s%s", where, needed[i]);
		if (!arg_field(obj, needed[i]))
			return arg_missing(name, err);
	}
	*out = (struct logged_metric){ .dataset_name = "", .dataset_digest = "" };
	if (arg_need_text(obj, "key", &key, err) || rule_key("name", key, err) ||
	    arg_num(obj, "value", &m->value, err) ||
	    arg_int(obj, "timestamp", &m->timestamp_ms, err) || arg_int(obj, "step", &m->step, err) ||
	    arg_text(obj, "model_id", &out->model, err) ||
	    arg_text(obj, "dataset_name", &out->dataset_name, err) ||
	    arg_text(obj, "dataset_digest", &out->dataset_digest, err))
		return -1;
	m->key = (char *)key;
	if (m->timestamp_ms < 0)
		return arg_invalid("timestamp", arg_field(obj, "timestamp"), "a time since 1970", err);
	if (isinf(m->value))
		m->value = m->value > 0 ? DBL_MAX : -DBL_MAX;
	return 0;
}

static int check_count(const char *what, size_t n, size_t max, struct mlops_error *err)
{
	if (n <= max)
		return 0;
	return err_set(err, MLOPS_EINVALID,
		       "A batch logging request can contain at most %zu %s. Got %zu %s. Please split up"
		       " %s across multiple requests and try again.", max, what, n, what, what);
}

static int check_twice(const struct batch *b, struct mlops_error *err)
{
	automap seen = { 0 };

	for (size_t i = 0; i < b->n_params; i++)
		if (map_put(&seen, b->params[i].key, b->params[i].value))
			return err_set(err, MLOPS_EINVALID,
				       "Duplicate parameter keys have been submitted: ['%s']. Please ensure"
				       " the request contains only one param value per param key.",
				       b->params[i].key);
	return 0;
}

static int read_metrics(struct mlflow_call *c, struct batch *b, struct mlops_error *err)
{
	struct json *list;
	char where[32];

	if (arg_list(c, "metrics", &list, err) ||
	    check_count("metrics", js_len(list), MAX_BATCH_METRICS, err))
		return -1;
	b->n_metrics = js_len(list);
	b->metrics = arena_alloc(c->arena, (b->n_metrics + 1) * sizeof(*b->metrics));
	b->points = arena_alloc(c->arena, (b->n_metrics + 1) * sizeof(*b->points));
	for (size_t i = 0; i < b->n_metrics; i++) {
		snprintf(where, sizeof(where), "metrics[%zu].", i);
		if (read_metric(js_at(list, i), where, &b->metrics[i], err))
			return -1;
		b->points[i] = b->metrics[i].point;
	}
	return 0;
}

/* Everything that can be wrong is said before anything is written. */
static int check_batch(struct mlflow_call *c, struct mlops_error *err)
{
	struct batch *b = arena_alloc(c->arena, sizeof(*b));

	c->checked = b;
	if (http_call_body(c->http).n > MAX_BATCH_BODY)
		return err_set(err, MLOPS_EINVALID,
			       "Batched logging API requests must be at most %d bytes, got a request of"
			       " size %zu.", MAX_BATCH_BODY, http_call_body(c->http).n);
	if (read_metrics(c, b, err) ||
	    arg_pairs(c, "params", "params", MAX_PARAM_VALUE, &b->params, &b->n_params, err) ||
	    arg_pairs(c, "tags", "tags", MAX_TAG_VALUE, &b->tags, &b->n_tags, err) ||
	    check_count("params", b->n_params, MAX_BATCH_PARAMS, err) ||
	    check_count("tags", b->n_tags, MAX_BATCH_TAGS, err) ||
	    check_count("metrics, params, and tags", b->n_metrics + b->n_params + b->n_tags, MAX_BATCH,
			err))
		return -1;
	return check_twice(b, err);
}

static int check_metric(struct mlflow_call *c, struct mlops_error *err)
{
	struct batch *b = arena_alloc(c->arena, sizeof(*b));

	b->metrics = arena_alloc(c->arena, sizeof(*b->metrics));
	b->points = arena_alloc(c->arena, sizeof(*b->points));
	b->n_metrics = 1;
	c->checked = b;
	if (read_metric(c->in, "", b->metrics, err))
		return -1;
	*b->points = b->metrics->point;
	return 0;
}

static int check_pair(struct mlflow_call *c, const char *what, size_t max, struct run_pair **out,
		      size_t *n, struct mlops_error *err)
{
	*out = arena_alloc(c->arena, sizeof(**out));
	*n = 1;
	return arg_pair(c, c->in, what, max, *out, err);
}

static int check_param(struct mlflow_call *c, struct mlops_error *err)
{
	struct batch *b = c->checked = arena_alloc(c->arena, sizeof(*b));

	return check_pair(c, "key", MAX_PARAM_VALUE, &b->params, &b->n_params, err);
}

static int check_tag(struct mlflow_call *c, struct mlops_error *err)
{
	struct batch *b = c->checked = arena_alloc(c->arena, sizeof(*b));

	return check_pair(c, "key", MAX_TAG_VALUE, &b->tags, &b->n_tags, err);
}

/* A metric of a model is one of the run and one of the model. */
static int log_for_model(struct db *db, const struct run_key *run, const struct logged_metric *m,
			 struct mlops_error *err)
{
	return db_change(db, err,
			 "INSERT OR REPLACE INTO logged_model_metrics (model_id, key, step, timestamp_ms,"
			 " value, run_uuid, dataset_name, dataset_digest)"
			 " SELECT id, ?, ?, ?, ?, ?, ?, ? FROM logged_models WHERE uuid = ?",
			 "siidssss", m->point.key, m->point.step, m->point.timestamp_ms,
			 m->point.value, run->id, m->dataset_name, m->dataset_digest, m->model);
}

static int log_batch(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const struct batch *b = c->checked;
	struct run_key run;

	if (call_run(db, c, true, &run, err))
		return -1;
	for (size_t i = 0; i < b->n_params; i++)
		if (run_put_param(db, &run, b->params[i].key, b->params[i].value, err))
			return -1;
	if (run_add_metrics(db, run.row, b->points, b->n_metrics, err))
		return -1;
	for (size_t i = 0; i < b->n_metrics; i++)
		if (b->metrics[i].model && log_for_model(db, &run, &b->metrics[i], err))
			return -1;
	for (size_t i = 0; i < b->n_tags; i++)
		if (run_put_tag(db, run.row, b->tags[i].key, b->tags[i].value, err))
			return -1;
	return 0;
}

static int delete_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *key;
	struct run_key run;

	if (arg_need_text(c->in, "key", &key, err) || call_run(db, c, true, &run, err))
		return -1;
	return run_delete_tag(db, run.row, key, err);
}

#define HISTORY_TAG "mlflow.log-model.history"

static int check_model(struct mlflow_call *c, struct mlops_error *err)
{
	static const char *const needed[] = { "artifact_path", "flavors", "utc_time_created", "run_id" };
	const char *text;
	struct json *model;

	if (arg_need_text(c->in, "model_json", &text, err) ||
	    js_parse(text, strlen(text), "'model_json'", &model, err))
		return -1;
	struct json *list = js_arr();
	js_push(list, model);
	js_set(c->in, "checked_model", list);
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!js_get(model, needed[i]))
			return err_set(err, MLOPS_EINVALID, "Model json is missing mandatory field '%s'",
				       needed[i]);
	return 0;
}

/* 2.x clients keep what models a run logged as a list in a tag. */
static int log_model(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct json *model = js_at(js_get(c->in, "checked_model"), 0);
	autoerr ignored = ERR_INIT;
	autojson *list = NULL;
	autobuf text = { 0 };
	struct db_stmt *stmt;
	struct run_key run;

	if (call_run(db, c, true, &run, err))
		return -1;
	int rc = db_row(db, &stmt, err, "SELECT value FROM tags WHERE run_id = ? AND key = ?", "is",
			run.row, HISTORY_TAG);
	if (rc < 0)
		return -1;
	if (rc > 0) {
		const char *old = db_text(stmt, 0);

		if (js_parse(old, strlen(old), HISTORY_TAG, &list, &ignored) ||
		    js_type(list) != JSON_ARR) {
			js_free(list);
			list = NULL;
		}
		db_done(stmt);
	}
	if (!list)
		list = js_arr();
	js_push(list, js_ref(model));
	js_dump(list, JS_COMPACT, &text);
	return run_put_tag(db, run.row, HISTORY_TAG, text.buf, err);
}

const struct mlflow_method mlflow_log_methods[] = {
	{ "POST", "runs/log-metric", check_metric, log_batch, true },
	{ "POST", "runs/log-parameter", check_param, log_batch, true },
	{ "POST", "runs/set-tag", check_tag, log_batch, true },
	{ "POST", "runs/log-batch", check_batch, log_batch, true },
	{ "POST", "runs/delete-tag", NULL, delete_tag, true },
	{ "POST", "runs/log-model", check_model, log_model, true },
	{ .verb = NULL },
};
