/* Starting and ending the gateway: its port, and its control socket. */
#include "serve/gateway.h"

#include "base/fs.h"
#include "base/vec.h"
#include "http/server.h"
#include "mlops/serve.h"
#include "serve/gateway/call.h"
#include "serve/gateway/front.h"
#include "serve/gateway/keys.h"
#include "serve/gateway/journal.h"

#define DRAIN_MS           30000
#define CONTROL_THREADS    4        /* /status answers while /revisions waits */
#define CONTROL_IDLE_MS    86400000 /* longer than any gate */
#define CONTROL_DRAIN_MS   1000
#define REQUEST_TIMEOUT_MS 30000
#define START_TIMEOUT_MS   30000
#define TIMEOUT_MAX_MS     86400000
#define QUEUE              256
#define QUEUE_MAX          65536
#define BATCH_MS           50
#define THREADS_MAX        256

/* All tables in one; new. */
static struct gateway_route *join_routes(void)
{
	static const struct gateway_route *const tables[] = { routes_own, routes_tfserving, routes_oip,
							       routes_mlflow, routes_grpc };
	VEC(struct gateway_route) all = { 0 };

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct gateway_route *r = tables[t]; r->method; r++)
			vec_push(&all, *r);
	vec_push(&all, { .method = NULL });
	return all.v;
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

void gateway_record(struct gateway *g, const struct gateway_route *route, int status,
		    int64_t duration_ns)
{
	metrics_record(g->metrics, route ? (size_t)(route - g->routes) : g->metrics->n_routes - 1,
		       status, duration_ns);
}

static struct json *error_body(const struct mlops_error *err, int status)
{
	struct json *body = js_obj();

	(void)status;
	js_set(body, "error", js_str(err->msg));
	return body;
}

static int check_ranges(const struct gateway_how *how, struct mlops_error *err)
{
	if (how->request_timeout_ms < 1 || how->request_timeout_ms > TIMEOUT_MAX_MS)
		return err_set(err, MLOPS_EUSAGE, "a time-out is from 1 ms to 1 day");
	if (how->threads < 0 || how->threads > THREADS_MAX)
		return err_set(err, MLOPS_EUSAGE, "the number of threads is from 1 to %d", THREADS_MAX);
	if (how->queue < 1 || how->queue > QUEUE_MAX)
		return err_set(err, MLOPS_EUSAGE, "a queue has room for 1 to %d predictions", QUEUE_MAX);
	if (how->record_percent < 1 || how->record_percent > 100)
		return err_set(err, MLOPS_EUSAGE, "a share is from 1 to 100 percent");
	if (how->batch < 0 || how->batch > QUEUE_MAX)
		return err_set(err, MLOPS_EUSAGE, "a batch has 0 to %d rows", QUEUE_MAX);
	return 0;
}

static int check_how(const struct gateway_how *how, struct mlops_error *err)
{
	const struct worker_kind *kind;

	if (!how->insecure && !how->keys && !http_listen_is_loopback(how->listen)) {
		err_set(err, MLOPS_EUSAGE,
			"'%s' is not a loopback address, and the gateway asks "
			"nobody who they are",
			how->listen);
		return err_hint(err,
				"give --keys, put a proxy with authentication in front, or give --insecure");
	}
	if (check_ranges(how, err))
		return -1;
	if (!how->model_dir)
		return how->control ? 0 : err_set(err, MLOPS_EUSAGE, "no model to serve");
	return worker_kind_find(how->model_dir, &kind, err);
}

static int serve_first(struct gateway *g, const struct gateway_how *how, struct mlops_error *err)
{
	const struct revision_how first = {
		.model = { .name = how->model, .version = how->version, .revision = how->revision },
		.model_dir = how->model_dir,
		.workers = how->workers,
		.start_timeout_ms = how->start_timeout_ms,
		.gateway = how,
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
static int run_servers(struct gateway *g, const struct gateway_how *how, struct mlops_error *err)
{
	struct http_server *control = NULL;
	struct fronts *fronts;

	if (fronts_start(g, how->listen, (unsigned)how->threads, &fronts, err))
		return -1;
	g->url = fronts_url(fronts);
	if (how->control && start_control(g, how->control, &control, err))
		return -1;
	if (how->ready)
		how->ready(g->url, how->arg);
	http_wait_for_signal();
	if (control)
		http_server_stop(control, CONTROL_DRAIN_MS);
	fronts_drain(fronts, DRAIN_MS);
	return 0;
}

/* One gateway a control socket: the lock is held while it lives. */
static int lock_control(const char *control, int *lock, struct mlops_error *err)
{
	autofree char *path = xasprintf("%s.lock", control);

	return fs_lock(path, FS_LOCK_EXCLUSIVE, 0, lock, err);
}

static int open_files(struct gateway *g, const struct gateway_how *how, struct mlops_error *err)
{
	if (how->keys && keys_open(how->keys, &g->keys, err))
		return -1;
	return how->record ? journal_open(how->record, how->record_percent, &g->journal, err) : 0;
}

static void fill_in(struct gateway_how *how)
{
	how->workers = how->workers ? how->workers : 1;
	how->start_timeout_ms = how->start_timeout_ms ? how->start_timeout_ms : START_TIMEOUT_MS;
	how->request_timeout_ms =
		how->request_timeout_ms ? how->request_timeout_ms : REQUEST_TIMEOUT_MS;
	how->queue = how->queue ? how->queue : QUEUE;
	how->batch_ms = how->batch_ms ? how->batch_ms : BATCH_MS;
	how->record_percent = how->record_percent ? how->record_percent : 100;
}

int mlops_gateway_run(const struct gateway_how *wanted, struct mlops_error *err)
{
	autofree struct gateway_route *routes = join_routes();
	struct gateway_how how = *wanted;
	autoclose int lock = -1;
	struct gateway g = { .control_dir = -1, .routes = routes, .how = &how };

	http_catch_signals();
	fill_in(&how);
	g.request_timeout_ms = how.request_timeout_ms;
	if (check_how(&how, err) || (how.control && lock_control(how.control, &lock, err)))
		return -1;
	g.metrics = metrics_new(routes);
	int rc = open_files(&g, &how, err);
	if (!rc)
		rc = revision_holder_new(g.metrics, &g.revisions, err);
	if (!rc)
		rc = serve_first(&g, &how, err);
	if (!rc)
		rc = run_servers(&g, &how, err);
	/* Predictions that are still being made come back to the fronts, which release revisions. */
	fronts_cut(g.fronts);
	revision_holder_free(g.revisions);
	fronts_free(g.fronts);
	keys_free(g.keys);
	journal_free(g.journal);
	metrics_free(g.metrics);
	if (g.control_dir >= 0)
		close(g.control_dir);
	return rc;
}
