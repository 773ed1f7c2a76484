/* The door to MLflow's API: finds the method, reads the request, and answers. */
#include "serve/api/mlflow.h"

#include "base/log.h"
#include "base/num.h"
#include "base/path.h"
#include "http/route.h"
#include "serve/api/mlflow_artifacts.h"
#include "serve/objects.h"

#define MAX_SEARCH ((size_t)1 << 20) /* of who may only read */
#define BASE	   "/mlflow/"
/* Clients choose by it what they ask for: the newest release of which all that is core is here. */
#define MLFLOW_VERSION "3.17.2"

static const struct mlflow_method *const tables[] = {
	mlflow_experiment_methods, mlflow_run_methods, mlflow_log_methods, mlflow_metric_methods,
	mlflow_input_methods, mlflow_file_methods, mlflow_model_methods, mlflow_version_methods,
	mlflow_logged_methods, mlflow_span_methods, mlflow_trace_methods, mlflow_trace_v2_methods,
	mlflow_assessment_methods, mlflow_page_methods,
};

static const struct {
	enum mlops_error_kind kind;
	int status;
	const char *code;
} codes[] = {
	{ MLOPS_EUSAGE, 400, "BAD_REQUEST" },
	{ MLOPS_EINVALID, 400, "INVALID_PARAMETER_VALUE" },
	{ MLOPS_EEXISTS, 400, "RESOURCE_ALREADY_EXISTS" },
	{ MLOPS_EAUTH, 401, "UNAUTHENTICATED" },
	{ MLOPS_ENO, 403, "PERMISSION_DENIED" },
	{ MLOPS_ENOTFOUND, 404, "RESOURCE_DOES_NOT_EXIST" },
	{ MLOPS_ELOCKED, 503, "TEMPORARILY_UNAVAILABLE" },
	{ MLOPS_EFAIL, 500, "INTERNAL_ERROR" },
};

static size_t code_of(enum mlops_error_kind kind)
{
	size_t i = 0;

	while (i < ARRAY_LEN(codes) - 1 && codes[i].kind != kind)
		i++;
	return i;
}

static struct json *error_json(const char *code, const char *message)
{
	struct json *v = js_obj();

	js_set(v, "error_code", js_str(code));
	js_set(v, "message", js_str(message));
	return v;
}

/* What went wrong in here names files of the server, which are for its log. */
const char *mlflow_told(const struct mlops_error *err)
{
	int status = codes[code_of(err->kind)].status;

	if (status < 500)
		return err->msg;
	log_error("%s", err->msg);
	return status == 503 ? "the server is busy; try again" :
			       "the server cannot do this now; its log says why";
}

struct json *mlflow_error_body(const struct mlops_error *err, int status)
{
	const char *code = status == 413 ? "INVALID_PARAMETER_VALUE" : codes[code_of(err->kind)].code;

	return error_json(code, mlflow_told(err));
}

int mlflow_refuse(struct http_call *http, const struct mlops_error *err)
{
	size_t i = code_of(err->kind);

	return http_reply_json(http, codes[i].status, error_json(codes[i].code, mlflow_told(err)));
}

static int refuse_unknown(struct http_call *http, const char *verb, const char *path)
{
	char message[512];

	snprintf(message, sizeof(message), "Endpoint %s /%.300s is not implemented by this server",
		 verb, path);
	return http_reply_json(http, 404, error_json("ENDPOINT_NOT_FOUND", message));
}

/* Names in the path become arguments. */
static bool fits(const struct mlflow_method *m, const char *verb, struct mlflow_call *c,
		 struct route_params *params)
{
	if (strcmp(m->verb, verb))
		return false;
	params->n = 0;
	return strchr(m->path, '{') ? route_match(m->path, c->path, c->arena, params) :
				      !strcmp(m->path, c->path);
}

static const struct mlflow_method *find_method(struct mlflow_call *c, const char *verb,
					       struct route_params *params)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct mlflow_method *m = tables[i]; m->verb; m++)
			if (fits(m, verb, c, params))
				return m;
	return NULL;
}

static void add_query(const char *name, const char *value, void *arg)
{
	struct json *in = arg, *old = js_get(in, name);

	if (!old) {
		js_set(in, name, js_str(value));
	} else if (js_type(old) == JSON_ARR) {
		js_push(old, js_str(value));
	} else {
		struct json *both = js_arr();

		js_push(both, js_ref(old));
		js_push(both, js_str(value));
		js_set(in, name, both);
	}
}

