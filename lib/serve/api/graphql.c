/*
 * The queries in GraphQL that MLflow's web page makes: each root field is a method of the REST API, of whose
 * answer the fields that were selected are given, by MLflow's names and types. Source: queries and answers of
 * MLflow 3.17.
 */
#include "fmt/graphql.h"

#include <ctype.h>

#include "serve/api/mlflow.h"
#include "serve/objects.h"

#define ROOTS_MAX 10
#define FIELD_MAX 64

static const struct root {
	const char *field, *verb, *path, *type;
} roots[] = {
	{ "mlflowGetExperiment", "GET", "experiments/get", "MlflowGetExperimentResponse" },
	{ "mlflowGetRun", "GET", "runs/get", "MlflowGetRunResponse" },
	{ "mlflowSearchRuns", "POST", "runs/search", "MlflowSearchRunsResponse" },
	{ "mlflowGetMetricHistoryBulkInterval", "GET", "metrics/get-history-bulk-interval",
	  "MlflowGetMetricHistoryBulkIntervalResponse" },
	{ "mlflowSearchModelVersions", "GET", "model-versions/search", "MlflowSearchModelVersionsResponse" },
	{ "mlflowListArtifacts", "GET", "artifacts/list", "MlflowListArtifactsResponse" },
};

/* Fields that have fields of their own; a list that is absent is an empty one. */
static const struct shape {
	const char *field, *type;
	bool list;
} shapes[] = {
	{ "run", "MlflowRunExtension", false },
	{ "runs", "MlflowRunExtension", true },
	{ "info", "MlflowRunInfo", false },
	{ "data", "MlflowRunData", false },
	{ "experiment", "MlflowExperiment", false },
	{ "metrics", "MlflowMetricExtension", true },
	{ "params", "MlflowParam", true },
	{ "tags", "MlflowRunTag", true },
	{ "inputs", "MlflowRunInputs", false },
	{ "outputs", "MlflowRunOutputs", false },
	{ "datasetInputs", "MlflowDatasetInput", true },
	{ "dataset", "MlflowDataset", false },
	{ "modelInputs", "MlflowModelInput", true },
	{ "modelOutputs", "MlflowModelOutput", true },
	{ "modelVersions", "MlflowModelVersion", true },
	{ "files", "MlflowFileInfo", true },
};

struct gql_call {
	struct http_call *http;
	struct tracker *tracker;
	struct json *errors; /* texts */
};

static const struct shape *shape_of(const char *field)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (!strcmp(shapes[i].field, field))
			return &shapes[i];
	return NULL;
}

/* "runUuid" as REST has it: "run_uuid". */
static void to_snake(const char *field, char *out)
{
	size_t n = 0;

	for (; *field && n < FIELD_MAX - 2; field++) {
		if (isupper((unsigned char)*field))
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)*field);
	}
	out[n] = '\0';
}

/* Whole numbers are texts there; one that is none (a metric's NaN, which REST writes as text) is null. */
static struct json *leaf(const char *field, const char *within, const struct json *v)
{
	char digits[24];
	int64_t whole;

	if (!v)
		return strcmp(field, "endTime") ? js_null() : js_str("0");
	if (js_text(v) && !strcmp(within, "metrics") && !strcmp(field, "value"))
		return js_null();
	if (js_type(v) != JSON_INT || !strcmp(field, "value") || !js_to_int(v, &whole))
		return js_ref((struct json *)v);
	snprintf(digits, sizeof(digits), "%lld", (long long)whole);
	return js_str(digits);
}

static struct json *select_of(const struct gql_field *fields, const char *within, const char *type,
			      const struct json *v);

static struct json *select_field(const struct gql_field *f, const char *within, const struct json *obj)
{
	const struct shape *shape = shape_of(f->name);
	char snake[FIELD_MAX];

	to_snake(f->name, snake);
	const struct json *v = js_get(obj, snake);
	if (!f->fields)
		return leaf(f->name, within, v);
	if (!shape)
		return js_null();
	if (!shape->list)
		return v || strcmp(f->name, "run") ? select_of(f->fields, f->name, shape->type, v) : js_null();
	struct json *list = js_arr();
	for (size_t i = 0; i < js_len(v); i++)
		js_push(list, select_of(f->fields, f->name, shape->type, js_at(v, i)));
	return list;
}

