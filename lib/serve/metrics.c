/* Requests by route and status, and how long they took: atomics, so recording takes no lock. */
#include "serve/metrics.h"

#include "base/num.h"
#include "serve/gateway/call.h"

#define STATUS_MIN 100

static const double buckets_s[METRICS_BUCKETS] = { 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
				    0.1,     0.25,   0.5,   1,      2.5,   5,    10 };

static struct route_metrics *route_metrics_new(const char *method, const char *path)
{
	struct route_metrics *r = xcalloc(1, sizeof(*r));

	r->method = method;
	r->path = path;
	return r;
}

struct metrics *metrics_new(const struct gateway_route *routes)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	while (routes[m->n_routes].method)
		m->n_routes++;
	m->routes = xcalloc(m->n_routes + 1, sizeof(*m->routes));
	for (size_t i = 0; i < m->n_routes; i++)
		m->routes[i] = route_metrics_new(routes[i].method, routes[i].path);
	m->routes[m->n_routes++] = route_metrics_new("any", "other");
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_routes; i++)
		free(m->routes[i]);
	free(m->routes);
	free(m);
}

void metrics_time(struct metrics_times *t, int64_t ns)
{
	double seconds = (double)ns / 1e9;
	size_t bucket = 0;

	while (bucket < METRICS_BUCKETS && seconds > buckets_s[bucket])
		bucket++;
	atomic_fetch_add(&t->by_bucket[bucket], 1);
	atomic_fetch_add(&t->total_ns, (uint64_t)ns);
}

void route_metrics_record(struct route_metrics *r, int status, int64_t duration_ns)
{
	if (status < STATUS_MIN || status >= STATUS_MIN + METRICS_STATUSES)
		return;
	atomic_fetch_add(&r->by_status[status - STATUS_MIN], 1);
	metrics_time(&r->by_class[status / 100 - 1], duration_ns);
}

void metrics_record(struct metrics *m, size_t route, int status, int64_t duration_ns)
{
	route_metrics_record(m->routes[route], status, duration_ns);
}

void metrics_render_head(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void render_statuses(const struct route_metrics *r, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(r->by_status); i++) {
		uint64_t n = atomic_load(&r->by_status[i]);

		if (n)
			strbuf_addf(
				out,
				"mlops_requests_total{method=\"%s\",route=\"%s\",status=\"%zu\"} %lu\n",
				r->method, r->path, i + STATUS_MIN, n);
	}
}

void metrics_render_times(const struct metrics_times *t, const char *name, const char *labels,
			  struct strbuf *out)
{
	uint64_t n = 0, all = 0;
	char number[NUM_SIZE];

	for (size_t i = 0; i <= METRICS_BUCKETS; i++)
		all += atomic_load(&t->by_bucket[i]);
	if (!all)
		return;
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		n += atomic_load(&t->by_bucket[i]);
		strbuf_addf(out, "%s_bucket{%s,le=\"%s\"} %lu\n", name, labels,
			    i < METRICS_BUCKETS ? num_format_double(buckets_s[i], number) : "+Inf", n);
	}
	strbuf_addf(out, "%s_sum{%s} %.9f\n", name, labels, (double)atomic_load(&t->total_ns) / 1e9);
	strbuf_addf(out, "%s_count{%s} %lu\n", name, labels, n);
}

static void render_durations(const struct route_metrics *r, struct strbuf *out)
{
	for (int i = 0; i < METRICS_CLASSES; i++) {
		autofree char *labels = xasprintf("method=\"%s\",route=\"%s\",status_class=\"%dxx\"",
						  r->method, r->path, i + 1);

		metrics_render_times(&r->by_class[i], "mlops_request_duration_seconds", labels, out);
	}
}

void route_metrics_render(struct route_metrics *const *routes, size_t n, struct strbuf *out)
{
	metrics_render_head(out, "mlops_requests_total", "counter", "Requests answered.");
	for (size_t i = 0; i < n; i++)
		render_statuses(routes[i], out);
	metrics_render_head(out, "mlops_request_duration_seconds", "histogram",
		    "Time to answer a request.");
	for (size_t i = 0; i < n; i++)
		render_durations(routes[i], out);
}

void metrics_render(const struct metrics *m, struct strbuf *out)
{
	route_metrics_render(m->routes, m->n_routes, out);
	metrics_render_head(out, "mlops_requests_in_flight", "gauge", "Predictions being made.");
	strbuf_addf(out, "mlops_requests_in_flight %ld\n", atomic_load(&m->in_flight));
	metrics_render_head(out, "mlops_worker_restarts_total", "counter",
		    "Worker processes started again.");
	strbuf_addf(out, "mlops_worker_restarts_total %lu\n", atomic_load(&m->restarts));
}
