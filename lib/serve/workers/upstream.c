/* An HTTP server of whatever kind, that requests are passed on to as they are. */
#include "serve/gateway/upstream.h"
#include "serve/workers/kind.h"

static bool upstream_takes(const char *model)
{
	return upstream_is_url(model);
}

static int upstream_open(const struct workers_how *how, void **out, struct mlops_error *err)
{
	struct upstream *u;

	if (upstream_new(how->model_dir, &u, err))
		return -1;
	if (upstream_wait(u, how->start_timeout_ms, err)) {
		upstream_release(u);
		return -1;
	}
	*out = u;
	return 0;
}

static void upstream_close(void *state)
{
	struct upstream *u = state;

	atomic_store(&u->retired, true);
	upstream_release(u);
}

static struct upstream *upstream_get(void *state)
{
	return state;
}

static unsigned upstream_ready(void *state)
{
	return upstream_answers(state);
}

const struct worker_kind worker_upstream = {
	.name = "upstream",
	.help = "http://HOST:PORT or unix:/PATH, a server that requests are passed on to",
	.takes = upstream_takes,
	.open = upstream_open,
	.close = upstream_close,
	.upstream = upstream_get,
	.ready = upstream_ready,
};
