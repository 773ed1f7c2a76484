/* Requests by route and status, and how long they took: atomics, so recording takes no lock. */
#include "serve/metrics.h"

#include "base/num.h"
#include "serve/gateway/call.h"

#define STATUS_MIN 100
#define STATUS_MAX 599

static const double buckets_s[METRICS_BUCKETS] = { 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
				    0.1,     0.25,   0.5,   1,      2.5,   5,    10 };

struct route_metrics {
	const char *method, *path;
	atomic_uint_fast64_t by_status[STATUS_MAX - STATUS_MIN + 1];
	struct metrics_times times;
};

struct metrics *metrics_new(const struct gateway_route *routes)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	while (routes[m->n_routes].method)
		m->n_routes++;
	m->routes = xcalloc(m->n_routes + 1, sizeof(*m->routes));
	for (size_t i = 0; i < m->n_routes; i++) {
		m->routes[i].method = routes[i].method;
		m->routes[i].path = routes[i].path;
	}
	m->routes[m->n_routes].method = "any";
	m->routes[m->n_routes].path = "other";
	m->n_routes++;
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
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

void metrics_record(struct metrics *m, size_t route, int status, int64_t duration_ns)
{
	struct route_metrics *r = &m->routes[route];

	if (status >= STATUS_MIN && status <= STATUS_MAX)
		atomic_fetch_add(&r->by_status[status - STATUS_MIN], 1);
	metrics_time(&r->times, duration_ns);
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
	autofree char *labels = xasprintf("method=\"%s\",route=\"%s\"", r->method, r->path);

	metrics_render_times(&r->times, "mlops_request_duration_seconds", labels, out);
}

void metrics_render(const struct metrics *m, struct strbuf *out)
{
	metrics_render_head(out, "mlops_requests_total", "counter", "Requests answered.");
	for (size_t i = 0; i < m->n_routes; i++)
		render_statuses(&m->routes[i], out);
	metrics_render_head(out, "mlops_request_duration_seconds", "histogram",
		    "Time to answer a request.");
	for (size_t i = 0; i < m->n_routes; i++)
		render_durations(&m->routes[i], out);
	metrics_render_head(out, "mlops_requests_in_flight", "gauge", "Predictions being made.");
	strbuf_addf(out, "mlops_requests_in_flight %ld\n", atomic_load(&m->in_flight));
	metrics_render_head(out, "mlops_worker_restarts_total", "counter",
		    "Worker processes started again.");
	strbuf_addf(out, "mlops_worker_restarts_total %lu\n", atomic_load(&m->restarts));
}
