/* `mlops server`: the life of the service. */
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "mlops/serve.h"
#include "serve/access.h"
#include "serve/page.h"
#include "serve/tracker.h"

#include <sys/resource.h>

#define DRAIN_MS    30000
#define THREADS     16                 /* handlers wait for the disk */
#define CONNECTIONS 2048               /* of BUFFER each at most */
#define BUFFER      ((size_t)64 << 10) /* uploads come in pieces of about this size */
#define MAX_PEM     ((size_t)1 << 20)
#define AUDIT_MAX   ((off_t)16 << 20)

/* The protocols that it answers, one line each. */
static const struct http_route *const protocols[] = {
	object_routes,
	lfs_routes,
	result_routes,
	oci_routes,
	oci_upload_routes,
	admin_routes,
	metrics_routes,
	mlflow_routes,
	hf_routes,
	hf_upload_routes,
	hf_commit_routes,
	page_routes,
};

static void note(const struct http_call *call, void *arg)
{
	const struct server *s = arg;
	const char *form = http_call_form(call);

	log_debug("%s %s %d %lld us", http_call_method(call), form ? form : "",
		  http_call_status(call), (long long)http_call_duration_ns(call) / 1000);
	request_metrics_add(s->metrics, call);
	if (s->requests)
		json_log_add(s->requests, access_describe(call));
}

static void reopen_log(void *arg)
{
	json_log_reopen(arg);
}

static int open_logs(const struct server_how *how, struct server *s, struct mlops_error *err)
{
	autofree char *audit = path_join(how->data, "audit.log");

	if (json_log_open(audit, AUDIT_MAX, &s->audit, err))
		return -1;
	return how->access_log ? json_log_open(how->access_log, 0, &s->requests, err) : 0;
}

static int check_exposure(const struct server_how *how, struct mlops_error *err)
{
	if (!how->no_auth || http_listen_is_loopback(how->listen))
		return 0;
	err_set(err, MLOPS_EUSAGE, "without tokens it listens on this machine only, not on '%s'",
		how->listen);
	return err_hint(err, "such as: --listen 127.0.0.1:8400");
}

static int open_tokens(const struct server_how *how, struct server *s, struct mlops_error *err)
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

static int place(const char *name, void *arg, void **out, struct mlops_error *err)
{
	struct server *s = arg;
	struct object_server *one;

	if (project_set_get(s->projects, name, &one, err))
		return -1;
	*out = one;
	return 0;
}

/* So that many connections may idle. */
static void allow_files(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

struct tls {
	struct strbuf certificate, key;
};

static int read_tls(const struct server_how *how, struct tls *out, struct mlops_error *err)
{
	if (!how->tls_certificate && !how->tls_key)
		return 0;
	if (!how->tls_certificate || !how->tls_key)
		return err_set(err, MLOPS_EUSAGE, "TLS takes both a certificate and its key");
	return fs_read(how->tls_certificate, MAX_PEM, &out->certificate, err) ||
			       fs_read(how->tls_key, MAX_PEM, &out->key, err) ?
		       -1 :
		       0;
}

static void tls_clear(struct tls *tls)
{
	if (tls->key.len)
		explicit_bzero(tls->key.buf, tls->key.len);
	strbuf_clear(&tls->key);
	strbuf_clear(&tls->certificate);
}

static int start(const struct server_how *how, struct server *s, const struct http_route *routes,
		 struct http_server **out, struct mlops_error *err)
{
	struct tls tls = { 0 };

	if (read_tls(how, &tls, err))
		return tls_clear(&tls), -1;
	const struct http_server_how http = {
		.listen = how->listen,
		.routes = routes,
		.arg = s,
		.admit = site_admit,
		.authorize = access_authorize,
		.refused = access_refused,
		.mount = "/p/",
		.place = place,
		.done = note,
		.threads = THREADS,
		.max_connections = CONNECTIONS,
		.buffer = BUFFER,
		.certificate = tls.certificate.buf,
		.key = tls.key.buf,
	};
	int rc = http_server_start(&http, out, err);
	tls_clear(&tls);
	return rc;
}

static int serve(const struct server_how *how, struct server *s, struct mlops_error *err)
{
	autofree struct http_route *routes = http_routes_join(protocols, ARRAY_LEN(protocols));
	struct http_server *server;

	allow_files();
	http_catch_signals();
	if (s->requests)
		http_catch_hangup(reopen_log, s->requests);
	if (start(how, s, routes, &server, err))
		return -1;
	if (!how->tls_certificate && !http_listen_is_loopback(how->listen))
		log_warn(
			"tokens and data pass '%s' unencrypted: give it --tls-cert and --tls-key, or "
			"put a TLS proxy in front of it",
			how->listen);
	if (how->ready)
		how->ready(http_server_url(server), how->arg);
	http_wait_for_signal();
	http_server_stop(server, DRAIN_MS);
	return 0;
}

int mlops_server_run(const struct server_how *how, struct mlops_error *err)
{
	struct server s = {
		.data = how->data,
		.access = access_new(),
		.metrics = request_metrics_new(),
		.site = { how->allowed_hosts, how->allowed_origins, how->listen },
		.page_dir = how->page_dir,
	};
	autoerr close_err = ERR_INIT;

	int rc = check_exposure(how, err) || (how->page_dir && page_check(how->page_dir, err)) ||
				 fs_mkdirs(how->data, err) ||
				 open_tokens(how, &s, err) ||
				 open_logs(how, &s, err) ||
				 project_set_open(&s, &s.projects, err) || serve(how, &s, err) ?
			 -1 :
			 0;
	if (project_set_close(s.projects, rc ? &close_err : err))
		rc = -1;
	json_log_free(s.requests);
	json_log_free(s.audit);
	token_set_free(s.tokens);
	access_free(s.access);
	request_metrics_free(s.metrics);
	return rc;
}
