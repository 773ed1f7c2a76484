/* SharedKey as in "Authorize with Shared Key" of Azure's documentation, or a token of Entra. */
#include "remote/transports/az_auth.h"

#include <ctype.h>
#include <time.h>

#include "base/base64.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"
#include "crypto/mac.h"
#include "fmt/json.h"
#include "http/engine.h"

#define VERSION  "2021-08-06"
#define RESOURCE "https://storage.azure.com/"
#define MAX_FILE ((size_t)1 << 20)

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* A part "Name=value" of a connection string; new, or NULL. */
static char *part_of(const char *text, const char *name)
{
	struct str rest = str_of(text), value;

	while (rest.n) {
		struct str part = str_split(rest, ';', &rest);

		if (str_eq(str_trim(str_split(part, '=', &value)), name) && value.n)
			return xstrndup(value.p, value.n);
	}
	return NULL;
}

static int take_key(struct az_auth *a, const char *text, struct mlops_error *err)
{
	if (!text || (base64_decode(text, strlen(text), &a->key) && a->key.len))
		return 0;
	return err_set(err, MLOPS_EAUTH, "the key of storage account '%s' is not base64",
		       a->account);
}

static bool is_account(const char *name)
{
	size_t n = strlen(name);
	bool good = n >= 3 && n <= 24;

	for (const char *c = name; *c && good; c++)
		good = islower((unsigned char)*c) || isdigit((unsigned char)*c);
	return good;
}

static int check_places(struct az_auth *a, const char *name, struct mlops_error *err)
{
	autourl u = { 0 };

	if (!a->account || !is_account(a->account)) {
		err_set(err, MLOPS_EINVALID, "remote '%s': no Azure storage account is named",
			name);
		return err_hint(err, "set it with: mlops config remote.%s.account <account>", name);
	}
	if (!a->endpoint)
		a->endpoint = xasprintf("https://%s.blob.core.windows.net", a->account);
	for (size_t n = strlen(a->endpoint); n && a->endpoint[n - 1] == '/'; n--)
		a->endpoint[n - 1] = '\0';
	if (url_parse(a->endpoint, &u, err))
		return -1;
	if (u.query || (strcmp(u.scheme, "https") && strcmp(u.scheme, "http")))
		return err_set(err, MLOPS_EINVALID, "'%s' is no endpoint: http(s)://HOST[:PORT]",
			       a->endpoint);
	return 0;
}

static char *first_of(char *a, const char *b, const char *c)
{
	return a ? a : b ? xstrdup(b) : c ? xstrdup(c) : NULL;
}

static char *given_or_part(const struct transport_how *how, const char *key, const char *all,
			   const char *name)
{
	const char *given = transport_given(how, key);

	return given ? xstrdup(given) : part_of(all, name);
}

int az_auth_init(struct az_auth *a, const struct transport_how *how, struct mlops_error *err)
{
	const char *given = transport_given(how, "connectionstring"), *endpoint;
	const char *connection = given ? given : env("AZURE_STORAGE_CONNECTION_STRING");
	const char *all = connection ? connection : "",
		   *setting = transport_setting(how, "account", NULL);

	*a = (struct az_auth){ .engine = how->engine };
	bearer_init(&a->bearer);
	/* A token goes there, so it must be the user's own choice. */
	if (transport_own_setting(how, "endpoint", &endpoint, err))
		return -1;
	autofree char *named = part_of(all, "AccountName"),
		      *key = given_or_part(how, "accountkey", all, "AccountKey"),
		      *sas = given_or_part(how, "sastoken", all, "SharedAccessSignature");
	a->account = setting ? xstrdup(setting) :
			       first_of(steal_ptr(&named), env("AZURE_STORAGE_ACCOUNT"), NULL);
	a->endpoint = endpoint ? xstrdup(endpoint) :
				 first_of(part_of(all, "BlobEndpoint"),
					  env("AZURE_STORAGE_BLOB_ENDPOINT"), NULL);
	if (check_places(a, how->name, err) || take_key(a,
							key ? key :
							sas ? NULL :
							      env("AZURE_STORAGE_KEY"),
							err))
		return -1;
	if (!a->key.len) {
		const char *text = sas ? sas : env("AZURE_STORAGE_SAS_TOKEN");

		a->sas = text ? xstrdup(text + (*text == '?')) : NULL;
	}
	return 0;
}

