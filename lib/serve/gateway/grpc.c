/* Calls of the service, and answering them. Codes are those of gRPC. */
#include "serve/gateway/grpc.h"

#include <inttypes.h>

#include "base/clock.h"
#include "fmt/proto.h"
#include "http/h2.h"
#include "serve/gateway/call.h"
#include "serve/gateway/job.h"
#include "serve/gateway/keys.h"
#include "serve/protocols/oip_proto.h"

#define SERVICE    "/inference.GRPCInferenceService/"
#define TYPE       "application/grpc"
#define PREFIX     5 /* of a message: whether it is compressed, and its length */
#define GIVE_MAX   (256u << 10)
#define IDLE_MS    600000
#define DETAIL_MAX 400

enum code {
	CODE_OK = 0,
	CODE_INVALID_ARGUMENT = 3,
	CODE_DEADLINE_EXCEEDED = 4,
	CODE_NOT_FOUND = 5,
	CODE_RESOURCE_EXHAUSTED = 8,
	CODE_UNIMPLEMENTED = 12,
	CODE_INTERNAL = 13,
	CODE_UNAVAILABLE = 14,
	CODE_UNAUTHENTICATED = 16,
};

/* A call that is being answered. */
struct grpc_call {
	struct conn *conn;
	struct h2_request *request;
	struct str message;
	int64_t started_ns;
	const struct gateway_route *route;
};

/* Percent-encoded, as grpc-message wants it. */
static void add_detail(struct strbuf *to, const char *why)
{
	for (size_t i = 0; why[i] && i < DETAIL_MAX; i++) {
		unsigned char c = (unsigned char)why[i];

		if (c < ' ' || c > '~' || c == '%')
			strbuf_addf(to, "%%%02X", c);
		else
			strbuf_addc(to, (char)c);
	}
}

/* The HTTP status that a code is counted as. */
static int status_of(enum code code)
{
	switch (code) {
	case CODE_OK:
		return 200;
	case CODE_INVALID_ARGUMENT:
		return 400;
	case CODE_UNAUTHENTICATED:
		return 401;
	case CODE_NOT_FOUND:
	case CODE_UNIMPLEMENTED:
		return 404;
	case CODE_RESOURCE_EXHAUSTED:
		return 429;
	case CODE_INTERNAL:
		return 500;
	case CODE_UNAVAILABLE:
		return 503;
	case CODE_DEADLINE_EXCEEDED:
		return 504;
	}
	return 500;
}

