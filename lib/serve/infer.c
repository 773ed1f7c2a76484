/* From a prediction request to its reply: route, parse, ask a worker, format. */
#include <inttypes.h>

#include "base/num.h"
#include "serve/gateway.h"

int gateway_refuse(struct http_call *call, int status, const char *message)
{
	struct json *body = js_obj();

	js_set(body, "error", js_str(message));
	return http_reply_json(call, status, body);
}

static bool is_served(const struct served_model *model, const char *name, const char *version)
{
	int64_t number;

	return !strcmp(model->name, name) &&
	       (!version || (num_parse_i64(version, &number) && number == model->version));
}

int gateway_route(struct gateway *g, struct http_call *call, struct live_revision **out)
{
	const char *name = http_call_param(call, "model");
	const char *version = http_call_param(call, "version");
	struct live_revision *live = revision_current(g->revisions);

	if (!live) {
		http_reply_header(call, "Retry-After", "1");
		gateway_refuse(call, 503, "no model is served yet");
		return -1;
	}
	if (!is_served(&live->model, name, version)) {
		autofree char *why =
			xasprintf("no model '%s'%s%s here; this is '%s' version %" PRId64, name,
				  version ? " version " : "", version ? version : "",
				  live->model.name, live->model.version);
		revision_release(live);
		gateway_refuse(call, 404, why);
		return -1;
	}
	*out = live;
	return 0;
}

bool gateway_is_ready(struct gateway *g)
{
	struct live_revision *live = revision_current(g->revisions);

	if (!live)
		return false;
	bool ready = workers_ready(live->workers);
	revision_release(live);
	return ready;
}

/* What a failed call is to the client. */
static int refuse_outcome(struct http_call *call, enum workers_outcome outcome)
{
	switch (outcome) {
	case WORKERS_OK:
		break;
	case WORKERS_BUSY:
		http_reply_header(call, "Retry-After", "1");
		return gateway_refuse(call, 503, "all workers are busy");
	case WORKERS_TIMEOUT:
		return gateway_refuse(call, 504, "the model gave no answer in time");
	case WORKERS_CRASHED:
		return gateway_refuse(call, 502, "the model's process died over this request");
	}
	return gateway_refuse(call, 500, "unknown failure");
}

static int reply_predictions(struct http_call *call, const struct protocol *protocol,
			     const struct json *request, const struct served_model *model,
			     const struct strbuf *answer)
{
	autoerr err = ERR_INIT;
	autojson *v = NULL;
	struct json *reply;

	if (js_parse(answer->buf, answer->len, "the worker's answer", &v, &err))
		return gateway_refuse(call, 500, err.msg);
	if (js_type(js_get(v, "predictions")) != JSON_ARR) {
		const char *why = js_get_text(v, "error");

		return gateway_refuse(call, 500,
				      why ? why : "the worker's answer has no predictions");
	}
	if (protocol->format(request, js_get(v, "predictions"), model, &reply, &err))
		return gateway_refuse(call, err.kind == MLOPS_EINVALID ? 400 : 500, err.msg);
	return http_reply_json(call, 200, reply);
}

static int infer(struct http_call *call, const struct protocol *protocol,
		 struct live_revision *live)
{
	struct str body = http_call_body(call);
	autoerr err = ERR_INIT;
	autojson *request = NULL, *rows = NULL;
	autobuf answer = { 0 };

	if (js_parse(body.p, body.n, "the request", &request, &err) ||
	    protocol->parse(request, &rows, &err))
		return gateway_refuse(call, 400, err.msg);
	enum workers_outcome outcome = workers_predict(live->workers, rows, &answer);
	if (outcome)
		return refuse_outcome(call, outcome);
	return reply_predictions(call, protocol, request, &live->model, &answer);
}

int gateway_infer(struct gateway *g, struct http_call *call, const struct protocol *protocol)
{
	struct live_revision *live;

	if (gateway_route(g, call, &live))
		return 0;
	atomic_fetch_add(&g->metrics->in_flight, 1);
	int rc = infer(call, protocol, live);
	atomic_fetch_sub(&g->metrics->in_flight, 1);
	revision_release(live);
	return rc;
}