void az_auth_clear(struct az_auth *a)
{
	if (a->key.len)
		explicit_bzero(a->key.buf, a->key.len);
	strbuf_clear(&a->key);
	secret_free(a->sas);
	bearer_clear(&a->bearer);
	free(a->account);
	free(a->endpoint);
}

static int ask(struct az_auth *a, struct http_request *req, struct mlops_error *err)
{
	auto_response r = { 0 };

	req->bare = true;
	if (http_engine_exchange(a->engine, req, &r, err))
		return err_wrap(err, "cannot get a token for Azure");
	bool good = r.status == 200 && bearer_take(&a->bearer, &r.body);
	if (r.body.len)
		explicit_bzero(r.body.buf, r.body.len);
	return good ? 0 : err_set(err, MLOPS_EAUTH, "Azure gives no token (HTTP %d)", r.status);
}

static void add_field(struct strbuf *form, const char *name, const char *value)
{
	strbuf_addf(form, "&%s=", name);
	url_encode(form, value, "");
}

/* A service principal, with its secret or a token that a workload got from elsewhere. */
static int ask_entra(struct az_auth *a, struct mlops_error *err)
{
	static const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded",
					       NULL };
	const char *authority = env("AZURE_AUTHORITY_HOST"), *secret = env("AZURE_CLIENT_SECRET"),
		   *file = env("AZURE_FEDERATED_TOKEN_FILE");
	autobuf form = { 0 }, text = { 0 };

	if (!secret && fs_read(file, MAX_FILE, &text, err))
		return -1;
	strbuf_adds(&form, "grant_type=client_credentials");
	add_field(&form, "client_id", env("AZURE_CLIENT_ID"));
	add_field(&form, "scope", RESOURCE ".default");
	if (secret) {
		add_field(&form, "client_secret", secret);
	} else {
		struct str token = str_trim((struct str){ text.buf ? text.buf : "", text.len });
		autofree char *copy = xstrndup(token.p, token.n);

		add_field(&form, "client_assertion", copy);
		add_field(&form, "client_assertion_type",
			  "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	}
	authority = authority ? authority : "https://login.microsoftonline.com";
	autofree char *url = xasprintf("%s%s%s/oauth2/v2.0/token", authority,
				       str_ends(authority, "/") ? "" : "/", env("AZURE_TENANT_ID"));
	struct http_request req = { .method = "POST",
				    .url = url,
				    .headers = headers,
				    .body = form.buf,
				    .body_len = form.len };
	int rc = ask(a, &req, err);
	explicit_bzero(form.buf, form.len);
	return rc;
}

static int ask_machine(struct az_auth *a, struct mlops_error *err)
{
	static const char *const headers[] = { "Metadata: true", NULL };
	autobuf url = { 0 };

	strbuf_adds(&url, "http://169.254.169.254/metadata/identity/oauth2/token"
			  "?api-version=2018-02-01&resource=");
	url_encode(&url, RESOURCE, "");
	if (env("AZURE_CLIENT_ID"))
		add_field(&url, "client_id", env("AZURE_CLIENT_ID"));
	struct http_request req = { .method = "GET",
				    .url = url.buf,
				    .headers = headers,
				    .direct = true,
				    .timeout_ms = 1500 };
	return ask(a, &req, err);
}

static int ask_command(struct az_auth *a, struct mlops_error *err)
{
	static const char *const argv[] = { "az",         "account", "get-access-token",
					    "--resource", RESOURCE,  "--output",
					    "json",       NULL };
	struct proc_result result;
	autobuf text = { 0 };

	if (proc_read(argv, MAX_FILE, &text, &result, err))
		return -1;
	bool good = !result.status && bearer_take(&a->bearer, &text);
	if (text.len)
		explicit_bzero(text.buf, text.len);
	return good ? 0 : err_set(err, MLOPS_EAUTH, "the az command gives no token");
}

static int get_token(void *arg, struct mlops_error *err)
{
	struct az_auth *a = arg;

	if (env("AZURE_TENANT_ID") && env("AZURE_CLIENT_ID") &&
	    (env("AZURE_CLIENT_SECRET") || env("AZURE_FEDERATED_TOKEN_FILE")))
		return ask_entra(a, err);
	if (!ask_machine(a, err))
		return 0;
	mlops_error_clear(err);
	if (!ask_command(a, err))
		return 0;
	mlops_error_clear(err);
	err_set(err, MLOPS_EAUTH, "no Azure credentials are set up");
	return err_hint(err, "set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or run: az login");
}

void az_forget_token(struct az_auth *a)
{
	bearer_forget(&a->bearer);
}

/* "name:value" of the x-ms- headers, sorted. */
static void add_headers(const struct web_call *c, struct strbuf *out)
{
	const struct strlist *lists[] = { &c->headers, &c->signed_headers };
	autostrlist lines = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t j = 0; j < lists[i]->n; j++) {
			const char *line = lists[i]->v[j], *value = strchr(line, ':') + 1;

			if (str_starts(line, "x-ms-"))
				strlist_take(&lines, xasprintf("%.*s%s", (int)(value - line), line,
							       value + strspn(value, " ")));
		}
	strlist_sort(&lines);
	for (size_t i = 0; i < lines.n; i++)
		strbuf_addf(out, "%s\n", lines.v[i]);
}

