/* The connection to a registry: its address, its requests, and what it means when it refuses. */
#include "base/log.h"
#include "remote/oci/private.h"

#define HUB      "docker.io"
#define HUB_HOST "registry-1.docker.io"

/* Credentials are for the registry alone, not where it sends us on. */
static bool is_own(const struct oci *o, const char *url)
{
	size_t n = strlen(o->base);

	return !strncmp(url, o->base, n) && url[n] == '/';
}

static int sign(void *self, struct web_call *c, struct mlops_error *err)
{
	struct oci *o = self;

	(void)err;
	return is_own(o, c->url) ? oci_auth_sign(&o->auth, c) : 0;
}

static int reconsider(void *self, struct web_call *c, struct mlops_error *err)
{
	struct oci *o = self;

	return is_own(o, c->url) ? oci_auth_reconsider(&o->auth, c, err) : 0;
}

static int take_address(struct oci *o, const char *text, struct mlops_error *err)
{
	autourl u = { 0 };
	char port[16] = "";

	if (url_parse(text, &u, err))
		return -1;
	const char *repo = *u.path ? u.path + 1 : "";
	if (u.user || u.query || !oci_is_name(repo)) {
		err_set(err, MLOPS_EINVALID, "'%s' is not oci://HOST[:PORT]/REPOSITORY", text);
		return err_hint(err,
				"a repository is of lower-case letters, digits and '/', such as: "
				"oci://ghcr.io/org/data");
	}
	if (u.port)
		snprintf(port, sizeof(port), ":%d", u.port);
	o->auth.plain = !strcmp(u.scheme, "oci+http") || url_is_loopback(&u);
	o->host = xasprintf("%s%s", u.host, port);
	o->base = xasprintf("%s://%s%s", o->auth.plain ? "http" : "https",
			    strcmp(u.host, HUB) ? u.host : HUB_HOST, port);
	o->repo = xstrdup(repo);
	o->auth.host = o->host;
	return 0;
}

static void warn_of_plain(const struct oci *o, const char *url)
{
	if (str_starts(url, "oci+http:") && (o->auth.login.basic || o->auth.login.identity))
		log_warn(
			"the password for registry '%s' goes over a connection that is not encrypted",
			o->host);
}

int oci_open(const struct transport_how *how, struct oci **out, struct mlops_error *err)
{
	struct oci *o = xcalloc(1, sizeof(*o));

	web_init(&o->web, how);
	oci_auth_init(&o->auth, how);
	pthread_mutex_init(&o->objects.lock, NULL);
	o->web.self = o;
	o->web.sign = sign;
	o->web.reconsider = reconsider;
	o->state_dir = how->state_dir ? xstrdup(how->state_dir) : NULL;
	if (take_address(o, how->url, err) ||
	    oci_login_find(how, o->host, o->repo, &o->auth.login, err)) {
		oci_free(o);
		return -1;
	}
	warn_of_plain(o, how->url);
	*out = o;
	return 0;
}

void oci_free(struct oci *o)
{
	if (!o)
		return;
	web_clear(&o->web);
	oci_auth_clear(&o->auth);
	pthread_mutex_destroy(&o->objects.lock);
	vec_free(&o->objects.known);
	vec_free(&o->objects.pending);
	free(o->host);
	free(o->base);
	free(o->repo);
	free(o->state_dir);
	free(o);
}

char *oci_url(const struct oci *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *rest = xvasprintf(fmt, ap);
	va_end(ap);
	return xasprintf("%s/v2/%s/%s", o->base, o->repo, rest);
}

/* One who was asked by TLS may not send us on without it. */
char *oci_resolve(const struct oci *o, struct str location)
{
	autofree char *text = xstrndup(location.p, location.n);
	autofree char *url = *text == '/' ? xasprintf("%s%s", o->base, text) : xstrdup(text);
	autoerr ignored = ERR_INIT;
	autourl u = { 0 };

	if (url_parse(url, &u, &ignored))
		return NULL;
	bool good = !strcmp(u.scheme, "https") || (o->auth.plain && !strcmp(u.scheme, "http"));
	return good ? steal_ptr(&url) : NULL;
}

/* <http://h/v2/r/tags/list?last=x>; rel="next" */
char *oci_next_page(const struct oci *o, const struct web_call *c)
{
	struct str link = http_response_header(&c->r, "Link");
	const char *end = link.n && *link.p == '<' ? memchr(link.p, '>', link.n) : NULL;

	if (!end || !memmem(end, (size_t)(link.p + link.n - end), "next", 4))
		return NULL;
	char *url = oci_resolve(o, (struct str){ link.p + 1, (size_t)(end - link.p - 1) });
	if (url && is_own(o, url) && strcmp(url, c->url))
		return url;
	free(url);
	return NULL;
}

/* {"errors":[{"code","message"}]}: what the first says; new, or NULL. */
static char *message_of(const struct http_response *r)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;

	if (!r->body.len || js_parse(r->body.buf, r->body.len, "the reply", &v, &ignored))
		return NULL;
	const struct json *first = js_at(js_get(v, "errors"), 0);
	const char *code = js_get_text(first, "code"), *text = js_get_text(first, "message");
	if (!code && !text)
		return NULL;
	char *message = xasprintf("%.300s%s%.60s", text ? text : "", text && code ? ", " : "",
				  code ? code : "");
	for (char *c = message; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return message;
}

int oci_refused(const struct oci *o, const struct web_call *c, struct mlops_error *err)
{
	autofree char *message = message_of(&c->r);

	web_refused(&o->web, c, message, err);
	return err->kind == MLOPS_EAUTH ? oci_auth_hint(&o->auth, err) : -1;
}

int oci_run(struct oci *o, struct web_call *c, int fine, struct mlops_error *err)
{
	if (web_run(&o->web, c, err))
		return -1;
	return web_succeeded(c) || c->r.status == fine ? 0 : oci_refused(o, c, err);
}

/* That the registry speaks the protocol at all, and then that we may read the repository. */
int oci_check(struct oci *o, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "GET", .url = xasprintf("%s/v2/", o->base));
	autocall tags = WEB_CALL(.method = "GET", .url = oci_url(o, "tags/list?n=1"));

	if (web_run(&o->web, &c, err))
		return -1;
	if (c.r.status == 404)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s': no registry answers at '%s' (HTTP 404)", o->web.name,
			       o->base);
	if (!web_succeeded(&c) && c.r.status != 401)
		return oci_refused(o, &c, err);
	return oci_run(o, &tags, 404, err);
}
