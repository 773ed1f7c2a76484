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
	bool ready = live->kind->ready(live->workers);
	revision_release(live);
	return ready;
}

/* What a failed call is to the client. */
static int refuse_outcome(struct http_call *call, enum workers_outcome outcome,
			  const struct mlops_error *err)
{
	switch (outcome) {
	case WORKERS_OK:
		break;
	case WORKERS_FAILED:
		return gateway_refuse(call, err->kind == MLOPS_EINVALID ? 400 : 500, err->msg);
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
			     struct json *predictions)
{
	autoerr err = ERR_INIT;
	struct json *reply;

	if (protocol->format(request, predictions, model, &reply, &err))
		return gateway_refuse(call, err.kind == MLOPS_EINVALID ? 400 : 500, err.msg);
	return http_reply_json(call, 200, reply);
}

static int infer(struct http_call *call, const struct protocol *protocol,
		 struct live_revision *live)
{
	struct str body = http_call_body(call);
	autoerr err = ERR_INIT;
	autojson *request = NULL, *rows = NULL, *predictions = NULL;

	if (js_parse(body.p, body.n, "the request", &request, &err) ||
	    protocol->parse(request, &rows, &err))
		return gateway_refuse(call, 400, err.msg);
	enum workers_outcome outcome = live->kind->predict(live->workers, rows, &predictions, &err);
	if (outcome)
		return refuse_outcome(call, outcome, &err);
	return reply_predictions(call, protocol, request, &live->model, predictions);
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