/* Python writes NaN and Infinity bare; as texts they are JSON. */
static void quote_bare(struct str s, struct strbuf *out)
{
	static const char *const words[] = { "NaN", "Infinity", "-Infinity" };
	bool quoted = false;

	for (size_t i = 0; i < s.n;) {
		size_t n = 0;

		for (size_t w = 0; !quoted && w < ARRAY_LEN(words) && !n; w++)
			if (s.n - i >= strlen(words[w]) && !memcmp(s.p + i, words[w], strlen(words[w])))
				n = strlen(words[w]);
		if (n) {
			strbuf_addf(out, "\"%.*s\"", (int)n, s.p + i);
			i += n;
			continue;
		}
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (quoted && s.p[i] == '\\' && i + 1 < s.n)
			strbuf_addc(out, s.p[i++]);
		strbuf_addc(out, s.p[i++]);
	}
}

static int parse_body(struct mlflow_call *c, struct mlops_error *err)
{
	struct str body = http_call_body(c->http);
	autobuf quoted = { 0 };

	if (!body.n) {
		c->in = js_obj();
		return 0;
	}
	if (js_parse(body.p, body.n, "the body", &c->in, err)) {
		quote_bare(body, &quoted);
		if (quoted.len == body.n || js_parse(quoted.buf, quoted.len, "the body", &c->in, err))
			return -1;
		mlops_error_clear(err);
	}
	if (js_type(c->in) == JSON_OBJ)
		return 0;
	return err_set(err, MLOPS_EINVALID, "the body is no JSON object");
}

static int read_request(struct mlflow_call *c, struct mlops_error *err)
{
	const char *type = http_call_header(c->http, "Content-Type");

	if (!strcmp(http_call_method(c->http), "GET") || !strcmp(http_call_method(c->http), "HEAD")) {
		c->in = js_obj();
		http_call_query_each(c->http, add_query, c->in);
	} else if (!strcmp(http_call_method(c->http), "POST") &&
		   (!type || strncasecmp(type, "application/json", 16) ||
		    !strchr("; ", type[16]))) {
		return err_set(err, MLOPS_EUSAGE, "Bad Request. Content-Type must be one of"
			       " ['application/json'].");
	} else if (parse_body(c, err)) {
		return -1;
	}
	return 0;
}

static void add_params(struct mlflow_call *c, const struct route_params *params)
{
	for (size_t i = 0; i < params->n; i++) {
		autofree char *name = xstrndup(params->v[i].name.p, params->v[i].name.n);

		js_set(c->in, name, js_str(params->v[i].value));
	}
}

struct work {
	const struct mlflow_method *method;
	struct mlflow_call *call;
};

static int run_method(struct db *db, void *arg, struct mlops_error *err)
{
	struct work *w = arg;

	return w->method->run(db, w->call, err);
}

static int call_method(struct mlflow_call *c, const struct mlflow_method *m, const struct route_params *params,
		       struct mlops_error *err)
{
	struct work w = { m, c };

	add_params(c, params);
	if (m->check && m->check(c, err))
		return -1;
	return (m->writes ? db_shared_write : db_shared_read)(c->tracker->db, run_method, &w, err);
}

static int perform(struct mlflow_call *c, const struct mlflow_method *m,
		   const struct route_params *params, struct mlops_error *err)
{
	return read_request(c, err) ? -1 : call_method(c, m, params, err);
}

int mlflow_perform(struct http_call *http, struct tracker *tracker, const char *verb, const char *path,
		   struct json *in, struct json **out, struct mlops_error *err)
{
	struct mlflow_call c = {
		.tracker = tracker, .http = http, .arena = http_call_arena(http), .path = path, .in = in
	};
	struct route_params params;

	c.out = js_obj();
	const struct mlflow_method *m = find_method(&c, verb, &params);
	if (call_method(&c, m, &params, err)) {
		js_free(c.out);
		return -1;
	}
	*out = c.out;
	return 0;
}

struct choice {
	const char *run;
	int64_t experiment;
};

static int move_run(struct db *db, void *arg, struct mlops_error *err)
{
	const struct choice *choice = arg;

	return db_change(db, err,
			 "UPDATE runs SET experiment_id = ?1 WHERE uuid = ?2"
			 " AND NOT EXISTS (SELECT 1 FROM params WHERE run_id = runs.id)"
			 " AND NOT EXISTS (SELECT 1 FROM latest_metrics WHERE run_id = runs.id)"
			 " AND NOT EXISTS (SELECT 1 FROM artifacts WHERE path LIKE '%/' || ?2 || '/%')",
			 "is", choice->experiment, choice->run);
}

