/* Routes that no protocol owns: health and metrics. */
#include <inttypes.h>

#include "serve/gateway/call.h"

static void get_health(struct call *call)
{
	bool ready = gateway_is_ready(call->gateway);
	struct json *reply = js_obj();

	js_set(reply, "status", js_str(ready ? "ok" : "unavailable"));
	call_reply_json(call, ready ? 200 : 503, reply);
}

static void add_revisions(struct strbuf *text, struct gateway *g)
{
	struct live_revision *live = revision_current(g->revisions);

	strbuf_adds(text, "# HELP mlops_workers_ready Worker processes that can answer.\n"
			  "# TYPE mlops_workers_ready gauge\n");
	strbuf_addf(text, "mlops_workers_ready %u\n", live ? live->kind->ready(live->workers) : 0);
	strbuf_adds(text, "# HELP mlops_revision_info What is served.\n"
			  "# TYPE mlops_revision_info gauge\n");
	if (!live)
		return;
	strbuf_addf(text,
		    "mlops_revision_info{model=\"%s\",version=\"%" PRId64 "\",revision=\"%" PRId64
		    "\"} 1\n",
		    live->model.name, live->model.version, live->model.revision);
	revision_release(live);
}

static void get_metrics(struct call *call)
{
	autobuf text = { 0 };

	metrics_render(call->gateway->metrics, &text);
	add_revisions(&text, call->gateway);
	call_reply(call, 200, "text/plain; version=0.0.4", text.buf, text.len);
}

const struct gateway_route routes_own[] = {
	{ .method = "GET", .path = "/health", .handle = get_health, .own = true },
	{ .method = "GET", .path = "/metrics", .handle = get_metrics, .own = true },
	{ .method = NULL },
};
