/* An HTTP server that requests are passed on to. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

struct upstream {
	atomic_uint refs;
	atomic_bool retired; /* connections to it need not be kept */
	atomic_bool failing; /* of late */
	atomic_int_least64_t probed_ms;
	char *authority; /* for Host */
	char *url;       /* for messages */
	struct sockaddr_storage address;
	socklen_t address_size;
};

/* "http://HOST:PORT", or "unix:/PATH"; whether a text is one of these at all: */
bool upstream_is_url(const char *text);
int upstream_new(const char *url, struct upstream **out, struct mlops_error *err);
struct upstream *upstream_hold(struct upstream *u);
void upstream_release(struct upstream *u);
/* A socket that is being connected, or -1 with errno. */
int upstream_connect(const struct upstream *u);
/* Whether it takes connections; once a second it is tried, when it failed of late. */
bool upstream_answers(struct upstream *u);
/* Waits until it takes connections. */
int upstream_wait(const struct upstream *u, int64_t timeout_ms, struct mlops_error *err);
