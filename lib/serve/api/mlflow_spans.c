/* Traces with their spans, as MLflow 3.6 and its web page read them. */
#include "serve/api/mlflow_traces.h"

#include "mlops/store.h"
#include "tracking/artifact.h"
#include "tracking/otlp.h"

#define FILE_NAME "traces.json"
#define MAX_FILE  ((size_t)64 << 20)

/* What a client left of a trace's data as a file; NULL when there is none. */
static int load_file(struct db *db, struct mlflow_call *c, const struct json *info, struct json **out,
		     struct mlops_error *err)
{
	const char *root = js_get_text(js_get(info, "tags"), "mlflow.artifactLocation");
	const char *dir = root ? artifact_path_of_uri(root) : NULL;
	autofree char *path = dir ? xasprintf("%s/" FILE_NAME, dir) : NULL, *text = NULL;
	struct object_ref ref;
	size_t n;

	*out = NULL;
	if (!path)
		return 0;
	if (artifact_get(db, path, &ref, err)) {
		bool absent = err->kind == MLOPS_ENOTFOUND;

		if (absent)
			mlops_error_clear(err);
		return absent ? 0 : -1;
	}
	return mlops_store_get(c->tracker->store, &ref.oid, MAX_FILE, &text, &n, err) ||
			       js_parse(text, n, "the trace's file", out, err) ?
		       -1 :
		       0;
}

/* The spans that are here: those that came by OTLP, else those of the file. */
static int load_spans(struct db *db, struct mlflow_call *c, int64_t row, const struct json *info,
		      struct json **out, struct mlops_error *err)
{
	autojson *spans = NULL, *file = NULL;

	if (spans_load(db, row, &spans, err))
		return -1;
	if (!js_len(spans) && load_file(db, c, info, &file, err))
		return -1;
	*out = js_ref(file ? js_get(file, "spans") : spans);
	return 0;
}

/* How many its client said that there are. */
static int64_t promised(const struct json *info)
{
	const char *stats = js_get_text(js_get(info, "trace_metadata"), "mlflow.trace.sizeStats");
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;
	int64_t n = 0;

	if (stats && !js_parse(stats, strlen(stats), "statistics", &v, &ignored))
		js_get_int(v, "num_spans", &n);
	return n > 1 ? n : 1;
}

/* As OTLP has them; new. A file of MLflow 2.x has spans of another form, which only it reads. */
static struct json *json_spans(const struct json *spans)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < js_len(spans); i++)
		if (js_get_text(js_at(spans, i), "trace_id") && js_get_text(js_at(spans, i), "span_id"))
			js_push(list, otlp_span_json(js_at(spans, i)));
	return list;
}

/* *out is NULL when spans are still to come. */
static int json_trace(struct db *db, struct mlflow_call *c, int64_t row, bool partial, struct json **out,
		      struct mlops_error *err)
{
	autojson *spans = NULL, *info = NULL, *list = NULL;

	*out = NULL;
	if (json_trace_info(db, row, &info, err) || load_spans(db, c, row, info, &spans, err))
		return -1;
	list = json_spans(spans);
	if (!partial && (int64_t)js_len(list) < promised(info))
		return 0;
	*out = js_obj();
	js_set(*out, "trace_info", js_ref(info));
	js_set(*out, "spans", js_ref(list));
	return 0;
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	bool partial = false;
	struct json *trace;
	int64_t row;

	if (arg_bool(c->in, "allow_partial", &partial, err) || call_trace(db, c, &row, err) ||
	    json_trace(db, c, row, partial, &trace, err))
		return -1;
	if (!trace)
		return err_set(err, MLOPS_ENOTFOUND,
			       "Trace with ID %.100s is not fully exported yet, please try again later.",
			       js_get_text(c->in, "trace_id"));
	js_set(c->out, "trace", trace);
	return 0;
}

static int get_many(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct json *list = js_arr(), *trace;
	struct trace_batch batch;
	int64_t row;
	int rc;

	js_set(c->out, "traces", list);
	if (trace_batch_read(c, &batch, err))
		return -1;
	while ((rc = trace_batch_next(db, &batch, &row, err)) > 0) {
		if (json_trace(db, c, row, false, &trace, err))
			return -1;
		if (trace)
			js_push(list, trace);
	}
	return rc;
}

static int get_data(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autojson *info = NULL, *spans = NULL;
	int64_t row;

	if (call_trace(db, c, &row, err) || json_trace_info(db, row, &info, err) ||
	    load_spans(db, c, row, info, &spans, err))
		return -1;
	js_set(c->out, "spans", spans ? js_ref(spans) : js_arr());
	return 0;
}

const struct mlflow_method mlflow_span_methods[] = {
	{ "GET", "traces/get", NULL, get, false },
	{ "GET", "traces/batchGet", NULL, get_many, false },
	{ "GET", "get-trace-artifact", NULL, get_data, false },
	{ .verb = NULL },
};
