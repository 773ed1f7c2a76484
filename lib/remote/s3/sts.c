/*
 * Two calls, as forms, answered in XML. AWS_ENDPOINT_URL_STS names another endpoint, or
 * AWS_ENDPOINT_URL, which is that of all services.
 */
#include "remote/s3/sts.h"

#include <time.h>

#include "fmt/json.h"
#include "fmt/xml.h"
#include "crypto/hash.h"
#include "http/engine.h"

#define VERSION "2011-06-15"

/* "2026-11-25T22:36:45Z"; 0 when it is something else. */
static int64_t parse_time(const char *text)
{
	struct tm tm = { 0 };

	return text && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

bool sts_take_json(const char *text, size_t n, struct aws_key *out)
{
	autoerr ignored = ERR_INIT;
	autojson *v = NULL;

	if (js_parse(text, n, "the credentials", &v, &ignored))
		return false;
	const char *id = js_get_text(v, "AccessKeyId"), *secret = js_get_text(v, "SecretAccessKey"),
		   *token = js_get_text(v, "SessionToken");
	if (!token)
		token = js_get_text(v, "Token");
	if (!id || !secret || !*id || !*secret)
		return false;
	*out = (struct aws_key){ .id = xstrdup(id),
				 .secret = xstrdup(secret),
				 .token = token && *token ? xstrdup(token) : NULL,
				 .expires_s = parse_time(js_get_text(v, "Expiration")) };
	return true;
}

static int take_element(const char *name, const char *value, const char *parent, void *arg,
			struct mlops_error *err)
{
	struct aws_key *key = arg;

	(void)err;
	if (strcmp(parent, "Credentials"))
		return 0;
	char **part = !strcmp(name, "AccessKeyId")     ? &key->id :
		      !strcmp(name, "SecretAccessKey") ? &key->secret :
		      !strcmp(name, "SessionToken")    ? &key->token :
							 NULL;
	if (part) {
		free(*part);
		*part = xstrdup(value);
	} else if (!strcmp(name, "Expiration")) {
		key->expires_s = parse_time(value);
	}
	return 0;
}

static char *endpoint(const struct sts_how *how)
{
	static const char *const variables[] = { "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL" };

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *other = getenv(variables[i]);

		if (other && *other)
			return xasprintf("%s%s", other, str_ends(other, "/") ? "" : "/");
	}
	return how->region ? xasprintf("https://sts.%s.amazonaws.com/", how->region) :
			     xstrdup("https://sts.amazonaws.com/");
}

static void add_field(struct strbuf *form, const char *name, const char *value)
{
	strbuf_addf(form, "&%s=", name);
	url_encode(form, value, "");
}

static int ask(const struct sts_how *how, const char *url, const struct strbuf *form,
	       const struct strlist *headers, struct aws_key *out, struct mlops_error *err)
{
	const char *lines[8] = { "Content-Type: application/x-www-form-urlencoded" };
	autokey key = { 0 };
	auto_response r = { 0 };

	for (size_t i = 0; i < headers->n && i < ARRAY_LEN(lines) - 2; i++)
		lines[i + 1] = headers->v[i];
	const struct http_request req = { .method = "POST",
					  .url = url,
					  .headers = lines,
					  .bare = true,
					  .body = form->buf,
					  .body_len = form->len,
					  .timeout_ms = 10000 };
	if (http_engine_exchange(how->engine, &req, &r, err))
		return err_wrap(err, "cannot get a key for role '%s'", how->role);
	if (r.status != 200) {
		err_set(err, MLOPS_EAUTH, "AWS gives no key for role '%s' (HTTP %d)", how->role,
			r.status);
		return err_hint(err, "see whether its trust policy lets you assume it");
	}
	if (xml_each(r.body.buf ? r.body.buf : "", r.body.len, "the reply of STS", take_element,
		     &key, err))
		return -1;
	if (!key.id || !key.secret)
		return err_set(err, MLOPS_EAUTH, "STS answered without a key");
	*out = key;
	key = (struct aws_key){ 0 };
	return 0;
}

static void begin_form(const struct sts_how *how, const char *action, struct strbuf *form)
{
	strbuf_addf(form, "Action=%s&Version=" VERSION, action);
	add_field(form, "RoleArn", how->role);
	add_field(form, "RoleSessionName", how->session ? how->session : "mlops");
}

int sts_web_identity(const struct sts_how *how, struct str token, struct aws_key *out,
		     struct mlops_error *err)
{
	autofree char *url = endpoint(how), *text = xstrndup(token.p, token.n);
	const struct strlist none = { 0 };
	autobuf form = { 0 };

	begin_form(how, "AssumeRoleWithWebIdentity", &form);
	add_field(&form, "WebIdentityToken", text);
	int rc = ask(how, url, &form, &none, out, err);
	explicit_bzero(form.buf, form.len);
	explicit_bzero(text, strlen(text));
	return rc;
}

int sts_assume_role(const struct sts_how *how, const struct aws_key *base, const char *external_id,
		    struct aws_key *out, struct mlops_error *err)
{
	autofree char *address = endpoint(how);
	char hex[MLOPS_OID_HEX + 1];
	autostrlist headers = { 0 };
	const struct strlist none = { 0 };
	autourl url = { 0 };
	autobuf form = { 0 };
	struct oid hash;

	begin_form(how, "AssumeRole", &form);
	if (external_id)
		add_field(&form, "ExternalId", external_id);
	if (url_parse(address, &url, err) || hash_buf(form.buf, form.len, &hash, err))
		return -1;
	const struct sigv4 sign = { .key = base,
				    .region = how->region ? how->region : "us-east-1",
				    .service = "sts",
				    .now_s = time(NULL),
				    .method = "POST",
				    .url = &url,
				    .payload = mlops_oid_hex(&hash, hex),
				    .headers = &none };
	if (sigv4_sign(&sign, &headers, err))
		return -1;
	return ask(how, address, &form, &headers, out, err);
}
