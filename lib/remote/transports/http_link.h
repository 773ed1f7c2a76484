/* A connection to an `mlops server`: requests with retries, and what their errors mean. */
#pragma once

#include <pthread.h>

#include "http/client.h"
#include "remote/layout.h"

struct link {
	char *name, *url, *token;
	int64_t timeout_ms;
	_Atomic uint64_t *moved;
	pthread_mutex_t lock; /* guards idle */
	VEC(struct http_client *) idle;
};

/* A request that may be made more than once: `start` sets it up anew for each try. */
struct attempt {
	struct http_request req; /* all but url, bearer and time-out */
	const char *path;
	void (*start)(struct http_request *req, void *arg); /* or NULL */
	void *arg;
};

int link_open(const struct transport_how *how, void **conn, struct mlops_error *err);
void link_close(void *conn);
int link_check(void *conn, struct mlops_error *err);
/* One exchange with retries; the error of a failed connection names the remote. */
int link_exchange(struct link *l, struct attempt *a, struct http_response *r,
		  struct mlops_error *err);
/* The error for a reply that is not a success; returns -1. */
int link_refused(const struct link *l, const struct http_response *r, struct mlops_error *err);

static inline bool link_succeeded(const struct http_response *r)
{
	return r->status >= 200 && r->status < 300;
}

#define auto_response __attribute__((cleanup(http_response_clear))) struct http_response
