/*
 * Requests to an `mlops server` or a web server: which of them answers, what lets us in, and what it
 * means when it refuses.
 */
#include "remote/transports/http_link.h"

#include "base/base64.h"
#include "base/log.h"
#include "fmt/json.h"
#include "remote/private.h"
#include "remote/bearer.h"
#include "remote/gitcredential.h"

#define PROTOCOL 1

/* What git's credential helpers gave, once a reply asked for it. */
static int sign(void *self, struct web_call *c, struct mlops_error *err)
{
	struct link *l = self;

	(void)err;
	if (l->header) {
		web_sign(c, "%s", l->header);
		c->follow = false; /* curl would take it to any host */
	}
	pthread_mutex_lock(&l->lock);
	if (l->basic)
		web_sign(c, "Authorization: Basic %s", l->basic);
	pthread_mutex_unlock(&l->lock);
	return 0;
}

static int reconsider(void *self, struct web_call *c, struct mlops_error *err)
{
	struct link *l = self;

	(void)err;
	if (c->r.status != 401 || l->web.bearer)
		return 0;
	pthread_mutex_lock(&l->lock);
	if (!l->asked)
		l->basic = git_credential(l->url);
	l->asked = true;
	bool found = l->basic != NULL;
	pthread_mutex_unlock(&l->lock);
	return found;
}

static void warn_of_plain(const struct link *l)
{
	autoerr ignored = ERR_INIT;
	autourl u = { 0 };

	if (l->web.bearer && !url_parse(l->url, &u, &ignored) && !strcmp(u.scheme, "http") &&
	    !url_is_loopback(&u))
		log_warn("the token of remote '%s' goes over a connection that is not encrypted",
			 l->web.name);
}

/* What came with a remote that is not in our settings. */
static void take_given(struct link *l, const struct transport_how *how)
{
	const char *user = transport_given(how, "user"),
		   *password = transport_given(how, "password"),
		   *header = transport_given(how, "header"),
		   *method = transport_given(how, "method");

	l->method = method ? xstrdup(method) : NULL;
	if (header && password) {
		l->header = xasprintf("%s: %s", header, password);
	} else if (user && password) {
		autofree char *pair = xasprintf("%s:%s", user, password);
		struct strbuf text = { 0 };

		base64_encode(&text, pair, strlen(pair));
		explicit_bzero(pair, strlen(pair));
		l->basic = strbuf_steal(&text);
		l->asked = true;
	}
}

int link_open(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	struct link *l = xcalloc(1, sizeof(*l));
	size_t n;

	web_init(&l->web, how);
	l->web.self = l;
	l->web.sign = sign;
	l->web.reconsider = reconsider;
	pthread_mutex_init(&l->lock, NULL);
	l->url = xstrdup(how->url);
	l->sealed = how->sealed;
	for (n = strlen(l->url); n && l->url[n - 1] == '/'; n--)
		l->url[n - 1] = '\0';
	take_given(l, how);
	if (remote_token(how, &l->web.bearer, err)) {
		link_close(l);
		return -1;
	}
	warn_of_plain(l);
	*conn = l;
	return 0;
}

void link_close(void *conn)
{
	struct link *l = conn;

	web_clear(&l->web);
	secret_free(l->basic);
	secret_free(l->header);
	free(l->method);
	pthread_mutex_destroy(&l->lock);
	free(l->url);
	free(l);
}

char *link_url(const struct link *l, const char *path)
{
	return xasprintf("%s%s", l->url, path);
}

int link_refused(const struct link *l, const struct web_call *call, struct mlops_error *err)
{
	web_refused(&l->web, call, NULL, err);
	if (err->kind == MLOPS_ENOTFOUND)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s': no mlops server answers at '%s' (HTTP 404)",
			       l->web.name, l->url);
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
	return link_refused(l, call, err);
}

static int check_protocol(const struct link *l, const struct json *reply, struct mlops_error *err)
{
	int64_t protocol = 0;

	js_get_int(reply, "protocol", &protocol);
	if (protocol != PROTOCOL)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s' speaks protocol %lld; this program knows %d",
			       l->web.name, (long long)protocol, PROTOCOL);
	return 0;
}

/* An mlops server says so; every other web server is taken for one that has keys. */
static int find_kind(struct link *l, enum link_kind *out, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "GET", .url = link_url(l, "/v1"), .follow = true);
	autoerr ignored = ERR_INIT;
	autojson *reply = NULL;

	if (web_run(&l->web, &c, err))
		return -1;
	if (c.r.status == 401 || c.r.status >= 500 || c.r.status == 429)
		return link_refused(l, &c, err);
	*out = LINK_PLAIN;
	if (!web_succeeded(&c) || !c.r.body.len ||
	    js_parse(c.r.body.buf, c.r.body.len, "the reply", &reply, &ignored))
		return 0;
	const char *service = js_get_text(reply, "service");
	if (!service || strcmp(service, "mlops"))
		return 0;
	*out = LINK_SERVER;
	return check_protocol(l, reply, err);
}

int link_kind(struct link *l, enum link_kind *out, struct mlops_error *err)
{
	pthread_mutex_lock(&l->lock);
	*out = l->kind;
	pthread_mutex_unlock(&l->lock);
	if (*out != LINK_UNKNOWN)
		return 0;
	if (find_kind(l, out, err))
		return -1;
	pthread_mutex_lock(&l->lock);
	l->kind = *out;
	pthread_mutex_unlock(&l->lock);
	return 0;
}

/* Of a plain web server the root must be one that we may see; that it lists nothing is usual. */
int link_check(void *conn, struct mlops_error *err)
{
	struct link *l = conn;
	enum link_kind kind;

	if (link_kind(l, &kind, err))
		return -1;
	if (kind == LINK_SERVER)
		return 0;
	autocall c = WEB_CALL(.method = "HEAD", .url = link_url(l, "/"), .follow = true);
	if (web_run(&l->web, &c, err))
		return -1;
	return c.r.status == 401 || c.r.status >= 500 ? link_refused(l, &c, err) : 0;
}
