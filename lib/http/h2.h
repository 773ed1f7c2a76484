/*
 * The server's side of one HTTP/2 connection, over libnghttp2 (loaded on first use). Bytes go in and
 * out by the caller, who owns the socket. Bodies are collected. One thread.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define H2_STREAMS_MAX 256 /* at a time */

struct h2;

/* One request, whose head and body are complete; lent until it is answered or ended. */
struct h2_request {
	int32_t stream;
	char *method, *path; /* "" when it had none */
	struct strbuf fields; /* "name\0value\0" each, names in lower case */
	struct strbuf body;
	bool answered;
	struct strbuf out; /* what is left of the answer's body */
	size_t out_at;
	char *trailers; /* "name: value\r\n" each */
	struct h2_request *next;
};

struct h2_handlers {
	void (*request)(struct h2_request *r, void *arg);
	void (*ended)(struct h2_request *r, void *arg); /* before it is freed, answered or not */
	size_t max_body; /* larger ones are reset */
	/* Whether n more bytes of a body may be held; and that they are no more. */
	bool (*hold)(size_t n, void *arg);
	void (*release)(size_t n, void *arg);
};

/* What a client sends first. */
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

int h2_new(const struct h2_handlers *handlers, void *arg, struct h2 **out, struct mlops_error *err);
void h2_free(struct h2 *h); /* NULL is fine */
/* 0, or -1 when the connection is to be closed. */
int h2_receive(struct h2 *h, const void *p, size_t n);
/* Appends up to `max` bytes or so to be sent; -1 when the connection is to be closed. */
int h2_send(struct h2 *h, size_t max, struct strbuf *out);
/* Whether there are more requests to come, or answers to be sent. */
bool h2_is_alive(struct h2 *h);
/* No more requests. */
void h2_drain(struct h2 *h);
const char *h2_field(const struct h2_request *r, const char *name); /* or NULL */
/* Status 200; `trailers` as in h2_request. */
int h2_reply(struct h2 *h, struct h2_request *r, const char *type, const void *body, size_t n,
	     const char *trailers);
