/* Requests to an `mlops server`, and what it means when it refuses. */
#include "remote/transports/http_link.h"

#include "fmt/json.h"
#include "remote/private.h"

#define PROTOCOL 1

int link_open(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	struct link *l = xcalloc(1, sizeof(*l));
	size_t n;

	web_init(&l->web, how);
	l->web.self = l;
	l->url = xstrdup(how->url);
	l->sealed = how->sealed;
	for (n = strlen(l->url); n && l->url[n - 1] == '/'; n--)
		l->url[n - 1] = '\0';
	if (remote_token(how, &l->web.bearer, err)) {
		link_close(l);
		return -1;
	}
	*conn = l;
	return 0;
}

void link_close(void *conn)
{
	struct link *l = conn;

	web_clear(&l->web);
	free(l->url);
	free(l);
}

char *link_url(const struct link *l, const char *path)
{
	return xasprintf("%s%s", l->url, path);
}

static int refused(const struct link *l, const struct web_call *call, struct mlops_error *err)
{
	if (call->r.status == 404)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s': no mlops server answers at '%s' (HTTP 404)",
			       l->web.name, l->url);
	web_refused(&l->web, call, NULL, err);
	if (err->kind != MLOPS_EAUTH)
		return -1;
	if (l->web.bearer)
		return err_hint(err, "its administrator makes tokens with: mlops server token add");
	return err_hint(err,
			"put a token into MLOPS_REMOTE_TOKEN, or its file's path into: "
			"mlops config --local remote.%s.tokenFile <path>",
			l->web.name);
}

int link_run(struct link *l, struct web_call *call, bool may_lack, struct mlops_error *err)
{
	call->follow = true;
	if (web_run(&l->web, call, err))
		return -1;
	if (web_succeeded(call) || (may_lack && call->r.status == 404))
		return 0;
	return refused(l, call, err);
}

int link_check(void *conn, struct mlops_error *err)
{
	struct link *l = conn;
	autocall c = WEB_CALL(.method = "GET", .url = link_url(l, "/v1"));
	autojson *reply = NULL;
	int64_t protocol = 0;

	if (link_run(l, &c, false, err))
		return -1;
	if (js_parse(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the reply", &reply, err) ||
	    !js_get_int(reply, "protocol", &protocol))
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s': what answers at '%s' is no mlops server", l->web.name,
			       l->url);
	if (protocol != PROTOCOL)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s' speaks protocol %lld; this program knows %d",
			       l->web.name, (long long)protocol, PROTOCOL);
	return 0;
}
