/*
 * Being let in, as distribution's token specification has it: a reply 401 names in WWW-Authenticate
 * either Basic, or a token service (realm) with what to ask it for (service, scope). The password
 * goes to that service only, and the token to the registry only.
 */
#include "base/log.h"
#include "remote/bearer.h"
#include "remote/oci/private.h"

#define MAX_TOKEN 65536

void oci_auth_init(struct oci_auth *a, const struct transport_how *how)
{
	web_init(&a->web, how);
	pthread_mutex_init(&a->lock, NULL);
}

void oci_auth_clear(struct oci_auth *a)
{
	web_clear(&a->web);
	oci_login_clear(&a->login);
	secret_free(steal_ptr(&a->header));
	strlist_clear(&a->scopes);
	pthread_mutex_destroy(&a->lock);
}

int oci_auth_sign(struct oci_auth *a, struct web_call *call)
{
	pthread_mutex_lock(&a->lock);
	if (a->header)
		web_sign(call, "%s", a->header);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

void oci_auth_add_repo(struct oci_auth *a, const char *repo)
{
	autofree char *scope = xasprintf("repository:%s:pull", repo);

	pthread_mutex_lock(&a->lock);
	if (!strlist_has(&a->scopes, scope)) {
		strlist_add(&a->scopes, scope);
		/* A token that was given before is not for it; Basic is for all. */
		if (a->header && str_starts(a->header, "Authorization: Bearer"))
			secret_free(steal_ptr(&a->header));
	}
	pthread_mutex_unlock(&a->lock);
}

int oci_auth_hint(const struct oci_auth *a, struct mlops_error *err)
{
	if (a->login.basic || a->login.identity)
		return err_hint(err, "see whether this account may do that at '%s'", a->host);
	return err_hint(
		err,
		"log in with docker, podman or oras (docker login %s), or put USER:PASSWORD "
		"into MLOPS_REMOTE_TOKEN",
		a->host);
}

/* The value of a parameter, name="value" or name=value, of a challenge; new, or NULL. */
static char *parameter(struct str challenge, const char *name)
{
	const char *p = challenge.p, *end = p + challenge.n;
	struct strbuf value = { 0 };
	size_t n = strlen(name);

	while (p < end) {
		const char *key = p;

		while (p < end && *p != '=')
			p++;
		struct str found = str_trim((struct str){ key, (size_t)(p - key) });
		bool quoted = p + 1 < end && p[1] == '"';
		strbuf_trunc(&value, 0);
		for (p += quoted ? 2 : 1; p < end && *p != (quoted ? '"' : ','); p++) {
			p += quoted && *p == '\\' && p + 1 < end;
			strbuf_addc(&value, *p);
		}
		if (found.n == n && !strncasecmp(found.p, name, n))
			return strbuf_steal(&value);
		while (p < end && *p != ',')
			p++;
		p++;
	}
	strbuf_clear(&value);
	return NULL;
}

/* The challenge of that scheme, without its name; none: {NULL}. */
static struct str challenge_of(const struct http_response *r, const char *scheme)
{
	static const char header[] = "WWW-Authenticate:";
	struct str rest = { r->headers.buf ? r->headers.buf : "", r->headers.len };
	size_t n = strlen(scheme);

	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest);

		if (line.n < strlen(header) || strncasecmp(line.p, header, strlen(header)))
			continue;
		struct str value =
			str_trim((struct str){ line.p + strlen(header), line.n - strlen(header) });
		if (value.n >= n && !strncasecmp(value.p, scheme, n) &&
		    (value.n == n || value.p[n] == ' '))
			return (struct str){ value.p + n, value.n - n };
	}
	return (struct str){ NULL, 0 };
}

static int check_realm(const struct oci_auth *a, const char *realm, struct mlops_error *err)
{
	autourl u = { 0 };

	if (!realm || url_parse(realm, &u, err))
		return err_set(err, MLOPS_EAUTH, "registry '%s' names no token service",
			       a->web.name);
	if (!strcmp(u.scheme, "https") || (a->plain && !strcmp(u.scheme, "http")))
		return 0;
	return err_set(err, MLOPS_EAUTH,
		       "registry '%s' names a token service that is reached unencrypted, '%s'",
		       a->web.name, u.host);
}

