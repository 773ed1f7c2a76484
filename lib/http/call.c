/*
 * How one request goes: route, authorize, take the body, handle, answer. What is refused early
 * still has its body read and dropped when that is short, so that the client sees the answer and
 * not a reset connection.
 */
#include "http/call.h"

#include <malloc.h>

#include "base/clock.h"
#include "base/num.h"
#include "http/listen.h"

#define MAX_DROPPED_BODY ((uint64_t)1 << 20)
#define MIN_BODY_RATE    256 /* bytes a second, once the idle time is over */

/* HEAD is GET without the body, which libmicrohttpd leaves out. */
static bool method_fits(const struct http_route *r, const char *method)
{
	return !strcmp(r->method, method) || (!strcmp(method, "HEAD") && !strcmp(r->method, "GET"));
}

static int refuse(struct http_call *c, int status)
{
	c->err_status = status;
	return -1;
}

/* The path may be right and the method wrong: then `Allow` says what would fit. */
static int find_route(struct http_call *c)
{
	autobuf allow = { 0 };

	for (const struct http_route *r = c->server->how.routes; r->method; r++) {
		if (!route_match(r->path, c->path, &c->arena, &c->params))
			continue;
		if (method_fits(r, c->method)) {
			c->route = r;
			return 0;
		}
		strbuf_addf(&allow, "%s%s", allow.len ? ", " : "", r->method);
	}
	if (allow.len) {
		http_reply_header(c, "Allow", allow.buf);
		err_set(&c->err, MLOPS_EINVALID, "method %s is not allowed here", c->method);
		return refuse(c, 405);
	}
	err_set(&c->err, MLOPS_ENOTFOUND, "there is nothing at this path");
	return refuse(c, 404);
}

static bool has_reply_header(const struct http_call *c, const char *name)
{
	const struct header *h = c->headers;

	while (h && strcasecmp(h->name, name))
		h = h->next;
	return h;
}

static int authorize(struct http_call *c)
{
	const struct http_server_how *how = &c->server->how;

	if (!how->authorize || !how->authorize(c, how->arg, &c->err))
		return 0;
	if (c->err.kind != MLOPS_EAUTH || c->err_status)
		return refuse(c, c->err_status);
	if (!has_reply_header(c, "WWW-Authenticate"))
		http_reply_header(c, "WWW-Authenticate", "Bearer");
	return refuse(c, 401);
}

static int too_large(struct http_call *c)
{
	err_set(&c->err, MLOPS_EINVALID, "the body is longer than %zu bytes", c->route->max_body);
	return refuse(c, 413);
}

/* The declared length; 0 when there is no body, UINT64_MAX when it is not known beforehand. */
static uint64_t body_length(const struct http_call *c)
{
	const char *text = http_call_header(c, "Content-Length");
	uint64_t n;

	if (text)
		return num_parse_u64(text, &n) ? n : UINT64_MAX;
	return http_call_header(c, "Transfer-Encoding") ? UINT64_MAX : 0;
}

static int start(struct http_call *c)
{
	const struct http_server_how *how = &c->server->how;
	uint64_t length = body_length(c);

	if (how->admit && how->admit(c, how->arg, &c->err))
		return -1;
	if (c->status)
		return 0;
	if (find_route(c) || authorize(c) ||
	    (how->place && how->place(c->mount_name, how->arg, &c->arg, &c->err)))
		return -1;
	if (length != UINT64_MAX && length > c->route->max_body)
		return too_large(c);
	if (!c->route->begin)
		return 0;
	c->began = true;
	return c->route->begin(c, c->arg, &c->err);
}

/* "/p/NAME/REST" becomes "/REST"; what only looks like it, as "/p/NAME", is no path of a mount. */
static void split_mount(struct http_call *c)
{
	const char *mount = c->server->how.mount;
	const char *name = mount && str_starts(c->path, mount) ? c->path + strlen(mount) : NULL;
	const char *rest = name ? strchr(name, '/') : NULL;

	c->mount = "";
	if (!rest || rest == name)
		return;
	c->mount_name = route_decode(&c->arena, name, (size_t)(rest - name));
	if (!c->mount_name)
		return;
	c->mount = arena_strndup(&c->arena, c->path, (size_t)(rest - c->path));
	c->path = rest;
}

struct http_call *call_new(struct http_server *s, struct MHD_Connection *conn, const char *method,
			   const char *url)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	c->server = s;
	c->conn = conn;
	c->start_ns = clock_mono_ns();
	c->method = arena_strdup(&c->arena, method);
	c->path = arena_strdup(&c->arena, url);
	c->arg = s->how.arg;
	split_mount(c);
	pthread_mutex_lock(&s->lock);
	s->in_flight++;
	pthread_mutex_unlock(&s->lock);
	return c;
}

enum MHD_Result call_begin(struct http_call *c)
{
	uint64_t length = body_length(c);
	bool waits = http_call_header(c, "Expect") != NULL;

	if (!start(c) || (length <= MAX_DROPPED_BODY && !waits))
		return MHD_YES;
	return reply_error(c, &c->err, c->err_status);
}

static bool is_too_slow(const struct http_call *c)
{
	int64_t ms = (clock_mono_ns() - c->start_ns) / 1000000;

	return ms > c->server->how.idle_timeout_ms &&
	       c->received < (uint64_t)ms / 1000 * MIN_BODY_RATE;
}

