/* Counters of the gateway, and of what a server counts by route, in Prometheus' text form. Any thread. */
#pragma once

#include <stdatomic.h>

#include "base/str.h"

struct gateway_route;

#define METRICS_BUCKETS 15

/* How long answers took. */
struct metrics_times {
	atomic_uint_fast64_t by_bucket[METRICS_BUCKETS + 1]; /* the last: slower than all */
	atomic_uint_fast64_t total_ns;
};
void metrics_time(struct metrics_times *t, int64_t ns);
/* As a histogram `name` with these labels ("a=\"b\""); nothing when there was no answer. */
void metrics_render_times(const struct metrics_times *t, const char *name, const char *labels,
			  struct strbuf *out);
void metrics_render_head(struct strbuf *out, const char *name, const char *type, const char *help);

#define METRICS_STATUSES 500 /* from 100 */
#define METRICS_CLASSES	 5   /* of statuses: 1xx to 5xx */

/* Requests of one form: by status, and how long they took by its class. */
struct route_metrics {
	const char *method, *path; /* lent */
	atomic_uint_fast64_t by_status[METRICS_STATUSES];
	struct metrics_times by_class[METRICS_CLASSES];
};
void route_metrics_record(struct route_metrics *r, int status, int64_t duration_ns);
/* mlops_requests_total and mlops_request_duration_seconds. */
void route_metrics_render(struct route_metrics *const *routes, size_t n, struct strbuf *out);

struct metrics {
	atomic_int_fast64_t in_flight;
	atomic_uint_fast64_t restarts; /* of workers */
	size_t n_routes;
	struct route_metrics **routes; /* the last one is for paths that are none */
};

/* `routes` ends with a NULL method, and outlives the metrics. */
struct metrics *metrics_new(const struct gateway_route *routes);
void metrics_free(struct metrics *m);
/* Of the route with that index; n_routes - 1 is for all others. */
void metrics_record(struct metrics *m, size_t route, int status, int64_t duration_ns);
void metrics_render(const struct metrics *m, struct strbuf *out);
