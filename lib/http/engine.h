/*
 * Requests of many threads over one set of connections: one thread runs libcurl's multi interface,
 * the callers wait, and exchange body bytes with it through buffers, so that reading, hashing and
 * writing them happens in their own threads. Connections are reused, HTTP/2 is used where it is
 * offered, the number of requests at a time adapts (http/window.h), and the rate can be limited.
 */
#pragma once

#include "http/client.h"

struct http_engine;

struct http_engine_how {
	unsigned jobs; /* requests at a time; 0: adapts */
	uint64_t rate; /* bytes a second both ways together; 0: no limit */
};

/* Costs nothing until the first request. */
struct http_engine *http_engine_new(const struct http_engine_how *how);
void http_engine_free(struct http_engine *e); /* no request may be running; NULL is fine */
/* As http_exchange(), from any thread. The callbacks run in the calling thread. */
int http_engine_exchange(struct http_engine *e, const struct http_request *req,
			 struct http_response *out, struct mlops_error *err);