enum MHD_Result call_piece(struct http_call *c, const char *buf, size_t n)
{
	if (n > UINT64_MAX - c->received || is_too_slow(c))
		return MHD_NO;
	c->received += n;
	if (c->err.kind)
		return c->received <= MAX_DROPPED_BODY ||
				       (c->route && c->received <= c->route->max_body) ?
			       MHD_YES :
			       MHD_NO;
	if (c->received > c->route->max_body)
		too_large(c);
	else if (!c->route->piece)
		strbuf_add(&c->body, buf, n);
	else
		c->route->piece(c, buf, n, c->arg, &c->err);
	return MHD_YES;
}

enum MHD_Result call_finish(struct http_call *c)
{
	if (!c->err.kind && c->route->handle(c, c->arg, &c->err) && !c->err.kind)
		err_set(&c->err, MLOPS_EFAIL, "the request failed");
	if (c->status)
		return MHD_YES;
	if (!c->err.kind)
		err_set(&c->err, MLOPS_EFAIL, "the request was not answered");
	return reply_error(c, &c->err, c->err_status);
}

void call_free(struct http_call *c, bool whole)
{
	struct http_server *s = c->server;
	bool large = c->large || c->body.len >= CALL_LARGE;

	if (c->began && c->route->end)
		c->route->end(c, c->arg);
	c->whole = whole && c->status;
	if (s->how.done)
		s->how.done(c, s->how.arg);
	mlops_error_clear(&c->err);
	strbuf_clear(&c->body);
	arena_clear(&c->arena);
	free(c);
	if (large)
		malloc_trim(0); /* else each thread keeps what its largest call took */
	pthread_mutex_lock(&s->lock);
	if (!--s->in_flight)
		pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

const char *http_call_method(const struct http_call *c)
{
	return c->method;
}

const char *http_call_path(const struct http_call *c)
{
	return c->path;
}

const char *http_call_mount(const struct http_call *c)
{
	return c->mount;
}

const char *http_call_mount_name(const struct http_call *c)
{
	return c->mount_name;
}

bool http_call_is_tls(const struct http_call *c)
{
	return c->server->tls;
}

char *http_call_peer(const struct http_call *c, char *buf)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return listen_peer(info ? info->client_addr : NULL, buf);
}

const char *http_call_user(const struct http_call *c)
{
	return c->user;
}

void http_call_set_user(struct http_call *c, const char *name)
{
	c->user = arena_strdup(&c->arena, name);
}

void http_call_refuse_as(struct http_call *c, int status)
{
	c->err_status = status;
}

bool http_call_is_admin(const struct http_call *c)
{
	return c->route->admin;
}

bool http_call_is_open(const struct http_call *c)
{
	return c->route->open;
}

bool http_call_reads(const struct http_call *c)
{
	return !strcmp(c->method, "GET") || !strcmp(c->method, "HEAD") || c->route->reads;
}

const char *http_call_form(const struct http_call *c)
{
	return c->form || !c->route ? c->form : c->route->path;
}

void http_call_set_form(struct http_call *c, const char *form)
{
	c->form = arena_strdup(&c->arena, form);
}

int http_call_status(const struct http_call *c)
{
	return c->status;
}

bool http_call_is_whole(const struct http_call *c)
{
	return c->whole;
}

uint64_t http_call_received(const struct http_call *c)
{
	return c->received;
}

uint64_t http_call_sent(const struct http_call *c)
{
	return strcmp(c->method, "HEAD") ? c->sent : 0;
}

int64_t http_call_duration_ns(const struct http_call *c)
{
	return clock_mono_ns() - c->start_ns;
}

const char *http_call_param(const struct http_call *c, const char *name)
{
	for (size_t i = 0; i < c->params.n; i++)
		if (str_eq(c->params.v[i].name, name))
			return c->params.v[i].value;
	return NULL;
}

const char *http_call_query(struct http_call *c, const char *name)
{
	const char *raw = MHD_lookup_connection_value(c->conn, MHD_GET_ARGUMENT_KIND, name);

	return raw ? route_decode(&c->arena, raw, strlen(raw)) : NULL;
}

struct query_walk {
	struct http_call *call;
	void (*fn)(const char *name, const char *value, void *arg);
	void *arg;
};

static enum MHD_Result walk_query(void *arg, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct query_walk *w = arg;
	struct arena *arena = &w->call->arena;
	const char *plain_name = route_decode(arena, name, strlen(name));
	const char *plain_value = value ? route_decode(arena, value, strlen(value)) : "";

	(void)kind;
	if (plain_name && plain_value)
		w->fn(plain_name, plain_value, w->arg);
	return MHD_YES;
}

void http_call_query_each(struct http_call *c,
			  void (*fn)(const char *name, const char *value, void *arg), void *arg)
{
	struct query_walk w = { c, fn, arg };

	MHD_get_connection_values(c->conn, MHD_GET_ARGUMENT_KIND, walk_query, &w);
}

const char *http_call_header(const struct http_call *c, const char *name)
{
	return MHD_lookup_connection_value(c->conn, MHD_HEADER_KIND, name);
}

struct str http_call_body(const struct http_call *c)
{
	return (struct str){ c->body.buf ? c->body.buf : "", c->body.len };
}

struct arena *http_call_arena(struct http_call *c)
{
	return &c->arena;
}

void *http_call_state(const struct http_call *c)
{
	return c->state;
}

void http_call_set_state(struct http_call *c, void *state)
{
	c->state = state;
}
