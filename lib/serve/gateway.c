/* Starting and ending the gateway: its port, its control socket, routes that no protocol owns. */
#include "serve/gateway.h"

#include <inttypes.h>

#include "base/fs.h"
#include "base/vec.h"
#include "mlops/serve.h"

#define THREADS            64 /* a call holds one while its worker is busy */
#define DRAIN_MS           30000
#define IDLE_MS            30000    /* of a connection, beyond what a prediction may take */
#define CONTROL_THREADS    4        /* /status answers while /revisions waits */
#define CONTROL_IDLE_MS    86400000 /* longer than any gate */
#define CONTROL_DRAIN_MS   1000
#define REQUEST_TIMEOUT_MS 30000
#define START_TIMEOUT_MS   30000

static int get_health(struct http_call *call, void *arg, struct mlops_error *err)
{
	bool ready = gateway_is_ready(arg);
	struct json *reply = js_obj();

	(void)err;
	js_set(reply, "status", js_str(ready ? "ok" : "unavailable"));
	return http_reply_json(call, ready ? 200 : 503, reply);
}

static int get_metrics(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct gateway *g = arg;
	struct live_revision *live = revision_current(g->revisions);
	autobuf text = { 0 };

	(void)err;
	metrics_render(g->metrics, &text);
	strbuf_adds(&text, "# HELP mlops_workers_ready Worker processes that can answer.\n"
			   "# TYPE mlops_workers_ready gauge\n");
	strbuf_addf(&text, "mlops_workers_ready %u\n", live ? live->kind->ready(live->workers) : 0);
	strbuf_adds(&text, "# HELP mlops_revision_info What is served.\n"
			   "# TYPE mlops_revision_info gauge\n");
	if (live) {
		strbuf_addf(&text,
			    "mlops_revision_info{model=\"%s\",version=\"%" PRId64
			    "\",revision=\"%" PRId64 "\"} 1\n",
			    live->model.name, live->model.version, live->model.revision);
		revision_release(live);
	}
	return http_reply(call, 200, "text/plain; version=0.0.4", text.buf, text.len);
}

static const struct http_route routes_own[] = {
	{ .method = "GET", .path = "/health", .handle = get_health },
	{ .method = "GET", .path = "/metrics", .handle = get_metrics },
	{ .method = NULL },
};

/* All tables in one; new. */
static struct http_route *join_routes(void)
{
	static const struct http_route *const tables[] = { routes_tfserving, routes_oip,
							   routes_own };
	VEC(struct http_route) all = { 0 };

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct http_route *r = tables[t]; r->method; r++)
			vec_push(&all, *r);
	vec_push(&all, { .method = NULL });
	return all.v;
}

static struct json *error_body(const struct mlops_error *err, int status)
{
	struct json *body = js_obj();

	(void)status;
	js_set(body, "error", js_str(err->msg));
	return body;
}

static void record(const char *method, const char *route, int status, int64_t duration_ns,
		   void *arg)
{
	struct gateway *g = arg;

	metrics_record(g->metrics, method, route, status, duration_ns);
}

static int check_how(const struct gateway_how *how, struct mlops_error *err)
{
	if (!how->insecure && !http_listen_is_loopback(how->listen)) {
		err_set(err, MLOPS_EUSAGE,
			"'%s' is not a loopback address, and the gateway asks "
			"nobody who they are",
			how->listen);
		return err_hint(err,
				"put a proxy with authentication in front, or give --insecure");
	}
	if (!how->model_dir)
		return how->control ? 0 : err_set(err, MLOPS_EUSAGE, "no model to serve");
	const struct worker_kind *kind;
	return worker_kind_find(how->model_dir, &kind, err);
}

static int serve_first(struct gateway *g, const struct gateway_how *how, struct mlops_error *err)
{
	const struct revision_how first = {
		.model = { .name = how->model, .version = how->version, .revision = how->revision },
		.model_dir = how->model_dir,
		.workers = how->workers ? how->workers : 1,
		.start_timeout_ms =
			how->start_timeout_ms ? how->start_timeout_ms : START_TIMEOUT_MS,
		.request_timeout_ms = g->request_timeout_ms,
	};

	return how->model_dir ? revision_switch(g->revisions, &first, err) : 0;
}

static int start_control(struct gateway *g, const char *path, struct http_server **out,
			 struct mlops_error *err)
{
	autofree char *address = NULL;

	/* The folder stays open: the server removes the socket by this name when it stops. */
	if (fs_socket_path(path, &g->control_dir, &address, err))
		return -1;
	const struct http_server_how how = {
		.unix_socket = address,
		.routes = routes_control,
		.arg = g,
		.error_body = error_body,
		.threads = CONTROL_THREADS,
		.idle_timeout_ms = CONTROL_IDLE_MS,
	};
	return http_server_start(&how, out, err);
}

/* The control socket is there only once the port answers, and goes before it. */
static int run_servers(struct gateway *g, const struct gateway_how *how,
		       const struct http_route *routes, struct mlops_error *err)
{
	const struct http_server_how front_how = {
		.listen = how->listen,
		.routes = routes,
		.arg = g,
		.error_body = error_body,
		.done = record,
		.threads = THREADS,
		.idle_timeout_ms = g->request_timeout_ms + IDLE_MS,
	};
	struct http_server *front = NULL, *control = NULL;

	if (http_server_start(&front_how, &front, err))
		return -1;
	g->url = http_server_url(front);
	if (how->control && start_control(g, how->control, &control, err)) {
		http_server_stop(front, 0);
		return -1;
	}
	if (how->ready)
		how->ready(g->url, how->arg);
	http_wait_for_signal();
	if (control)
		http_server_stop(control, CONTROL_DRAIN_MS);
	http_server_stop(front, DRAIN_MS);
	return 0;
}

/* One gateway a control socket: the lock is held while it lives. */
static int lock_control(const char *control, int *lock, struct mlops_error *err)
{
	autofree char *path = xasprintf("%s.lock", control);

	return fs_lock(path, FS_LOCK_EXCLUSIVE, 0, lock, err);
}

int mlops_gateway_run(const struct gateway_how *how, struct mlops_error *err)
{
	autofree struct http_route *routes = join_routes();
	autoclose int lock = -1;
	struct gateway g = {
		.control_dir = -1,
		.request_timeout_ms =
			how->request_timeout_ms ? how->request_timeout_ms : REQUEST_TIMEOUT_MS,
	};

	http_catch_signals();
	if (check_how(how, err) || (how->control && lock_control(how->control, &lock, err)))
		return -1;
	g.metrics = metrics_new(routes);
	int rc = revision_holder_new(g.metrics, &g.revisions, err);
	if (!rc)
		rc = serve_first(&g, how, err);
	if (!rc)
		rc = run_servers(&g, how, routes, err);
	revision_holder_free(g.revisions);
	metrics_free(g.metrics);
	if (g.control_dir >= 0)
		close(g.control_dir);
	return rc;
}
