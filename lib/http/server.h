/*
 * An HTTP server over libmicrohttpd (loaded on first use): epoll and a small thread pool, bounded
 * headers, bodies, times and connections, TCP_NODELAY, chunked upload bodies handed on as they
 * come. Also on a Unix socket.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "fmt/json.h"

struct http_server;
struct http_call; /* one request being answered; used by one thread at a time */

struct http_route {
	const char *method; /* "GET"; HEAD is answered by GET's */
	/* "/v1/models/{model}:predict"; {name} matches one segment or a part of one, {name*} several. */
	const char *path;
	/*
	 * Answers the call with one http_reply_*(). -1 with err set answers by the error's kind.
	 * For a streamed body it is called when the whole body has come; see begin.
	 */
	int (*handle)(struct http_call *call, void *arg, struct mlops_error *err);
	size_t max_body; /* 0: no body is taken. More than this is 413 */
	bool open;       /* for everybody: see http_call_is_open() */
	bool reads;      /* changes nothing, whatever its method: see http_call_reads() */
	bool admin;      /* for who manages the service: see http_call_is_admin() */
	/* The body of an error reply in this protocol's form; NULL: the server's. */
	struct json *(*error_body)(const struct mlops_error *err, int status);
	/*
	 * All may be NULL. `begin` comes first; `piece` gets each part of the body, which is else
	 * collected; `end` comes always when `begin` was called, and frees the call's state.
	 */
	int (*begin)(struct http_call *call, void *arg, struct mlops_error *err);
	int (*piece)(struct http_call *call, const void *buf, size_t n, void *arg,
		     struct mlops_error *err);
	void (*end)(struct http_call *call, void *arg);
};

/* The routes of several tables, in that order; new. */
struct http_route *http_routes_join(const struct http_route *const *tables, size_t n);

struct http_server_how {
	const char *listen;      /* "127.0.0.1:8400", "[::1]:0" */
	int listen_fd;           /* above 0: a socket that listens there already, which is taken */
	const char *unix_socket; /* instead of listen; removed first when stale, mode 0600 */
	const struct http_route *routes; /* ends with a NULL method */
	void *arg;                       /* handed to the handlers */
	/*
	 * Runs first, before the path is looked up; may add headers, and may answer a call that has no
	 * body, which is over then. -1 with err set refuses, as authorize() does. May be NULL.
	 */
	int (*admit)(struct http_call *call, void *arg, struct mlops_error *err);
	/*
	 * Runs before any handler and before the body is read; -1 with err set refuses (MLOPS_EAUTH:
	 * 401, with WWW-Authenticate: Bearer unless the call has one already, MLOPS_ENO: 403).
	 */
	int (*authorize)(struct http_call *call, void *arg, struct mlops_error *err);
	/*
	 * Services of one kind beside each other: of a path "/p/NAME/REST" (with the mount "/p/") it is
	 * "/REST" that is routed. `place`, after authorize(), gives what the handlers get in place of
	 * `arg`; `name` is NULL for other paths. Both NULL: there is one.
	 */
	const char *mount;
	int (*place)(const char *name, void *arg, void **out, struct mlops_error *err);
	/* Called before a call is refused with 4xx. May be NULL. */
	void (*refused)(const struct http_call *call, int status, const struct mlops_error *err,
			void *arg);
	const char *certificate, *key; /* PEM texts, lent: HTTPS alone is spoken. Or NULL */
	/* The body of an error reply in this service's form; NULL: {"error":{"kind","message"}}. */
	struct json *(*error_body)(const struct mlops_error *err, int status);
	/* Called when a request is over, answered or cut off; for logs and metrics. May be NULL. */
	void (*done)(const struct http_call *call, void *arg);
	unsigned threads;         /* 0: a small number */
	unsigned max_connections; /* 0: 1024 */
	int64_t idle_timeout_ms;  /* 0: 30 s; slow senders are cut off */
	size_t buffer;            /* of a connection; bounds its headers. 0: 16 KiB */
};

/* The version of libmicrohttpd that is loaded, into buf. */
int http_server_version(char *buf, size_t n, struct mlops_error *err);
int http_server_start(const struct http_server_how *how, struct http_server **out,
		      struct mlops_error *err);
