/*
 * MLflow's REST API: what its files share. A method reads its arguments from `in`, works on the
 * database, and fills in `out`. Source: the REST reference at mlflow.org, and what 2.x and 3.x
 * clients send.
 */
#pragma once

#include "db/shared.h"
#include "http/server.h"
#include "serve/tracker.h"
#include "tracking/record.h"

struct search_query;

struct mlflow_call {
	struct tracker *tracker;
	struct http_call *http;
	struct arena *arena;
	const char *path; /* behind ".../mlflow/" */
	struct json *in;  /* an object: the body, or the query as texts and arrays of texts */
	struct json *out; /* an object */
	void *checked;    /* what the method's check() made */
};

struct mlflow_method {
	const char *verb, *path; /* "registered-models/create"; may hold {name}s */
	/* NULL, or what can be said without the database: in the thread of the request. */
	int (*check)(struct mlflow_call *c, struct mlops_error *err);
	int (*run)(struct db *db, struct mlflow_call *c, struct mlops_error *err);
	bool writes;
};

/* Each ends with a NULL verb. */
extern const struct mlflow_method mlflow_experiment_methods[], mlflow_run_methods[],
	mlflow_log_methods[], mlflow_metric_methods[], mlflow_input_methods[],
	mlflow_file_methods[], mlflow_model_methods[], mlflow_version_methods[],
	mlflow_logged_methods[], mlflow_trace_methods[], mlflow_trace_v2_methods[],
	mlflow_span_methods[], mlflow_assessment_methods[], mlflow_page_methods[];

#define MLFLOW_MAX_BODY ((size_t)32 << 20) /* also once it is unpacked */

/* OpenTelemetry's exporters (otlp.c): arg is the struct object_server. */
int otlp_answer(struct http_call *http, void *arg, struct mlops_error *err);
/* Queries of MLflow's web page (graphql.c): the same. */
int graphql_answer(struct http_call *http, void *arg, struct mlops_error *err);
/* Calls a method of the API with these arguments; *out is new. `http` is the request that it is a part of. */
int mlflow_perform(struct http_call *http, struct tracker *tracker, const char *verb, const char *path,
		   struct json *in, struct json **out, struct mlops_error *err);
/* What a client is told of an error: of one in here, that the log knows it. */
const char *mlflow_told(const struct mlops_error *err);
/* Answers an error in MLflow's form. */
int mlflow_refuse(struct http_call *http, const struct mlops_error *err);
struct json *mlflow_error_body(const struct mlops_error *err, int status);

/*
 * Arguments (mlflow_args.c), by the rules of protobuf's JSON: a field is known by its snake_case or
 * camelCase name, null is absent, whole numbers may be texts. Absent fields leave *out as it was.
 */
struct json *arg_field(const struct json *obj, const char *name);
int arg_text(const struct json *obj, const char *name, const char **out, struct mlops_error *err);
/* "" counts as absent, which is an error. */
int arg_need_text(const struct json *obj, const char *name, const char **out,
		  struct mlops_error *err);
int arg_int(const struct json *obj, const char *name, int64_t *out, struct mlops_error *err);
int arg_num(const struct json *obj, const char *name, double *out, struct mlops_error *err);
int arg_bool(const struct json *obj, const char *name, bool *out, struct mlops_error *err);
/* An array, or NULL when absent; a single value counts as an array of one (as a query has it). */
int arg_list(struct mlflow_call *c, const char *name, struct json **out, struct mlops_error *err);
int arg_texts(struct mlflow_call *c, const char *name, const char *const **out, size_t *n,
	      struct mlops_error *err);
int arg_missing(const char *name, struct mlops_error *err);
int arg_invalid(const char *name, const struct json *value, const char *want,
		struct mlops_error *err);
/* A number of rows from 1 to max. */
int arg_limit(struct mlflow_call *c, int64_t fallback, int64_t max, int64_t *out,
	      struct mlops_error *err);
/* Where the page of a page_token begins, and the token of the next page, into `out`. */
int arg_offset(struct mlflow_call *c, int64_t *out, struct mlops_error *err);
void put_next_page(struct mlflow_call *c, int64_t offset);

/* What names, keys and values must be (mlflow_rules.c). */
int rule_key(const char *what, const char *key, struct mlops_error *err);
/* At most `max` characters, the rest cut off: in the arena when so. */
const char *rule_cut(struct arena *arena, const char *value, size_t max);
int rule_length(const char *what, const char *value, size_t max, struct mlops_error *err);
#define MAX_PARAM_VALUE 6000
#define MAX_TAG_VALUE	8000

/* [{"key","value"}] to pairs in the arena; `what` names them, longer values than max are cut. */
int arg_pairs(struct mlflow_call *c, const char *name, const char *what, size_t max,
	      struct run_pair **out, size_t *n, struct mlops_error *err);
int arg_pair(struct mlflow_call *c, const struct json *obj, const char *what, size_t max,
	     struct run_pair *out, struct mlops_error *err);
struct json *json_pairs(const struct run_pair *pairs, size_t n);

/* The run that run_id (or run_uuid) names; `active`: one that is deleted is an error. */
int call_run(struct db *db, struct mlflow_call *c, bool active, struct run_key *out,
	     struct mlops_error *err);
int call_experiment(struct db *db, struct mlflow_call *c, struct experiment *out,
		    struct mlops_error *err);
/* Writes the condition that a view type (ACTIVE_ONLY, ...) puts on when a row was deleted. */
int view_condition(struct mlflow_call *c, const char *field, const char *column,
		   struct search_query *where, struct mlops_error *err);
/* Writes the condition that a column is one of the experiments. */
void experiments_condition(const char *column, const char *const *ids, size_t n, struct search_query *where);
/* The row of an experiment that is not deleted: of the call, and by its id. */
int call_active_experiment(struct db *db, struct mlflow_call *c, int64_t *out, struct mlops_error *err);
int mlflow_active_experiment(struct db *db, const char *id, int64_t *out, struct mlops_error *err);
int parse_experiment_id(const char *text, int64_t *out, struct mlops_error *err);
/* A run as MLflow has it, all of it; new. */
int json_run(struct db *db, int64_t row, struct json **out, struct mlops_error *err);
struct json *json_metric(const char *key, double value, int64_t timestamp_ms, int64_t step);
/* Adds "inputs" and "outputs" of a run. */
int json_run_inputs(struct db *db, int64_t row, struct json *run, struct mlops_error *err);
/* Where the artifacts of a run are: "<experiment's location>/<id>/artifacts"; new. */
int run_artifact_uri(struct db *db, const struct run_key *run, char **out, struct mlops_error *err);
/* Fills in the listing of a folder below an artifact root. */
int json_artifacts(struct db *db, struct mlflow_call *c, const char *root, const char *dir,
		   struct mlops_error *err);
/* Of a logged model; NULL when it is not here; new. */
int logged_model_uri(struct db *db, const char *id, char **out, struct mlops_error *err);
