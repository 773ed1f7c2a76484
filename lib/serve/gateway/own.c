/* Routes that no protocol owns: health and metrics. */
#include <inttypes.h>

#include "serve/gateway/call.h"
#include "serve/gateway/keys.h"

static void get_health(struct call *call)
{
	bool ready = gateway_is_ready(call->gateway);
	struct json *reply = js_obj();

	js_set(reply, "status", js_str(ready ? "ok" : "unavailable"));
	call_reply_json(call, ready ? 200 : 503, reply);
}

static void add_info(struct live_revision *r, int64_t weight, bool shadow, void *arg)
{
	(void)weight, (void)shadow;
	strbuf_addf(arg,
		    "mlops_revision_info{model=\"%s\",version=\"%" PRId64 "\",revision=\"%" PRId64
		    "\"} 1\n",
		    r->model.name, r->model.version, r->model.revision);
}

static void add_weight(struct live_revision *r, int64_t weight, bool shadow, void *arg)
{
	(void)shadow;
	strbuf_addf(arg, "mlops_revision_weight{revision=\"%" PRId64 "\"} %" PRId64 "\n",
		    r->model.revision, weight);
}

static void add_answers(struct live_revision *r, int64_t weight, bool shadow, void *arg)
{
	(void)weight, (void)shadow;
	for (size_t i = 1; i < ARRAY_LEN(r->answers); i++)
		strbuf_addf(arg,
			    "mlops_revision_requests_total{revision=\"%" PRId64
			    "\",status=\"%zuxx\"} %lu\n",
			    r->model.revision, i + 1, atomic_load(&r->answers[i]));
}

static void add_times(struct live_revision *r, int64_t weight, bool shadow, void *arg)
{
	autofree char *label = xasprintf("revision=\"%" PRId64 "\"", r->model.revision);

	(void)weight, (void)shadow;
	metrics_render_times(&r->times, "mlops_revision_duration_seconds", label, arg);
}

static void add_shadow(struct live_revision *r, int64_t weight, bool shadow, void *arg)
{
	const struct {
		const char *result;
		uint64_t n;
	} all[] = { { "same", atomic_load(&r->same) },
		    { "different", atomic_load(&r->different) },
		    { "failed", atomic_load(&r->failed) } };

	(void)weight;
	for (size_t i = 0; shadow && i < ARRAY_LEN(all); i++)
		strbuf_addf(arg,
			    "mlops_shadow_predictions_total{revision=\"%" PRId64
			    "\",result=\"%s\"} %lu\n",
			    r->model.revision, all[i].result, all[i].n);
}

static void add_revisions(struct strbuf *text, struct gateway *g)
{
	static const struct {
		const char *name, *type, *help;
		void (*add)(struct live_revision *r, int64_t weight, bool shadow, void *arg);
	} all[] = {
		{ "mlops_revision_info", "gauge", "What is served.", add_info },
		{ "mlops_revision_weight", "gauge", "Its share of the traffic.", add_weight },
		{ "mlops_revision_requests_total", "counter", "Requests it answered.", add_answers },
		{ "mlops_revision_duration_seconds", "histogram", "Time to answer.", add_times },
		{ "mlops_shadow_predictions_total", "counter",
		  "Predictions compared with those that were answered.", add_shadow },
	};
	struct live_revision *live = revision_current(g->revisions);

	metrics_render_head(text, "mlops_workers_ready", "gauge", "Worker processes that can answer.");
	strbuf_addf(text, "mlops_workers_ready %u\n", live ? live->kind->ready(live->workers) : 0);
	if (live)
		revision_release(live);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		metrics_render_head(text, all[i].name, all[i].type, all[i].help);
		revision_each(g->revisions, all[i].add, text);
	}
}

static void get_metrics(struct call *call)
{
	autobuf text = { 0 };

	metrics_render(call->gateway->metrics, &text);
	add_revisions(&text, call->gateway);
	keys_render(call->gateway->keys, &text);
	call_reply(call, 200, "text/plain; version=0.0.4", text.buf, text.len);
}

const struct gateway_route routes_own[] = {
	{ .method = "GET", .path = "/health", .handle = get_health, .own = true, .open = true },
	{ .method = "GET", .path = "/metrics", .handle = get_metrics, .own = true },
	{ .method = NULL },
};
