/* From a request's head to who answers it. */
#include "serve/gateway/call.h"

#include <inttypes.h>

#include "base/num.h"
#include "serve/gateway/conn.h"
#include "serve/gateway/keys.h"

static struct str path_of(const struct http_message *m)
{
	struct str query;

	return str_split(m->target, '?', &query);
}

static bool has_method(const struct gateway_route *r, struct str method)
{
	return str_eq(method, r->method) || (str_eq(method, "HEAD") && !strcmp(r->method, "GET"));
}

/* The route, or NULL; then `others` gets the methods that the path has routes for. */
static const struct gateway_route *find_route(const struct gateway *g, const struct http_message *m,
					      struct arena *arena, struct route_params *params,
					      struct strbuf *others)
{
	const char *path = arena_strndup(arena, path_of(m).p, path_of(m).n);

	for (const struct gateway_route *r = g->routes; r->method; r++) {
		if (!route_match(r->path, path, arena, params))
			continue;
		if (has_method(r, m->method))
			return r;
		strbuf_addf(others, "%s%s", others->len ? ", " : "", r->method);
	}
	return NULL;
}

static enum call_plan refuse(struct call_refusal *r, int status, const char *fields, const char *why)
{
	r->status = status;
	r->fields = fields;
	r->why = why;
	return CALL_REFUSED;
}

enum call_plan call_plan(struct conn *c, const struct http_message *m, struct call_refusal *refusal)
{
	struct gateway *g = c->front->gateway;
	struct route_params params;
	autoarena arena = { 0 };
	autobuf others = { 0 };

	c->route = find_route(g, m, &arena, &params, &others);
	if (!(c->route && c->route->open) && keys_check(g->keys, m, refusal))
		return CALL_REFUSED;
	c->revision = revision_choose(g->revisions, m);
	if (!(c->route && c->route->own) && c->revision && c->revision->kind->upstream)
		return CALL_PROXY;
	if (c->route)
		return CALL_HANDLE;
	if (!others.len)
		return refuse(refusal, 404, NULL, "there is nothing at this path");
	snprintf(refusal->buf, sizeof(refusal->buf), "Allow: %s\r\n", others.buf);
	return refuse(refusal, 405, refusal->buf, "this path does not take that method");
}

void call_handle(struct conn *c, const struct http_message *m, struct str body)
{
	struct gateway *g = c->front->gateway;
	struct call call = { .conn = c, .gateway = g, .message = m, .body = body };
	const char *path = arena_strndup(&call.arena, path_of(m).p, path_of(m).n);

	route_match(c->route->path, path, &call.arena, &call.params);
	c->route->handle(&call);
	arena_clear(&call.arena);
}

const char *call_param(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->params.n; i++)
		if (str_eq(call->params.v[i].name, name))
			return call->params.v[i].value;
	return NULL;
}

void call_reply(struct call *call, int status, const char *type, const void *body, size_t n)
{
	conn_reply(call->conn, status, type, NULL, body, n);
}

void call_reply_json(struct call *call, int status, struct json *value)
{
	autobuf text = { 0 };

	js_dump(value, JS_COMPACT, &text);
	strbuf_addc(&text, '\n');
	js_free(value);
	call_reply(call, status, "application/json", text.buf, text.len);
}

void call_refuse(struct call *call, int status, const char *why)
{
	conn_refuse(call->conn, status, NULL, why);
}

static bool is_served(const struct served_model *model, const char *name, const char *version)
{
	int64_t number;

	return (!name || !strcmp(model->name, name)) &&
	       (!version || (num_parse_i64(version, &number) && number == model->version));
}

char *call_mismatch(const struct live_revision *live, const char *name, const char *version)
{
	if (is_served(&live->model, name, version))
		return NULL;
	return xasprintf("no model '%s'%s%s here; this is '%s' version %" PRId64, name ? name : "",
			 version ? " version " : "", version ? version : "", live->model.name,
			 live->model.version);
}

struct live_revision *call_revision(struct call *call)
{
	const char *name = call_param(call, "model"), *version = call_param(call, "version");
	struct live_revision *live = call->conn->revision;

	if (!live) {
		conn_refuse(call->conn, 503, "Retry-After: 1\r\n", "no model is served yet");
		return NULL;
	}
	autofree char *why = call_mismatch(live, name, version);
	if (why)
		call_refuse(call, 404, why);
	return why ? NULL : live;
}
