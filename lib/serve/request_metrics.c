/*
 * Requests are counted by method and form. Both are of routes, so that there are few: what is no
 * route's is "any" and "other". GET /metrics shows them.
 */
#include "serve/request_metrics.h"

#include <pthread.h>

#include "base/map.h"
#include "serve/access.h"
#include "serve/metrics.h"
#include "serve/objects.h"

struct form {
	struct route_metrics counts; /* the first */
	char *method, *path;
};

struct request_metrics {
	pthread_mutex_t lock; /* guards the map; its values are atomic, and stay */
	struct map forms;     /* "METHOD path" -> struct form */
};

struct request_metrics *request_metrics_new(void)
{
	struct request_metrics *m = xcalloc(1, sizeof(*m));

	pthread_mutex_init(&m->lock, NULL);
	return m;
}

static void form_free(void *value)
{
	struct form *f = value;

	free(f->method);
	free(f->path);
	free(f);
}

void request_metrics_free(struct request_metrics *m)
{
	if (!m)
		return;
	map_clear_values(&m->forms, form_free);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static struct form *form_new(const char *method, const char *path)
{
	struct form *f = xcalloc(1, sizeof(*f));

	f->counts.method = f->method = xstrdup(method);
	f->counts.path = f->path = xstrdup(path);
	return f;
}

void request_metrics_add(struct request_metrics *m, const struct http_call *call)
{
	const char *path = http_call_form(call);
	const char *method = path ? http_call_method(call) : "any";

	path = path ? path : "other";
	autofree char *key = xasprintf("%s %s", method, path);
	pthread_mutex_lock(&m->lock);
	struct form *f = map_get(&m->forms, key);
	if (!f)
		map_put(&m->forms, key, f = form_new(method, path));
	pthread_mutex_unlock(&m->lock);
	route_metrics_record(&f->counts, http_call_status(call), http_call_duration_ns(call));
}

static void render(struct request_metrics *m, struct strbuf *out)
{
	pthread_mutex_lock(&m->lock);
	size_t n = m->forms.n;
	autofree struct route_metrics **all = xcalloc(n + 1, sizeof(struct route_metrics *));
	for (size_t i = 0; i < n; i++)
		all[i] = &((struct form *)m->forms.v[i].value)->counts;
	pthread_mutex_unlock(&m->lock);
	route_metrics_render(all, n, out);
}

/* Of the whole server, so below no project. */
static int get_metrics(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	autobuf text = { 0 };

	if (http_call_mount_name(call))
		return err_set(err, MLOPS_ENOTFOUND, "a project has no metrics of its own");
	render(s->server->metrics, &text);
	return http_reply(call, 200, "text/plain; version=0.0.4", text.buf, text.len);
}

const struct http_route metrics_routes[] = {
	{ .method = "GET", .path = "/metrics", .handle = get_metrics },
	{ .method = NULL },
};
