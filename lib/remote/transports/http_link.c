/*
 * Requests to an `mlops server`. They are tried again when the connection or the server failed,
 * not when it refused.
 */
#include "remote/transports/http_link.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/rand.h"
#include "fmt/json.h"
#include "remote/private.h"

#define TRIES         3
#define FIRST_WAIT_MS 250
#define MAX_WAIT_MS   30000
#define PROTOCOL      1

int link_open(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	char *token;
	size_t n;

	if (remote_token(how, &token, err))
		return -1;
	struct link *l = xcalloc(1, sizeof(*l));
	l->name = xstrdup(how->name);
	l->url = xstrdup(how->url);
	for (n = strlen(l->url); n && l->url[n - 1] == '/'; n--)
		l->url[n - 1] = '\0';
	l->token = token;
	l->timeout_ms = how->timeout_ms;
	l->moved = how->moved;
	pthread_mutex_init(&l->lock, NULL);
	*conn = l;
	return 0;
}

void link_close(void *conn)
{
	struct link *l = conn;

	for (size_t i = 0; i < l->idle.n; i++)
		http_client_free(l->idle.v[i]);
	vec_free(&l->idle);
	pthread_mutex_destroy(&l->lock);
	if (l->token)
		explicit_bzero(l->token, strlen(l->token));
	free(l->token);
	free(l->name);
	free(l->url);
	free(l);
}

/* A client (a connection) belongs to one thread at a time. */
static int take_client(struct link *l, struct http_client **out, struct mlops_error *err)
{
	struct http_client *c = NULL;

	pthread_mutex_lock(&l->lock);
	if (l->idle.n)
		c = l->idle.v[--l->idle.n];
	pthread_mutex_unlock(&l->lock);
	if (!c)
		return http_client_new(out, err);
	*out = c;
	return 0;
}

static void give_client(struct link *l, struct http_client *c)
{
	pthread_mutex_lock(&l->lock);
	vec_push(&l->idle, c);
	pthread_mutex_unlock(&l->lock);
}

static int64_t wait_before(int try, const struct http_response *r)
{
	int64_t ms = (int64_t)FIRST_WAIT_MS << (try - 1);

	ms += (int64_t)(rand_u64() % (uint64_t)ms);
	if (r->retry_after_ms > ms)
		ms = r->retry_after_ms;
	return ms < MAX_WAIT_MS ? ms : MAX_WAIT_MS;
}

static int try_often(struct link *l, struct http_client *c, struct attempt *a,
		     struct http_response *r, struct mlops_error *err)
{
	for (int try = 1;; try++) {
		if (a->start)
			a->start(&a->req, a->arg);
		int rc = FAULT("remote.request") ?
				 err_set(err, MLOPS_EREMOTE, "a fault was asked for") :
				 http_exchange(c, &a->req, r, err);
		bool transient =
			rc ? err->kind == MLOPS_EREMOTE : http_status_is_transient(r->status);
		if (!transient || try == TRIES)
			return rc;
		log_debug("remote '%s': %s; trying again", l->name,
			  rc ? err->msg : "the server is busy or failed");
		clock_sleep_ms(wait_before(try, r));
		http_response_clear(r);
		mlops_error_clear(err);
	}
}

int link_exchange(struct link *l, struct attempt *a, struct http_response *r,
		  struct mlops_error *err)
{
	autofree char *url = xasprintf("%s%s", l->url, a->path);
	struct http_client *c;

	if (take_client(l, &c, err))
		return -1;
	a->req.url = url;
	a->req.bearer = l->token;
	a->req.timeout_ms = l->timeout_ms;
	int rc = try_often(l, c, a, r, err);
	give_client(l, c);
	if (rc && err->kind == MLOPS_EREMOTE) {
		err_wrap(err, "cannot reach remote '%s' at '%s'", l->name, l->url);
		return err_hint(err, "see whether it answers: mlops remote check");
	}
	return rc;
}

int link_refused(const struct link *l, const struct http_response *r, struct mlops_error *err)
{
	autofree char *what = xasprintf("remote '%s'", l->name);

	if (r->status == 404)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s': no mlops server answers at '%s' (HTTP 404)", l->name,
			       l->url);
	http_status_error(r, what, err);
	if (err->kind != MLOPS_EAUTH)
		return -1;
	if (l->token)
		return err_hint(err, "its administrator makes tokens with: mlops server token add");
	return err_hint(err,
			"put a token into MLOPS_REMOTE_TOKEN, or its file's path into: "
			"mlops config --local remote.%s.tokenFile <path>",
			l->name);
}

int link_check(void *conn, struct mlops_error *err)
{
	struct link *l = conn;
	struct attempt a = { .req = { .method = "GET" }, .path = "/v1" };
	auto_response r = { 0 };
	autojson *reply = NULL;
	int64_t protocol = 0;

	if (link_exchange(l, &a, &r, err))
		return -1;
	if (!link_succeeded(&r))
		return link_refused(l, &r, err);
	if (js_parse(r.body.buf ? r.body.buf : "", r.body.len, "the reply", &reply, err) ||
	    !js_get_int(reply, "protocol", &protocol))
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s': what answers at '%s' is no mlops server", l->name,
			       l->url);
	if (protocol != PROTOCOL)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s' speaks protocol %lld; this program knows %d", l->name,
			       (long long)protocol, PROTOCOL);
	return 0;
}