/* "\nname:value" of the parts of the query, decoded and sorted. */
static void add_query(const char *query, struct strbuf *out)
{
	struct str rest = str_of(query ? query : ""), value;
	autostrlist parts = { 0 };

	while (rest.n) {
		struct str name = str_split(str_split(rest, '&', &rest), '=', &value);
		autobuf plain = { 0 };

		url_decode(&plain, value.p, value.n);
		strlist_take(&parts,
			     xasprintf(STR_FMT ":%s", STR_ARG(name), plain.buf ? plain.buf : ""));
	}
	strlist_sort(&parts);
	for (size_t i = 0; i < parts.n; i++)
		strbuf_addf(out, "\n%s", parts.v[i]);
}

/* A header that has a place of its own in what is signed; "" when there is none. */
static const char *header_of(const struct web_call *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < c->headers.n; i++)
		if (!strncasecmp(c->headers.v[i], name, n) && c->headers.v[i][n] == ':')
			return c->headers.v[i] + n + 2;
	return "";
}

static int sign_with_key(struct az_auth *a, struct web_call *c, struct mlops_error *err)
{
	autobuf text = { 0 }, signature = { 0 };
	uint8_t code[MAC_SIZE];
	char length[24] = "";
	autourl u = { 0 };
	struct mac *mac;

	if (url_parse(c->url, &u, err) || mac_new(a->key.buf, a->key.len, &mac, err))
		return -1;
	if (c->n)
		snprintf(length, sizeof(length), "%llu", (unsigned long long)c->n);
	strbuf_addf(&text, "%s\n\n\n%s\n%s\n\n\n\n\n%s\n\n%s\n", c->method, length,
		    header_of(c, "Content-MD5"), header_of(c, "If-None-Match"),
		    c->range_value ? c->range_value : "");
	add_headers(c, &text);
	strbuf_addf(&text, "/%s%s", a->account, u.path);
	add_query(u.query, &text);
	mac_sum(mac, text.buf, text.len, "", 0, code);
	mac_free(mac);
	base64_encode(&signature, code, sizeof(code));
	web_sign(c, "Authorization: SharedKey %s:%s", a->account, signature.buf);
	return 0;
}

int az_sign(struct az_auth *a, struct web_call *c, struct mlops_error *err)
{
	time_t now = time(NULL);
	char date[64];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	web_sign(c, "x-ms-date: %s", date);
	web_sign(c, "x-ms-version: " VERSION);
	if (a->key.len)
		return sign_with_key(a, c, err);
	return a->sas ?
		       0 :
		       bearer_sign(&a->bearer, c, get_token, a, err); /* a SAS is part of the URL */
}
