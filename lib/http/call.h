/* One request on its way through the server: shared by server.c, call.c and reply.c. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "gen/microhttpd_lazy.h"
#include "http/route.h"
#include "http/server.h"

struct http_server {
	struct http_server_how how;
	struct MHD_Daemon *daemon;
	struct lingering *lingering;
	struct waiting *waiting;
	char *url, *unix_socket;
	int port;
	int listen_fd;
	bool tls;
	atomic_bool stopping;
	pthread_mutex_t lock; /* guards in_flight */
	pthread_cond_t idle;
	size_t in_flight;
};

struct header {
	const char *name, *value; /* in the call's arena */
	struct header *next;
};

struct http_call {
	struct http_server *server;
	struct MHD_Connection *conn;
	const char *method, *path;             /* of the path, what is routed */
	const char *mount, *mount_name, *user; /* see server.h */
	void *arg;                             /* for the route's functions */
	const struct http_route *route;        /* NULL: none matches */
	const char *form;                      /* see http_call_set_form() */
	struct route_params params;
	struct arena arena;
	struct strbuf body;
	uint64_t received; /* bytes of the body so far */
	uint64_t sent;     /* bytes of the reply's body */
	void *state;
	struct header *headers; /* of the reply */
	struct mlops_error
		err; /* why the call is refused: its body is dropped, then it is answered */
	int err_status;
	int status; /* of the reply; 0: none yet */
	bool began;
	bool large; /* its reply is */
	bool whole; /* and went out */
	int64_t start_ns;
};

#define CALL_LARGE ((size_t)256 << 10) /* bytes of JSON, which take many times that in memory */

/* The three steps of a request; MHD_NO cuts the connection. */
struct http_call *call_new(struct http_server *s, struct MHD_Connection *conn, const char *method,
			   const char *url);
enum MHD_Result call_begin(struct http_call *c);
enum MHD_Result call_piece(struct http_call *c, const char *buf, size_t n);
enum MHD_Result call_finish(struct http_call *c);
void call_free(struct http_call *c, bool whole); /* whether the reply went out */

/* Answers with an error in the service's form; status 0: by its kind. */
enum MHD_Result reply_error(struct http_call *c, const struct mlops_error *err, int status);