static void answer(const struct grpc_call *g, struct live_revision *revision, enum code code,
		   const char *why, const struct strbuf *message)
{
	int64_t took = clock_mono_ns() - g->started_ns;
	autobuf trailers = { 0 }, body = { 0 };
	size_t n = message ? message->len : 0;

	strbuf_addf(&trailers, "grpc-status: %d\n", code);
	if (why) {
		strbuf_adds(&trailers, "grpc-message: ");
		add_detail(&trailers, why);
		strbuf_addc(&trailers, '\n');
	}
	if (code == CODE_OK) {
		const char prefix[PREFIX] = { 0, (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

		strbuf_add(&body, prefix, PREFIX);
		if (n)
			strbuf_add(&body, message->buf, n);
	}
	h2_reply(g->conn->h2, g->request, TYPE, body.buf ? body.buf : "", body.len, trailers.buf);
	gateway_record(g->conn->front->gateway, g->route, status_of(code), took);
	if (revision)
		revision_record(revision, status_of(code), took);
}

static void refuse(const struct grpc_call *g, enum code code, const char *why)
{
	answer(g, NULL, code, why, NULL);
}

static void answer_flag(const struct grpc_call *g, bool flag)
{
	autobuf message = { 0 };

	if (flag)
		proto_add_varint(&message, 1, 1);
	answer(g, NULL, CODE_OK, NULL, &message);
}

/* ---- calls ---- */

static void server_live(struct grpc_call *g, struct live_revision *live)
{
	(void)live;
	answer_flag(g, true);
}

static void server_ready(struct grpc_call *g, struct live_revision *live)
{
	answer_flag(g, live && live->kind->ready(live->workers));
}

static void add_text(struct strbuf *to, uint32_t number, const char *text)
{
	proto_add_bytes(to, number, text, strlen(text));
}

static void server_metadata(struct grpc_call *g, struct live_revision *live)
{
	autobuf message = { 0 };

	(void)live;
	add_text(&message, 1, "mlops");
	add_text(&message, 2, MLOPS_VERSION);
	answer(g, NULL, CODE_OK, NULL, &message);
}

/* Whether the request's model_name and model_version are served; refused when not. */
static bool is_there(struct grpc_call *g, const struct live_revision *live, const struct json *request)
{
	autofree char *why = NULL;

	if (!live) {
		refuse(g, CODE_UNAVAILABLE, "no model is served yet");
		return false;
	}
	why = call_mismatch(live, js_get_text(request, "model_name"), js_get_text(request, "model_version"));
	if (why)
		refuse(g, CODE_NOT_FOUND, why);
	return !why;
}

static bool read_named(struct grpc_call *g, const struct live_revision *live)
{
	autojson *request = NULL;
	autoerr err = ERR_INIT;

	if (oip_proto_read_name(g->message, &request, &err)) {
		refuse(g, CODE_INVALID_ARGUMENT, err.msg);
		return false;
	}
	return is_there(g, live, request);
}

static void model_ready(struct grpc_call *g, struct live_revision *live)
{
	if (read_named(g, live))
		answer_flag(g, live->kind->ready(live->workers));
}

static void model_metadata(struct grpc_call *g, struct live_revision *live)
{
	autobuf message = { 0 };

	if (!read_named(g, live))
		return;
	autofree char *version = xasprintf("%" PRId64, live->model.version);
	add_text(&message, 1, live->model.name);
	add_text(&message, 2, version);
	add_text(&message, 3, live->kind->name);
	answer(g, NULL, CODE_OK, NULL, &message);
}

static void model_infer(struct grpc_call *g, struct live_revision *live)
{
	autojson *request = NULL, *rows = NULL;
	autoerr err = ERR_INIT;

	if (oip_proto_read_infer(g->message, &request, &err)) {
		refuse(g, CODE_INVALID_ARGUMENT, err.msg);
		return;
	}
	if (!is_there(g, live, request))
		return;
	if (!live->kind->predict)
		refuse(g, CODE_UNIMPLEMENTED, "gRPC is not passed on to an upstream");
	else if (protocol_oip.parse(request, &rows, &err))
		refuse(g, CODE_INVALID_ARGUMENT, err.msg);
	else
		job_start_stream(g->conn, g->request, g->started_ns, live, request, rows);
}

static void needs_http2(struct call *call)
{
	call_refuse(call, 415, "gRPC needs HTTP/2");
}

/* The order of the methods. */
const struct gateway_route routes_grpc[] = {
	{ .method = "POST", .path = SERVICE "ServerLive", .handle = needs_http2, .max_body = GATEWAY_MAX_BODY },
	{ .method = "POST", .path = SERVICE "ServerReady", .handle = needs_http2, .max_body = GATEWAY_MAX_BODY },
	{ .method = "POST", .path = SERVICE "ServerMetadata", .handle = needs_http2, .max_body = GATEWAY_MAX_BODY },
	{ .method = "POST", .path = SERVICE "ModelReady", .handle = needs_http2, .max_body = GATEWAY_MAX_BODY },
	{ .method = "POST", .path = SERVICE "ModelMetadata", .handle = needs_http2, .max_body = GATEWAY_MAX_BODY },
	{ .method = "POST", .path = SERVICE "ModelInfer", .handle = needs_http2, .max_body = GATEWAY_MAX_BODY },
	{ .method = NULL },
};

static void (*const methods[])(struct grpc_call *g, struct live_revision *live) = {
	server_live, server_ready, server_metadata, model_ready, model_metadata, model_infer,
};

static const struct gateway_route *find_route(const struct gateway *gateway, const char *path)
{
	for (const struct gateway_route *r = gateway->routes; r->method; r++)
		if (r->handle == needs_http2 && !strcmp(r->path, path))
			return r;
	return NULL;
}

static size_t method_of(const struct gateway_route *route)
{
	size_t i = 0;

	while (strcmp(routes_grpc[i].path, route->path))
		i++;
	return i;
}

/* ---- requests ---- */

static void as_message(const struct h2_request *r, struct http_message *m)
{
	const char *p = r->fields.buf, *end = p + r->fields.len;

	*m = (struct http_message){ .minor = 1 };
	while (p < end && m->n_fields < HTTP_FIELDS_MAX) {
		const char *value = p + strlen(p) + 1;

		m->fields[m->n_fields++] = (struct http_field){ str_of(p), str_of(value) };
		p = value + strlen(value) + 1;
	}
}

static bool read_prefix(struct grpc_call *g)
{
	struct strbuf *body = &g->request->body;
	const unsigned char *p = (const unsigned char *)body->buf;

	if (body->len < PREFIX || p[0] ||
	    ((size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4]) != body->len - PREFIX)
		return false;
	g->message = (struct str){ body->buf + PREFIX, body->len - PREFIX };
	return true;
}

static bool has_key(struct grpc_call *g, const struct http_message *m)
{
	struct call_refusal refusal = { 0 };
	size_t method = method_of(g->route);

	if (method < 2 || !keys_check(g->conn->front->gateway->keys, m, &refusal)) /* health is for all */
		return true;
	refuse(g, refusal.status == 401 ? CODE_UNAUTHENTICATED : CODE_RESOURCE_EXHAUSTED, refusal.why);
	return false;
}

static void on_request(struct h2_request *r, void *arg)
{
	struct conn *c = arg;
	struct gateway *gateway = c->front->gateway;
	struct grpc_call g = { .conn = c, .request = r, .started_ns = clock_mono_ns() };
	const char *type = h2_field(r, "content-type");
	struct http_message m;

	c->deadline_ms = c->front->loop.now_ms + IDLE_MS;
	g.route = find_route(gateway, r->path);
	if (!type || !str_starts(type, TYPE) || !g.route) {
		refuse(&g, CODE_UNIMPLEMENTED, "there is no such method");
		return;
	}
	as_message(r, &m);
	if (!has_key(&g, &m))
		return;
	if (!read_prefix(&g)) {
		refuse(&g, CODE_INVALID_ARGUMENT, "the body is not one message, uncompressed");
		return;
	}
	struct live_revision *live = revision_choose(gateway->revisions, &m);
	methods[method_of(g.route)](&g, live);
	if (live)
		revision_release(live);
}

static void on_ended(struct h2_request *r, void *arg)
{
	struct conn *c = arg;

	for (struct job **at = &c->job; *at; at = &(*at)->next)
		if ((*at)->stream == r) {
			struct job *j = *at;

			*at = j->next;
			job_abandon(j);
			return;
		}
}

static void finish_with(struct conn *c, struct job *j, enum code code, const char *why,
			const struct strbuf *message)
{
	const struct grpc_call g = {
		.conn = c,
		.request = j->stream,
		.started_ns = j->started_ns,
		.route = find_route(c->front->gateway, SERVICE "ModelInfer"),
	};

	answer(&g, j->revision, code, why, message);
}

static void reply(struct conn *c, struct job *j)
{
	autoerr err = ERR_INIT;
	autojson *value = NULL;
	autobuf message = { 0 };

	if (protocol_oip.format(j->request, j->prediction.values, &j->revision->model, &value, &err)) {
		finish_with(c, j, err.kind == MLOPS_EINVALID ? CODE_INVALID_ARGUMENT : CODE_INTERNAL, err.msg,
			    NULL);
		return;
	}
	oip_proto_write_infer(value, js_get_bool(j->request, "raw", false), &message);
	finish_with(c, j, CODE_OK, NULL, &message);
}

void grpc_finish(struct conn *c, struct job *j)
{
	struct job **at = &c->job;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	switch (j->prediction.outcome) {
	case WORKERS_OK:
		reply(c, j);
		break;
	case WORKERS_FAILED:
		finish_with(c, j,
			    j->prediction.err.kind == MLOPS_EINVALID ? CODE_INVALID_ARGUMENT : CODE_INTERNAL,
			    j->prediction.err.msg, NULL);
		break;
	case WORKERS_BUSY:
		finish_with(c, j, CODE_UNAVAILABLE, "all workers are busy", NULL);
		break;
	case WORKERS_TIMEOUT:
		finish_with(c, j, CODE_DEADLINE_EXCEEDED, "the model gave no answer in time", NULL);
		break;
	case WORKERS_CRASHED:
		finish_with(c, j, CODE_UNAVAILABLE, "the model's process died over this request", NULL);
		break;
	}
}

void grpc_tick(struct conn *c)
{
	for (struct job **at = &c->job; *at;) {
		struct job *j = *at;

		if (c->front->loop.now_ms < j->prediction.deadline_ms) {
			at = &j->next;
			continue;
		}
		*at = j->next;
		finish_with(c, j, CODE_DEADLINE_EXCEEDED, "the model gave no answer in time", NULL);
		job_abandon(j);
	}
}

/* ---- the connection ---- */

static bool on_hold(size_t n, void *arg)
{
	return front_hold(((struct conn *)arg)->front, n);
}

static void on_release(size_t n, void *arg)
{
	front_release(((struct conn *)arg)->front, n);
}

bool grpc_begin(struct conn *c)
{
	const struct h2_handlers handlers = {
		.request = on_request,
		.ended = on_ended,
		.max_body = GATEWAY_MAX_BODY,
		.hold = on_hold,
		.release = on_release,
	};
	autoerr ignored = ERR_INIT;

	if (h2_new(&handlers, c, &c->h2, &ignored))
		return false;
	c->state = CONN_HTTP2;
	c->deadline_ms = c->front->loop.now_ms + IDLE_MS;
	return true;
}

int grpc_take(struct conn *c, const char *p, size_t n)
{
	return h2_receive(c->h2, p, n);
}

bool grpc_give(struct conn *c)
{
	size_t before = c->out.len;

	if (conn_unsent(c) < GIVE_MAX && (h2_send(c->h2, GIVE_MAX, &c->out) || !h2_is_alive(c->h2)))
		c->state = CONN_CLOSING;
	return c->out.len > before;
}

bool grpc_is_idle(const struct conn *c)
{
	return !c->job;
}

void grpc_drain(struct conn *c)
{
	h2_drain(c->h2);
}

void grpc_end(struct conn *c)
{
	h2_free(c->h2);
	c->h2 = NULL;
}
