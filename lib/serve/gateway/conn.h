/*
 * A client's connection. One request of it is worked on at a time; those that were sent ahead wait
 * in `in`. All of it is for the thread of its front.
 */
#pragma once

#include "http/message.h"
#include "http/server.h"
#include "serve/gateway/front.h"

struct gateway_route;
struct h2;
struct job;
struct uplink;
struct live_revision;

enum conn_state {
	CONN_HEAD,    /* a request's head is awaited */
	CONN_BODY,    /* its body is being collected */
	CONN_WAIT,    /* it is being answered */
	CONN_PROXY,   /* it is passed on: see proxy.h */
	CONN_HTTP2,   /* it speaks HTTP/2: see grpc.h */
	CONN_CLOSING, /* nothing more is answered: what still comes is dropped until the client hangs up */
};

struct conn {
	struct watch watch; /* first */
	struct front *front;
	struct conn *prev, *next; /* of the front */
	enum conn_state state;
	bool readable;        /* there may be more to read */
	bool hung_up;         /* the client sends no more */
	bool running, dead;
	bool answered;        /* a request, at least */
	bool shut;            /* we send no more */
	char peer[HTTP_PEER_SIZE]; /* see conn_peer() */
	struct strbuf in;     /* has come, and was not taken yet */
	size_t looked_at;     /* of `in`, for http_message_end() */
	struct strbuf out;    /* to be sent, from out_at on */
	size_t out_at;
	int64_t deadline_ms;     /* for what the state waits for */
	int64_t out_deadline_ms; /* for the client to read more of what is sent */

	/* The request that is worked on. */
	struct strbuf head, body; /* when they did not come at once */
	size_t held;              /* of the body, in the front's count */
	enum http_framing framing;
	uint64_t left; /* of the body */
	struct http_chunks chunks;
	bool keep_alive, head_only;
	int minor;
	const struct gateway_route *route; /* NULL: none */
	int64_t started_ns;
	struct live_revision *revision; /* that it goes to, or NULL; held */
	struct job *job;                /* CONN_WAIT: one, or NULL; CONN_HTTP2: a list */
	struct h2 *h2;
	struct uplink *link;              /* CONN_PROXY */
};

/* Takes the socket. */
void conn_new(struct front *f, int fd);
/* At once; what was to be sent is lost. */
void conn_close(struct conn *c);
/* In the middle of an answer, so that the client sees that it is not complete. */
void conn_cut(struct conn *c);
/* Goes on with what has come, and sends what there is to send. Call it when the state has changed. */
void conn_run(struct conn *c);
/* Looks at the deadlines. */
void conn_tick(struct conn *c);
/*
 * Ends the request with an answer. `fields` is text of header fields, each ended by CR LF, or NULL;
 * `type` may be NULL. To be followed by conn_run(), except out of a handler.
 */
void conn_reply(struct conn *c, int status, const char *type, const char *fields, const void *body,
		size_t n);
/* The same with {"error": why}. */
void conn_refuse(struct conn *c, int status, const char *fields, const char *why);
/* The same, and no more requests: the body of this one was not read. */
void conn_refuse_unread(struct conn *c, int status, const char *why);

/* The client's address. */
const char *conn_peer(struct conn *c);

/* For answers that are passed on. */
void conn_write(struct conn *c, const void *p, size_t n);
size_t conn_unsent(const struct conn *c);
/* The answer is complete; `clean`: and so was the request. */
void conn_end_reply(struct conn *c, int status, bool clean);
/* Appends "Connection: close" when it is to be. */
void conn_add_connection(struct conn *c, struct strbuf *head);
/* The words for a status. */
const char *conn_reason(int status);
