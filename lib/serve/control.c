/*
 * The control socket of a gateway that `mlops deploy` runs. JSON over HTTP:
 *   POST /revisions {model, version, revision, model_dir, workers, timeout_ms}   200, 409 or 400
 *   GET /status     {pid, url, revision, model, version, workers_ready, starting}
 *   POST /stop      200; then the gateway finishes what is in flight and ends
 */
#include <signal.h>

#include "http/server.h"
#include "serve/gateway.h"

#define BODY_MAX 65536

static int read_how(const struct json *v, struct revision_how *how, struct mlops_error *err)
{
	how->model.name = js_get_text(v, "model");
	how->model_dir = js_get_text(v, "model_dir");
	if (!how->model.name || !how->model_dir || how->model_dir[0] != '/' ||
	    !js_get_int(v, "version", &how->model.version) ||
	    !js_get_int(v, "revision", &how->model.revision) ||
	    !js_get_int(v, "workers", &how->workers) ||
	    !js_get_int(v, "timeout_ms", &how->start_timeout_ms))
		return err_set(err, MLOPS_EINVALID, "the request lacks a field");
	return 0;
}

static struct json *status(struct gateway *g)
{
	struct live_revision *live = revision_current(g->revisions);
	struct json *v = js_obj();

	js_set(v, "pid", js_int(getpid()));
	js_set(v, "url", js_str(g->url));
	js_set(v, "starting", js_int(revision_starting(g->revisions)));
	js_set(v, "revision", js_int(live ? live->model.revision : 0));
	if (!live)
		return v;
	js_set(v, "model", js_str(live->model.name));
	js_set(v, "version", js_int(live->model.version));
	js_set(v, "workers_ready", js_int(live->kind->ready(live->workers)));
	revision_release(live);
	return v;
}

static int refuse(struct http_call *call, int status, const char *why)
{
	struct json *body = js_obj();

	js_set(body, "error", js_str(why));
	return http_reply_json(call, status, body);
}

static int post_revision(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct gateway *g = arg;
	struct str body = http_call_body(call);
	struct revision_how how = { .gateway = g->how };
	autojson *v = NULL;

	if (js_parse(body.p, body.n, "the request", &v, err) || read_how(v, &how, err))
		return refuse(call, 400, err->msg);
	if (revision_switch(g->revisions, &how, err))
		return refuse(call, err->kind == MLOPS_ENO ? 409 : 400, err->msg);
	return http_reply_json(call, 200, status(g));
}

static int get_status(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)err;
	return http_reply_json(call, 200, status(arg));
}

static int post_stop(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)err;
	kill(getpid(), SIGTERM);
	return http_reply_json(call, 200, status(arg));
}

const struct http_route routes_control[] = {
	{ .method = "POST", .path = "/revisions", .handle = post_revision, .max_body = BODY_MAX },
	{ .method = "GET", .path = "/status", .handle = get_status },
	{ .method = "POST", .path = "/stop", .handle = post_stop },
	{ .method = NULL },
};
