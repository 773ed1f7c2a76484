/* `mlops server`: who may do what, and the life of the service. */
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"
#include "mlops/serve.h"
#include "serve/api/oci.h"
#include "serve/token.h"

#define DRAIN_MS 30000
#define THREADS  16                 /* handlers wait for the disk */
#define BUFFER   ((size_t)64 << 10) /* uploads come in pieces of about this size */

/* The protocols that it answers, one line each. */
static const struct http_route *const protocols[] = {
	object_routes,
	oci_routes,
	oci_upload_routes,
};

/* The routes of all, in that order; the caller's. */
static struct http_route *join_routes(void)
{
	VEC(struct http_route) all = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		for (const struct http_route *r = protocols[i]; r->method; r++)
			vec_push(&all, *r);
	vec_push(&all, { .method = NULL });
	return all.v;
}

static int check_token(struct object_server *s, const struct http_call *call, const char *token,
		       struct mlops_error *err)
{
	bool known, may_write;

	if (token_set_check(s->tokens, token, strlen(token), &known, &may_write, err))
		return -1;
	if (!known)
		return err_set(err, MLOPS_EAUTH, "the token is not known");
	if (!may_write && !http_call_reads(call))
		return err_set(err, MLOPS_ENO, "the token has the scope read; this needs write");
	return 0;
}

static int check(struct http_call *call, struct object_server *s, struct mlops_error *err)
{
	const char *header = http_call_header(call, "Authorization");
	char *token = header ? token_of_header(header) : NULL;
	if (!token)
		return err_set(err, MLOPS_EAUTH, "a token is needed");
	int rc = check_token(s, call, token, err);
	explicit_bzero(token, strlen(token));
	free(token);
	return rc;
}

static int authorize(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *path = http_call_path(call);
	struct object_server *s = arg;

	if (!s->tokens || !strcmp(path, "/health"))
		return 0;
	int rc = check(call, s, err);
	if (rc && err->kind == MLOPS_EAUTH && str_starts(path, "/v2"))
		oci_challenge(call);
	return rc;
}

static void note(const char *method, const char *route, int status, int64_t duration_ns, void *arg)
{
	(void)arg;
	log_debug("%s %s %d %lld us", method, route, status, (long long)duration_ns / 1000);
}

static int check_exposure(const struct server_how *how, struct mlops_error *err)
{
	if (!how->no_auth || http_listen_is_loopback(how->listen))
		return 0;
	err_set(err, MLOPS_EUSAGE, "without tokens it listens on this machine only, not on '%s'",
		how->listen);
	return err_hint(err, "such as: --listen 127.0.0.1:8400");
}

static int open_tokens(const struct server_how *how, struct object_server *s,
		       struct mlops_error *err)
{
	size_t n;

	if (how->no_auth)
		return 0;
	if (token_set_open(how->data, &s->tokens, err) || token_set_count(s->tokens, &n, err))
		return -1;
	if (n)
		return 0;
	err_set(err, MLOPS_EAUTH, "the server in '%s' has no token yet", how->data);
	return err_hint(err, "make one with: mlops server token add NAME --scope write --data %s",
			how->data);
}

static int serve(const struct server_how *how, struct object_server *s, struct mlops_error *err)
{
	autofree struct http_route *routes = join_routes();
	const struct http_server_how http = {
		.listen = how->listen,
		.routes = routes,
		.arg = s,
		.authorize = authorize,
		.done = note,
		.threads = THREADS,
		.buffer = BUFFER,
	};
	struct http_server *server;

	http_catch_signals();
	if (http_server_start(&http, &server, err))
		return -1;
	if (!http_listen_is_loopback(how->listen))
		log_warn("tokens and data pass '%s' unencrypted: put a TLS proxy in front of it",
			 how->listen);
	if (how->ready)
		how->ready(http_server_url(server), how->arg);
	http_wait_for_signal();
	http_server_stop(server, DRAIN_MS);
	return mlops_store_flush(s->store, err) || mlops_store_flush(s->sealed, err) ? -1 : 0;
}

int mlops_server_run(const struct server_how *how, struct mlops_error *err)
{
	autofree char *objects = path_join(how->data, "store");
	autofree char *sealed = path_join(how->data, "sealed");
	struct object_server s = { .data = how->data };

	if (check_exposure(how, err) || fs_mkdirs(how->data, err))
		return -1;
	int rc = open_tokens(how, &s, err) || mlops_store_open(objects, &s.store, err) ||
				 mlops_store_open_unkeyed(sealed, &s.sealed, err) ?
			 -1 :
			 0;
	s.uploads = oci_uploads_new();
	if (!rc)
		rc = serve(how, &s, err);
	oci_uploads_free(s.uploads);
	mlops_store_free(s.store);
	mlops_store_free(s.sealed);
	token_set_free(s.tokens);
	return rc;
}
