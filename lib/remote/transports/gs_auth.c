/* A service account's key signs a claim (RFC 7523), which the token endpoint changes for a token. */
#include "remote/transports/gs_auth.h"

#include <time.h>

#include "base/base64.h"
#include "base/fs.h"
#include "base/path.h"
#include "crypto/rsa.h"
#include "fmt/json.h"
#include "http/engine.h"

#define SCOPE     "https://www.googleapis.com/auth/devstorage.read_write"
#define TOKEN_URI "https://oauth2.googleapis.com/token"
#define GRANT     "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define MAX_FILE  ((size_t)1 << 20)

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

void gs_auth_init(struct gs_auth *a, struct http_engine *engine, bool anonymous, const char *file)
{
	*a = (struct gs_auth){ .engine = engine,
			       .anonymous = anonymous,
			       .file = file ? path_expand(file) : NULL };
	bearer_init(&a->bearer);
}

void gs_auth_clear(struct gs_auth *a)
{
	bearer_clear(&a->bearer);
	free(a->file);
}

static int ask(struct gs_auth *a, struct http_request *req, struct mlops_error *err)
{
	auto_response r = { 0 };

	req->bare = true;
	if (http_engine_exchange(a->engine, req, &r, err))
		return err_wrap(err, "cannot get a token for Google Cloud");
	bool good = r.status == 200 && bearer_take(&a->bearer, &r.body);
	if (r.body.len)
		explicit_bzero(r.body.buf, r.body.len);
	return good ? 0 :
		      err_set(err, MLOPS_EAUTH, "Google Cloud gives no token (HTTP %d)", r.status);
}

static int post_form(struct gs_auth *a, const char *url, const struct strbuf *form,
		     struct mlops_error *err)
{
	static const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded",
					       NULL };
	struct http_request req = { .method = "POST",
				    .url = url,
				    .headers = headers,
				    .body = form->buf,
				    .body_len = form->len };
	autourl u = { 0 };

	if (url_parse(url, &u, err))
		return -1;
	if (strcmp(u.scheme, "https") && !url_is_loopback(&u))
		return err_set(err, MLOPS_EAUTH, "the token endpoint '%s' is not encrypted", url);
	return ask(a, &req, err);
}

static void add_part(struct strbuf *out, const struct json *v)
{
	autobuf text = { 0 };

	js_dump(v, JS_COMPACT, &text);
	base64_encode_url(out, text.buf, text.len);
}

/* header.claims.signature, each in base64. */
static int make_claim(const struct json *account, const char *uri, struct strbuf *out,
		      struct mlops_error *err)
{
	const char *key = js_get_text(account, "private_key"),
		   *email = js_get_text(account, "client_email"),
		   *id = js_get_text(account, "private_key_id");
	autojson *head = js_obj(), *claims = js_obj();
	autobuf signature = { 0 };
	int64_t now = time(NULL);

	if (!key || !email)
		return err_set(err, MLOPS_EAUTH,
			       "the service account's file lacks its key or name");
	js_set(head, "alg", js_str("RS256"));
	js_set(head, "typ", js_str("JWT"));
	if (id)
		js_set(head, "kid", js_str(id));
	js_set(claims, "iss", js_str(email));
	js_set(claims, "scope", js_str(SCOPE));
	js_set(claims, "aud", js_str(uri));
	js_set(claims, "iat", js_int(now));
	js_set(claims, "exp", js_int(now + 3600));
	add_part(out, head);
	strbuf_addc(out, '.');
	add_part(out, claims);
	if (rsa_sign(key, out->buf, out->len, &signature, err)) {
		err->kind = MLOPS_EAUTH;
		return err_wrap(err, "the key of service account '%s'", email);
	}
	strbuf_addc(out, '.');
	base64_encode_url(out, signature.buf, signature.len);
	return 0;
}

static int from_account(struct gs_auth *a, const struct json *account, struct mlops_error *err)
{
	const char *uri = js_get_text(account, "token_uri");
	autobuf claim = { 0 }, form = { 0 };

	uri = uri ? uri : TOKEN_URI;
	if (make_claim(account, uri, &claim, err))
		return -1;
	strbuf_adds(&form, "grant_type=");
	url_encode(&form, GRANT, "");
	strbuf_addf(&form, "&assertion=%s", claim.buf);
	return post_form(a, uri, &form, err);
}

static int from_user(struct gs_auth *a, const struct json *user, struct mlops_error *err)
{
	static const char *const fields[] = { "client_id", "client_secret", "refresh_token" };
	const char *uri = js_get_text(user, "token_uri");
	autobuf form = { 0 };

	strbuf_adds(&form, "grant_type=refresh_token");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *value = js_get_text(user, fields[i]);

		if (!value)
			return err_set(err, MLOPS_EAUTH,
				       "the credentials of Google Cloud lack '%s'", fields[i]);
		strbuf_addf(&form, "&%s=", fields[i]);
		url_encode(&form, value, "");
	}
	int rc = post_form(a, uri ? uri : TOKEN_URI, &form, err);
	explicit_bzero(form.buf, form.len);
	return rc;
}

static int from_file(struct gs_auth *a, const struct strbuf *text, struct mlops_error *err)
{
	autojson *v = NULL;

	if (js_parse(text->buf ? text->buf : "", text->len, "the credentials of Google Cloud", &v,
		     err))
		return -1;
	const char *type = js_get_text(v, "type");
	if (type && !strcmp(type, "service_account"))
		return from_account(a, v, err);
	if (type && !strcmp(type, "authorized_user"))
		return from_user(a, v, err);
	return err_set(err, MLOPS_EAUTH,
		       "credentials of Google Cloud of type '%.40s' are not known",
		       type ? type : "");
}

static int from_metadata(struct gs_auth *a, struct mlops_error *err)
{
	static const char *const headers[] = { "Metadata-Flavor: Google", NULL };
	const char *host = env("GCE_METADATA_HOST");
	autofree char *url = xasprintf("http://%s/computeMetadata/v1/instance/service-accounts/"
				       "default/token",
				       host ? host : "metadata.google.internal");
	struct http_request req = {
		.method = "GET", .url = url, .headers = headers, .direct = true, .timeout_ms = 1500
	};

	if (!ask(a, &req, err))
		return 0;
	err_set(err, MLOPS_EAUTH, "no credentials for Google Cloud are set up");
	return err_hint(err, "name a key file in GOOGLE_APPLICATION_CREDENTIALS, or run: "
			     "gcloud auth application-default login");
}

/* The file of gcloud, which may be absent. */
static char *usual_file(void)
{
	const char *dir = env("CLOUDSDK_CONFIG"), *home = env("HOME");
	autofree char *usual = path_join(home ? home : "/", ".config/gcloud");

	return path_join(dir ? dir : usual, "application_default_credentials.json");
}

static int get_token(void *arg, struct mlops_error *err)
{
	struct gs_auth *a = arg;
	const char *named = a->file ? a->file : env("GOOGLE_APPLICATION_CREDENTIALS");
	autofree char *path = named ? xstrdup(named) : usual_file();
	autobuf text = { 0 };

	if (fs_read(path, MAX_FILE, &text, err)) {
		if (named || err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return from_metadata(a, err);
	}
	int rc = from_file(a, &text, err);
	if (text.len)
		explicit_bzero(text.buf, text.len);
	return rc;
}

int gs_sign(struct gs_auth *a, struct web_call *call, struct mlops_error *err)
{
	return a->anonymous ? 0 : bearer_sign(&a->bearer, call, get_token, a, err);
}

void gs_forget_token(struct gs_auth *a)
{
	bearer_forget(&a->bearer);
}