/* A client that asks for an experiment by its name, or makes it, mostly goes on to use it. */
static int follow_choice(struct mlflow_call *c, struct mlops_error *err)
{
	struct choice choice = { .run = c->tracker->run };
	const struct json *experiment = !strcmp(c->path, "experiments/create") ? c->out :
		!strcmp(c->path, "experiments/get-by-name") ? js_get(c->out, "experiment") : NULL;
	const char *id = js_get_text(experiment, "experiment_id");

	if (!choice.run || !id || !num_parse_i64(id, &choice.experiment))
		return 0;
	return db_shared_write(c->tracker->db, move_run, &choice, err);
}

static int answer(struct http_call *http, void *arg, struct mlops_error *err)
{
	struct object_server *s = arg;
	struct mlflow_call c = { .tracker = s->tracker,
				 .http = http,
				 .arena = http_call_arena(http),
				 .path = strstr(http_call_path(http), BASE) + strlen(BASE) };
	const char *verb = http_call_method(http);
	struct route_params params;
	const struct mlflow_method *m =
		find_method(&c, strcmp(verb, "HEAD") ? verb : "GET", &params);
	int rc;

	if (!m)
		return refuse_unknown(http, verb, c.path);
	http_call_set_form(http, arena_printf(c.arena, "%.*s%s", (int)(c.path - http_call_path(http)),
					      http_call_path(http), m->path));
	c.out = js_obj();
	if (perform(&c, m, &params, err) || follow_choice(&c, err)) {
		rc = mlflow_refuse(http, err);
		mlops_error_clear(err);
		js_free(c.out);
	} else {
		rc = http_reply_json(http, 200, c.out);
	}
	js_free(c.in);
	return rc;
}

static int version(struct http_call *http, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return http_reply(http, 200, "text/plain", MLFLOW_VERSION, strlen(MLFLOW_VERSION));
}

static int make_default(struct db *db, void *arg, struct mlops_error *err)
{
	(void)arg;
	return experiment_make_default(db, err);
}

int tracker_open(const char *data, struct store *store, struct tracker **out,
		 struct mlops_error *err)
{
	autofree char *path = path_join(data, "mlops.db");
	struct db_shared *db;

	if (db_shared_open(path, &db, err))
		return -1;
	if (db_shared_write(db, make_default, NULL, err)) {
		db_shared_free(db);
		return -1;
	}
	struct tracker *t = xcalloc(1, sizeof(*t));
	t->db = db;
	t->store = store;
	*out = t;
	return 0;
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	db_shared_free(t->db);
	free(t);
}

#define METHOD_ROUTE(verb, pattern, is_reading)                                                    \
	{                                                                                          \
		.method = verb, .path = pattern, .handle = answer,                                 \
		.max_body = (is_reading) ? MAX_SEARCH : MLFLOW_MAX_BODY, .reads = is_reading,             \
		.error_body = mlflow_error_body                                                    \
	}
/* What is too long for a query is asked for by POST. */
#define METHOD_ROUTES(prefix)                                                                      \
	METHOD_ROUTE("GET", prefix BASE "{call*}", true),                                          \
		METHOD_ROUTE("POST", prefix BASE "{call*}/search", true),                          \
		METHOD_ROUTE("POST", prefix BASE "experiments/search-datasets", true),             \
		METHOD_ROUTE("POST", prefix BASE "registered-models/get-latest-versions", true),   \
		METHOD_ROUTE("POST", prefix BASE "traces/batchGetInfos", true),                    \
		METHOD_ROUTE("POST", prefix BASE "{call*}", false),                                \
		METHOD_ROUTE("PATCH", prefix BASE "{call*}", false),                               \
		METHOD_ROUTE("DELETE", prefix BASE "{call*}", false)

const struct http_route mlflow_routes[] = {
	MLFLOW_ARTIFACT_OF("/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files", artifact_send_of_model),
	METHOD_ROUTES("/api/2.0"),
	METHOD_ROUTES("/api/3.0"),
	METHOD_ROUTES("/ajax-api/2.0"),
	METHOD_ROUTES("/ajax-api/3.0"),
	MLFLOW_ARTIFACT_ROUTES("/api/2.0"),
	MLFLOW_ARTIFACT_ROUTES("/ajax-api/2.0"),
	MLFLOW_ARTIFACT_OF("/get-artifact", artifact_send_of_run),
	MLFLOW_ARTIFACT_OF("/model-versions/get-artifact", artifact_send_of_version),
	{ .method = "GET", .path = "/version", .handle = version },
	{ .method = "POST", .path = "/graphql", .handle = graphql_answer, .max_body = MAX_SEARCH, .reads = true,
	  .error_body = mlflow_error_body },
	{ .method = "POST", .path = "/v1/traces", .handle = otlp_answer, .max_body = MLFLOW_MAX_BODY,
	  .error_body = mlflow_error_body },
	{ .method = NULL },
};
