/*
 * Requests of the transports that speak HTTP. A request is made again when the connection or the
 * server failed, not when it refused: 5 times in all, after 0.25 s, 0.5 s, 1 s, 2 s and up to as
 * much again at random, or what Retry-After says up to 30 s. A download goes on where it broke off.
 */
#pragma once

#include "base/url.h"
#include "http/client.h"
#include "remote/transport.h"

struct web_call;

/* A remote that is reached over HTTP; `self` is handed to the functions. */
struct web {
	char *name;
	struct http_engine *engine;
	int64_t timeout_ms;
	_Atomic uint64_t *moved;
	char *bearer; /* a token for every request; or NULL. Owned */
	/* Adds to call->signed_headers what lets the request in; before each try. May be NULL. */
	int (*sign)(void *self, struct web_call *call, struct mlops_error *err);
	/*
	 * After a reply that refuses: 1 when a try with what is known now may do better (another
	 * token, another region), 0 when not, -1. Asked once a call. May be NULL.
	 */
	int (*reconsider)(void *self, struct web_call *call, struct mlops_error *err);
	void *self;
};

struct web_call {
	const char *method;
	char *url; /* owned */
	struct strlist headers;
	/* What is sent: `body`, or n bytes of a source from `at` on; `n` is the length of either. */
	const char *body;
	const struct remote_source *from;
	uint64_t at, n;
	/* Where the body of a reply goes; without a sink it is collected. */
	const struct byte_sink *sink;
	struct byte_range range;
	bool follow; /* redirects, and take ~/.netrc: a plain web server */
	bool once;   /* what was asked is not the same when asked twice */
	/* The sink gets each try's bytes from the start, after this was called; or NULL. */
	void (*restart)(struct web_call *call, void *arg);
	void *restart_arg;
	struct http_response r;
	struct strlist signed_headers; /* wiped when the call is cleared */
	char *body_hash;               /* SHA-256 of what is sent, in hex, for signing; or NULL */
	char *range_value;             /* of the header Range, for signing; or NULL */
	/* Of the try that runs and those before: */
	struct web *web;
	uint64_t received, skip, sent;
	bool started;
	char *etag;
};
#define WEB_CALL(...) ((struct web_call){ .range = RANGE_ALL, __VA_ARGS__ })

void web_init(struct web *w, const struct transport_how *how);
void web_clear(struct web *w);
/* 0 for any complete reply, whose status is in call->r; MLOPS_EREMOTE when there was none. */
int web_run(struct web *w, struct web_call *call, struct mlops_error *err);
void web_call_clear(struct web_call *call);
#define autocall __attribute__((cleanup(web_call_clear))) struct web_call

__attribute__((format(printf, 2, 3))) void web_header(struct web_call *call, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void web_sign(struct web_call *call, const char *fmt, ...);
static inline bool web_succeeded(const struct web_call *call)
{
	return call->r.status >= 200 && call->r.status < 300;
}
/* Size and time of a key as a reply's headers tell it. */
void web_key_info(const struct web_call *call, struct key_info *out);
/* The error of a reply that refuses, with the service's message when there is one. */
int web_refused(const struct web *w, const struct web_call *call, const char *message,
		struct mlops_error *err);
/* The same for <Error><Code>..</Code><Message>..</Message></Error>; returns the code ("": none), new. */
char *web_refused_xml(const struct web *w, const struct web_call *call, struct mlops_error *err);
/* "Sun, 06 Nov 1994 08:49:37 GMT" in milliseconds; 0 when it is something else. */
int64_t web_parse_date(const char *text);