static void add_field(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, "%s%s=", out->len ? "&" : "", name);
	url_encode(out, value, "");
}

/*
 * What is asked for: the scope of the challenge, and those before it, so that a token which one
 * thread gets for reading is not in the way of another that writes.
 */
static void describe(struct oci_auth *a, struct str challenge, struct strbuf *out)
{
	autofree char *service = parameter(challenge, "service"),
		      *scope = parameter(challenge, "scope");

	if (service)
		add_field(out, "service", service);
	if (scope && *scope && !strlist_has(&a->scopes, scope))
		strlist_add(&a->scopes, scope);
	for (size_t i = 0; i < a->scopes.n; i++)
		add_field(out, "scope", a->scopes.v[i]);
}

static bool take_token(struct oci_auth *a, const struct http_response *r)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;

	if (!r->body.len || js_parse(r->body.buf, r->body.len, "the token", &v, &ignored))
		return false;
	const char *token = js_get_text(v, "token");
	if (!token || !*token)
		token = js_get_text(v, "access_token");
	if (!token || !*token || strlen(token) > MAX_TOKEN)
		return false;
	for (const char *c = token; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	secret_free(a->header);
	a->header = xasprintf("Authorization: Bearer %s", token);
	return true;
}

static int run_for_token(struct oci_auth *a, struct web_call *c, struct mlops_error *err)
{
	if (web_run(&a->web, c, err))
		return -1;
	bool given = web_succeeded(c) && take_token(a, &c->r);
	if (c->r.body.len)
		explicit_bzero(c->r.body.buf, c->r.body.len);
	if (given)
		return 0;
	if (!web_succeeded(c)) {
		web_refused(&a->web, c, NULL, err);
		return err->kind == MLOPS_EAUTH ? oci_auth_hint(a, err) : -1;
	}
	return err_set(err, MLOPS_EAUTH, "registry '%s': its token service gave no token",
		       a->web.name);
}

/* With an identity token by POST (OAuth 2), else by GET with the password, or as nobody. */
static int fetch_token(struct oci_auth *a, struct str challenge, struct mlops_error *err)
{
	autofree char *realm = parameter(challenge, "realm");
	autobuf fields = { 0 };
	autocall c = WEB_CALL(.method = "GET");

	if (check_realm(a, realm, err))
		return -1;
	describe(a, challenge, &fields);
	if (!a->login.identity) {
		c.url = xasprintf("%s%s%s", realm, strchr(realm, '?') ? "&" : "?",
				  fields.buf ? fields.buf : "");
		if (a->login.basic)
			web_header(&c, "Authorization: Basic %s", a->login.basic);
		int rc = run_for_token(a, &c, err);
		for (size_t i = 0; i < c.headers.n; i++)
			explicit_bzero(c.headers.v[i], strlen(c.headers.v[i]));
		return rc;
	}
	add_field(&fields, "grant_type", "refresh_token");
	add_field(&fields, "client_id", "mlops");
	add_field(&fields, "refresh_token", a->login.identity);
	c.method = "POST";
	c.url = xstrdup(realm);
	c.body = fields.buf;
	c.n = fields.len;
	web_header(&c, "Content-Type: application/x-www-form-urlencoded");
	int rc = run_for_token(a, &c, err);
	explicit_bzero(fields.buf, fields.len);
	return rc;
}

/* Lock held. Another thread may have got a token since this call was signed. */
static int answer(struct oci_auth *a, struct web_call *call, struct mlops_error *err)
{
	const char *sent = call->signed_headers.n ? call->signed_headers.v[0] : NULL;
	struct str bearer = challenge_of(&call->r, "Bearer"),
		   basic = challenge_of(&call->r, "Basic");

	if (a->header && (!sent || strcmp(sent, a->header)))
		return 1;
	if (basic.p && a->login.basic && !sent) {
		a->header = xasprintf("Authorization: Basic %s", a->login.basic);
		return 1;
	}
	if (!bearer.p)
		return 0;
	return fetch_token(a, bearer, err) ? -1 : 1;
}

int oci_auth_reconsider(struct oci_auth *a, struct web_call *call, struct mlops_error *err)
{
	if (call->r.status != 401)
		return 0;
	pthread_mutex_lock(&a->lock);
	int rc = answer(a, call, err);
	pthread_mutex_unlock(&a->lock);
	return rc;
}
