/* A request as its handler sees it, and which handler that is. */
#pragma once

#include "base/arena.h"
#include "fmt/json.h"
#include "http/message.h"
#include "http/route.h"
#include "serve/gateway.h"

struct conn;

/* Lives as long as the handler runs. */
struct call {
	struct conn *conn;
	struct gateway *gateway;
	const struct http_message *message;
	struct str body;
	struct route_params params;
	struct arena arena;
};

struct gateway_route {
	const char *method, *path; /* as of http/route.h; HEAD is answered by GET's */
	void (*handle)(struct call *call); /* answers, or makes a job of it */
	size_t max_body;
	bool own;  /* the gateway's, also where all else is passed on to an upstream */
	bool open; /* needs no key */
};

struct call_refusal {
	int status;
	const char *fields; /* as of conn_reply() */
	const char *why;
	char buf[64]; /* for fields */
};

enum call_plan { CALL_HANDLE, CALL_PROXY, CALL_REFUSED };
/* Finds out where a request goes: sets the connection's route, key and revision. */
enum call_plan call_plan(struct conn *c, const struct http_message *m, struct call_refusal *refusal);
void call_handle(struct conn *c, const struct http_message *m, struct str body);

const char *call_param(const struct call *call, const char *name); /* of the route, or NULL */
/* One of these answers the call. */
void call_reply(struct call *call, int status, const char *type, const void *body, size_t n);
void call_reply_json(struct call *call, int status, struct json *value); /* takes it */
void call_refuse(struct call *call, int status, const char *why);
/*
 * The revision that answers, or NULL when the call was refused: none is there yet, or the route's
 * {model} and {version} are not what is served. Lent for as long as the call.
 */
struct live_revision *call_revision(struct call *call);
/* Why a revision is not the model and version that are asked for (either may be NULL); new, or NULL. */
char *call_mismatch(const struct live_revision *live, const char *name, const char *version);
/* Answers a prediction request, whose body is JSON; or that was made of something else. */
void call_predict(struct call *call, const struct protocol *protocol);
void call_predict_value(struct call *call, const struct protocol *protocol, struct json *request);

/* Ended by one without a method. */
extern const struct gateway_route routes_own[], routes_tfserving[], routes_oip[], routes_mlflow[],
	routes_grpc[];
