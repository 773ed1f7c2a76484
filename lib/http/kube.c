/* Calls to the API of Kubernetes. */
#include "http/kube.h"

#include "http/kube_config.h"

#define REPLY_MAX ((size_t)64 << 20)
#define CALM_MS   ((int64_t)24 * 3600 * 1000) /* that a stream may rest */
#define UNKNOWN   401
#define CONFLICTS 409

struct kube {
	struct kube_config config;
	struct http_client *client;
	struct http_tls tls;
};

int kube_open(const char *file, const char *context, struct kube **out, struct mlops_error *err)
{
	struct kube *k = xcalloc(1, sizeof(*k));

	if (kube_config_read(file, context, &k->config, err) || http_client_new(&k->client, err)) {
		kube_free(k);
		return -1;
	}
	k->tls = (struct http_tls){ k->config.authorities, k->config.certificate, k->config.key };
	*out = k;
	return 0;
}

void kube_free(struct kube *k)
{
	if (!k)
		return;
	http_client_free(k->client);
	kube_config_clear(&k->config);
	free(k);
}

const char *kube_namespace(const struct kube *k)
{
	return k->config.namespace;
}

static int check(const struct http_response *reply, const char *method, const char *path,
		 struct mlops_error *err)
{
	autofree char *what = xasprintf("Kubernetes: %s %s", method, path);

	if (reply->status >= 200 && reply->status < 300)
		return 0;
	http_status_error(reply, what, err);
	if (reply->status == CONFLICTS)
		err->kind = MLOPS_EEXISTS;
	return -1;
}

/*
 * A token may have had its time: another is asked for, once. By HTTP/1.1, as the server ends a connection
 * on which it knew nobody, and libcurl 7.88 loses the reply to a GOAWAY that comes with it.
 */
static int exchange(struct kube *k, struct http_client *client, struct http_request *req,
		    struct http_response *reply, struct mlops_error *err)
{
	req->bearer = k->config.token;
	if (http_exchange(client, req, reply, err))
		return -1;
	if (reply->status != UNKNOWN || !kube_config_renews(&k->config))
		return 0;
	if (kube_config_login(&k->config, err))
		return -1;
	http_response_clear(reply);
	req->bearer = k->config.token;
	return http_exchange(client, req, reply, err);
}

int kube_call(struct kube *k, const char *method, const char *path, const struct json *body,
	      struct json **out, struct mlops_error *err)
{
	static const char *const plain[] = { "Accept: application/json", "Content-Type: application/json", NULL };
	static const char *const apply[] = { "Accept: application/json",
					     "Content-Type: application/apply-patch+yaml", NULL };
	autofree char *url = xasprintf("%s%s", k->config.server, path);
	autobuf text = { 0 };
	auto_response reply = { 0 };
	struct http_request req = {
		.method = method,
		.url = url,
		.headers = strcmp(method, "PATCH") ? plain : apply,
		.bare = true,
		.http1 = true,
		.tls = &k->tls,
		.max_body = REPLY_MAX,
	};

	if (body) {
		js_dump(body, JS_COMPACT, &text);
		req.body = text.buf;
		req.body_len = text.len;
	}
	if (exchange(k, k->client, &req, &reply, err))
		return err_wrap(err, "cannot reach Kubernetes at '%s'", k->config.server);
	if (check(&reply, method, path, err))
		return -1;
	return out ? js_parse(reply.body.buf ? reply.body.buf : "", reply.body.len,
			      "what Kubernetes answers", out, err) :
		     0;
}

int kube_stream(struct kube *k, const char *path,
		int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err)
{
	autofree char *url = xasprintf("%s%s", k->config.server, path);
	auto_response reply = { 0 };
	struct http_client *client;
	struct http_request req = {
		.method = "GET",
		.url = url,
		.bare = true,
		.http1 = true,
		.tls = &k->tls,
		.write = write,
		.write_arg = arg,
		.timeout_ms = CALM_MS,
	};

	if (http_client_new(&client, err))
		return -1;
	int rc = exchange(k, client, &req, &reply, err);
	if (!rc)
		rc = check(&reply, "GET", path, err);
	http_client_free(client);
	return rc;
}