const char *http_server_url(const struct http_server *s); /* "http://127.0.0.1:43121"; lent */
/* Stops taking connections, waits up to drain_ms for calls in flight, frees. */
void http_server_stop(struct http_server *s, int64_t drain_ms);
/*
 * Blocks until SIGTERM or SIGINT. Both are noted from http_catch_signals() on, which a service calls
 * before it says that it is ready; a second signal ends the process at once.
 */
void http_catch_signals(void);
void http_wait_for_signal(void);
/* From now on SIGHUP ends nothing: `fn` runs instead, within http_wait_for_signal(). */
void http_catch_hangup(void (*fn)(void *arg), void *arg);
/* Whether an address as in `listen` can only be reached from this machine. */
bool http_listen_is_loopback(const char *listen);

const char *http_call_method(const struct http_call *c);
const char *http_call_path(const struct http_call *c); /* behind the mount, if any */
/* "/p/NAME" as it was in the path, and NAME unescaped; "" and NULL when there is none. */
const char *http_call_mount(const struct http_call *c);
const char *http_call_mount_name(const struct http_call *c);
bool http_call_is_tls(const struct http_call *c);
/* The client's address, without its port, into buf; "local" for a Unix socket. */
#define HTTP_PEER_SIZE 64
char *http_call_peer(const struct http_call *c, char *buf);
/* Who asks, as authorize() found: copied; or NULL. */
const char *http_call_user(const struct http_call *c);
void http_call_set_user(struct http_call *c, const char *name);
/* Of authorize(), when it refuses: with this status, whatever the error's kind. */
void http_call_refuse_as(struct http_call *c, int status);
bool http_call_is_admin(const struct http_call *c); /* whether the route is for `admin` */
bool http_call_reads(const struct http_call *c);    /* GET, HEAD, and routes that say so */
bool http_call_is_open(const struct http_call *c);
/*
 * For done(): the path of the route, or what its handler set, NULL when there was none; the status, 0
 * when there was no answer; whether the answer went out whole; bytes of the body that came, and of the
 * reply's (sent, or to be sent when it is not whole); the time since the first line of its header came.
 */
const char *http_call_form(const struct http_call *c);
int http_call_status(const struct http_call *c);
bool http_call_is_whole(const struct http_call *c);
uint64_t http_call_received(const struct http_call *c);
uint64_t http_call_sent(const struct http_call *c);
int64_t http_call_duration_ns(const struct http_call *c);
/* Of a handler whose route stands for many paths: which one of few this is; copied. */
void http_call_set_form(struct http_call *c, const char *form);
/* Of the route's {name}, unescaped. */
const char *http_call_param(const struct http_call *c, const char *name);
const char *http_call_query(struct http_call *c, const char *name);        /* unescaped, or NULL */
/* Each pair of the query, unescaped and in its order; what can't be unescaped is left out. */
void http_call_query_each(struct http_call *c,
			  void (*fn)(const char *name, const char *value, void *arg), void *arg);
const char *http_call_header(const struct http_call *c, const char *name); /* or NULL */
struct str http_call_body(const struct http_call *c);                      /* when collected */
struct arena *http_call_arena(struct http_call *c); /* freed when the call ends */
void *http_call_state(const struct http_call *c);
void http_call_set_state(struct http_call *c, void *state);

void http_reply_header(struct http_call *c, const char *name, const char *value);
int http_reply(struct http_call *c, int status, const char *type, const void *body, size_t n);
int http_reply_json(struct http_call *c, int status, struct json *value); /* takes value */
/*
 * Sends `size` bytes as `read` gives them (as in http_request) until the call ends, or cuts the
 * connection when it fails. `arg` must live until then: in the call's arena, or freed by `end`.
 */
int http_reply_stream(struct http_call *c, int status, const char *type, uint64_t size,
		      ssize_t (*read)(void *buf, size_t n, void *arg, struct mlops_error *err),
		      void *arg);
/* Sends `size` bytes of the file from `offset` with sendfile; takes fd. */
int http_reply_file(struct http_call *c, int status, const char *type, int fd, uint64_t offset,
		    uint64_t size);
