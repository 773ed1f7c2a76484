/*
 * The control socket of a gateway that `mlops deploy` runs. JSON over HTTP:
 *   POST /revisions {model, version, revision, model_dir, workers, timeout_ms, beside}
 *                   200, 409 or 400. It replaces what serves; or, with "beside": true, it serves
 *                   beside it, and gets no request before:
 *   POST /traffic   as traffic_read() takes it; 200, 404 or 400. What has no part in it is ended
 *   GET /status     {pid, url, revision, model, version, workers_ready, starting, revisions:
 *                   [{revision, version, weight, shadow, workers_ready, answers: {"2xx": n, ...},
 *                   same, different, failed}]}; the first ones are those of the largest share, and
 *                   the last three what came of a shadow's answers
 *   POST /stop      200; then the gateway finishes what is in flight and ends
 */
#include <signal.h>

#include "http/server.h"
#include "serve/gateway.h"
#include "serve/gateway/upstream.h"

#define BODY_MAX 65536

static int read_how(const struct json *v, struct revision_how *how, struct mlops_error *err)
{
	how->model.name = js_get_text(v, "model");
	how->model_dir = js_get_text(v, "model_dir");
	if (!how->model.name || !how->model_dir || (how->model_dir[0] != '/' && !upstream_is_url(how->model_dir)) ||
	    !js_get_int(v, "version", &how->model.version) ||
	    !js_get_int(v, "revision", &how->model.revision) ||
	    !js_get_int(v, "workers", &how->workers) ||
	    !js_get_int(v, "timeout_ms", &how->start_timeout_ms))
		return err_set(err, MLOPS_EINVALID, "the request lacks a field");
	how->beside = js_get_bool(v, "beside", false);
	return 0;
}

static void add_revision(struct live_revision *r, int64_t weight, bool shadow, void *arg)
{
	struct json *v = js_obj(), *answers = js_obj();

	js_set(v, "revision", js_int(r->model.revision));
	js_set(v, "version", js_int(r->model.version));
	js_set(v, "weight", js_int(weight));
	js_set(v, "shadow", js_bool(shadow));
	js_set(v, "workers_ready", js_int(r->kind->ready(r->workers)));
	for (size_t i = 1; i < ARRAY_LEN(r->answers); i++) {
		char name[] = { (char)('1' + i), 'x', 'x', '\0' };

		js_set(answers, name, js_int((int64_t)atomic_load(&r->answers[i])));
	}
	js_set(v, "answers", answers);
	js_set(v, "same", js_int((int64_t)atomic_load(&r->same)));
	js_set(v, "different", js_int((int64_t)atomic_load(&r->different)));
	js_set(v, "failed", js_int((int64_t)atomic_load(&r->failed)));
	js_push(arg, v);
}

static struct json *status(struct gateway *g)
{
	struct live_revision *live = revision_current(g->revisions);
	struct json *v = js_obj(), *all = js_arr();

	revision_each(g->revisions, add_revision, all);
	js_set(v, "revisions", all);

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

static int post_traffic(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct gateway *g = arg;
	struct str body = http_call_body(call);
	struct traffic traffic;
	autojson *v = NULL;

	if (js_parse(body.p, body.n, "the request", &v, err) || traffic_read(v, &traffic, err))
		return refuse(call, 400, err->msg);
	if (revision_share(g->revisions, &traffic, err))
		return refuse(call, 404, err->msg);
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
	{ .method = "POST", .path = "/traffic", .handle = post_traffic, .max_body = BODY_MAX },
	{ .method = "GET", .path = "/status", .handle = get_status },
	{ .method = "POST", .path = "/stop", .handle = post_stop },
	{ .method = NULL },
};
