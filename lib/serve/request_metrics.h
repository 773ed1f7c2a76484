/* What a server counts of its requests, by form and status; any thread. */
#pragma once

#include "http/server.h"

struct request_metrics;

struct request_metrics *request_metrics_new(void);
void request_metrics_free(struct request_metrics *m); /* NULL is fine */
/* A request that is over. One that was not answered does not count. */
void request_metrics_add(struct request_metrics *m, const struct http_call *call);
