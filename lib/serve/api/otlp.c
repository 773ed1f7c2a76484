/*
 * OpenTelemetry's traces (OTLP/HTTP 1.x), as any exporter sends them: spans in protobuf or JSON, into the
 * experiment that a header names, as at MLflow's server.
 */
#include "serve/api/mlflow.h"

#include "fmt/source.h"
#include "fmt/unpack.h"
#include "serve/objects.h"
#include "tracking/otlp.h"
#include "tracking/trace.h"


struct export {
	const char *experiment, *run;
	struct json *groups;
};

/* Both kinds of deflate are sent under its name. */
static int kind_of(const char *encoding, struct str body, enum unpack_kind *out, struct mlops_error *err)
{
	if (!strcasecmp(encoding, "gzip"))
		*out = UNPACK_GZIP;
	else if (!strcasecmp(encoding, "deflate"))
		*out = unpack_sniff((const uint8_t *)body.p, body.n) == UNPACK_ZLIB ? UNPACK_ZLIB :
										      UNPACK_DEFLATE;
	else
		return err_set(err, MLOPS_EINVALID, "Unsupported Content-Encoding: %.50s", encoding);
	return 0;
}

static int unpack_all(struct unpack *u, struct strbuf *out, struct mlops_error *err)
{
	size_t got = 1;

	while (got) {
		strbuf_reserve(out, 64 << 10);
		if (unpack_read(u, out->buf + out->len, 64 << 10, &got, err))
			return -1;
		out->len += got;
	}
	return 0;
}

/* The body as it was before it was packed. */
static int unpack_body(const char *encoding, struct str body, struct strbuf *out, struct mlops_error *err)
{
	autosource src = { 0 };
	enum unpack_kind kind;
	struct unpack *u;

	source_mem(&src, "the body", body.p, body.n);
	if (kind_of(encoding, body, &kind, err) || unpack_new(kind, &src, MLFLOW_MAX_BODY, &u, err))
		return -1;
	int rc = unpack_all(u, out, err);
	unpack_free(u);
	return rc;
}

static bool is_type(const char *header, const char *type)
{
	size_t n = strlen(type);

	return header && !strncasecmp(header, type, n) && strchr("; ", header[n]);
}

static int parse(struct str body, bool as_json, struct json **out, struct mlops_error *err)
{
	if ((as_json ? otlp_read_json : otlp_read_proto)(body, out, err))
		return -1;
	if (js_len(*out))
		return 0;
	return err_set(err, MLOPS_EINVALID, "Invalid OpenTelemetry format - no spans found");
}

static int read_body(struct http_call *http, bool *as_json, struct json **out, struct mlops_error *err)
{
	const char *type = http_call_header(http, "Content-Type");
	const char *encoding = http_call_header(http, "Content-Encoding");
	struct str body = http_call_body(http);
	autobuf plain = { 0 };

	*as_json = is_type(type, "application/json");
	if (!*as_json && !is_type(type, "application/x-protobuf"))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid Content-Type: %.100s. Expected: application/x-protobuf or"
			       " application/json", type ? type : "none");
	if (!encoding || !strcasecmp(encoding, "identity"))
		return parse(body, *as_json, out, err);
	if (unpack_body(encoding, body, &plain, err))
		return -1;
	return parse((struct str){ plain.buf, plain.len }, *as_json, out, err);
}

static int put(struct db *db, void *arg, struct mlops_error *err)
{
	const struct export *e = arg;
	int64_t experiment, run;

	if (mlflow_active_experiment(db, e->experiment, &experiment, err))
		return -1;
	if (e->run && run_lookup(db, e->run, &run, NULL, err))
		return -1;
	return spans_put(db, experiment, e->run, e->groups, err);
}

static int take(struct http_call *http, struct object_server *s, bool *as_json, struct mlops_error *err)
{
	struct export e = { .experiment = http_call_header(http, "x-mlflow-experiment-id"),
			    .run = http_call_header(http, "x-mlflow-run-id") };

	if (!e.experiment)
		return err_set(err, MLOPS_EINVALID, "the header x-mlflow-experiment-id is missing");
	if (read_body(http, as_json, &e.groups, err)) {
		js_free(e.groups);
		return -1;
	}
	int rc = db_shared_write(s->tracker->db, put, &e, err);
	js_free(e.groups);
	return rc;
}

/* An empty ExportTraceServiceResponse, in the form of the request, says that all was taken. */
int otlp_answer(struct http_call *http, void *arg, struct mlops_error *err)
{
	bool as_json = false;

	if (take(http, arg, &as_json, err)) {
		int rc = mlflow_refuse(http, err);

		mlops_error_clear(err);
		return rc;
	}
	return as_json ? http_reply_json(http, 200, js_obj()) :
			 http_reply(http, 200, "application/x-protobuf", "", 0);
}