static struct json *select_of(const struct gql_field *fields, const char *within, const char *type,
			      const struct json *v)
{
	struct json *out = js_obj();

	for (const struct gql_field *f = fields; f; f = f->next)
		js_set(out, f->alias, !strcmp(f->name, "__typename") ? js_str(type) : select_field(f, within, v));
	return out;
}

static bool selects(const struct gql_field *fields, const char *name)
{
	while (fields && strcmp(fields->name, name))
		fields = fields->next;
	return fields;
}

/* Sets key of `run` to that of what a method answers; it lacks it when the method fails. */
static void extend(const struct gql_call *c, struct json *run, const char *key, const char *path, const char *arg,
		   const char *value)
{
	autojson *in = js_pack("{s:o}", arg, js_str(value)), *out = NULL;
	autoerr gone = ERR_INIT;

	if (!mlflow_perform(c->http, c->tracker, "GET", path, in, &out, &gone))
		js_set(run, key, js_ref(js_get(out, key)));
}

/* What REST's runs do not have. */
static void extend_run(const struct gql_call *c, const struct gql_field *fields, struct json *run)
{
	const struct json *info = js_get(run, "info");
	const char *id = js_get_text(info, "run_id"), *experiment = js_get_text(info, "experiment_id");

	if (!id || !experiment)
		return;
	autofree char *filter = xasprintf("run_id = '%s'", id);
	if (selects(fields, "experiment"))
		extend(c, run, "experiment", "experiments/get", "experiment_id", experiment);
	if (selects(fields, "modelVersions"))
		extend(c, run, "model_versions", "model-versions/search", "filter", filter);
}

static void extend_runs(const struct gql_call *c, const struct gql_field *fields, struct json *answer)
{
	struct json *runs = js_get(answer, "runs");

	for (; fields; fields = fields->next) {
		if (!strcmp(fields->name, "run"))
			extend_run(c, fields->fields, js_get(answer, "run"));
		for (size_t i = 0; !strcmp(fields->name, "runs") && i < js_len(runs); i++)
			extend_run(c, fields->fields, js_at(runs, i));
	}
}

static struct json *resolve(const struct gql_call *c, const struct root *root, const struct gql_field *f,
			    const struct json *variables)
{
	struct json *given = f->variable ? js_get(variables, f->variable) : NULL;
	autojson *in = js_type(given) == JSON_OBJ ? js_ref(given) : js_obj(), *out = NULL;
	autoerr err = ERR_INIT;

	if (mlflow_perform(c->http, c->tracker, root->verb, root->path, in, &out, &err)) {
		js_push(c->errors, js_str(mlflow_told(&err)));
		return js_null();
	}
	extend_runs(c, f->fields, out);
	return select_of(f->fields, f->name, root->type, out);
}

static const struct root *find_root(const char *field)
{
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		if (!strcmp(roots[i].field, field))
			return &roots[i];
	return NULL;
}

/* NULL: nothing was resolved. */
static struct json *run_query(const struct gql_call *c, const struct gql_field *fields, const struct json *variables)
{
	struct json *data = js_obj();
	size_t n = 0;

	for (const struct gql_field *f = fields; f; f = f->next) {
		const struct root *root = find_root(f->name);
		autofree char *unknown = NULL;

		if (root && f->fields && ++n <= ROOTS_MAX) {
			js_set(data, f->alias, resolve(c, root, f, variables));
			continue;
		}
		unknown = n > ROOTS_MAX ? xasprintf("The query has more than %d fields.", ROOTS_MAX) :
			  root ? xasprintf("Field '%s' must have a selection of subfields.", f->name) :
				 xasprintf("Cannot query field '%s' on type 'Query'.", f->name);
		js_push(c->errors, js_str(unknown));
		js_free(data);
		return js_null();
	}
	return data;
}

int graphql_answer(struct http_call *http, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	autojson *request = NULL, *errors = js_arr();
	const struct gql_call c = { http, s->tracker, errors };
	struct str body = http_call_body(http);
	struct gql_field *fields = NULL;
	struct json *answer = js_obj();

	if (js_parse(body.p, body.n, "the body", &request, err) ||
	    gql_parse(http_call_arena(http), js_get_text(request, "query") ? js_get_text(request, "query") : "",
		      &fields, err)) {
		js_free(answer);
		return -1;
	}
	js_set(answer, "data", run_query(&c, fields, js_get(request, "variables")));
	js_set(answer, "errors", js_len(errors) ? js_ref(errors) : js_null());
	return http_reply_json(http, 200, answer);
}
