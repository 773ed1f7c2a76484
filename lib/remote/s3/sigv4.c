/* As in "Create a signed AWS API request" of the AWS documentation; the steps have its names. */
#include "remote/s3/sigv4.h"

#include <ctype.h>
#include <time.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/mac.h"

void aws_key_clear(struct aws_key *k)
{
	char *parts[] = { k->id, k->secret, k->token };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i])
			explicit_bzero(parts[i], strlen(parts[i]));
		free(parts[i]);
	}
	*k = (struct aws_key){ 0 };
}

/* "name:value" with the name in lower case; the list sorts as the names do. */
static void add_canonical(struct strlist *list, const char *line)
{
	const char *colon = strchr(line, ':');
	struct str value = str_trim(str_of(colon + 1));
	char *text = xasprintf("%.*s:" STR_FMT, (int)(colon - line), line, STR_ARG(value));

	for (char *c = text; *c != ':'; c++)
		*c = (char)tolower((unsigned char)*c);
	strlist_take(list, text);
}

static void canonical_headers(const struct sigv4 *s, const struct strlist *ours,
			      struct strlist *out)
{
	bool usual = !s->url->port || s->url->port == (strcmp(s->url->scheme, "https") ? 80 : 443);

	for (size_t i = 0; i < s->headers->n; i++)
		if (!strncasecmp(s->headers->v[i], "x-amz-", 6))
			add_canonical(out, s->headers->v[i]);
	for (size_t i = 0; i < ours->n; i++)
		add_canonical(out, ours->v[i]);
	strlist_take(out, usual ? xasprintf("host:%s", s->url->host) :
				  xasprintf("host:%s:%d", s->url->host, s->url->port));
	strlist_sort(out);
}

static void names_of(const struct strlist *headers, struct strbuf *out)
{
	for (size_t i = 0; i < headers->n; i++)
		strbuf_addf(out, "%s%.*s", i ? ";" : "", (int)strcspn(headers->v[i], ":"),
			    headers->v[i]);
}

static int hash_hex(const struct strbuf *text, char *hex, struct mlops_error *err)
{
	struct oid hash;

	if (hash_buf(text->buf, text->len, &hash, err))
		return -1;
	mlops_oid_hex(&hash, hex);
	return 0;
}

/* One link of the chain of keys: HMAC(key, text). */
static int derive(const void *key, size_t n, const char *text, uint8_t *out,
		  struct mlops_error *err)
{
	struct mac *m;

	if (mac_new(key, n, &m, err))
		return -1;
	mac_sum(m, text, strlen(text), "", 0, out);
	mac_free(m);
	return 0;
}

static int sign_text(const struct sigv4 *s, const char *day, const char *text, char *hex,
		     struct mlops_error *err)
{
	autofree char *first = xasprintf("AWS4%s", s->key->secret);
	const char *chain[] = { s->region, s->service, "aws4_request", text };
	uint8_t key[MAC_SIZE];

	int rc = derive(first, strlen(first), day, key, err);
	for (size_t i = 0; i < ARRAY_LEN(chain) && !rc; i++)
		rc = derive(key, sizeof(key), chain[i], key, err);
	explicit_bzero(first, strlen(first));
	if (!rc)
		hex_encode(hex, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return rc;
}

int sigv4_sign(const struct sigv4 *s, struct strlist *out, struct mlops_error *err)
{
	char date[32], day[16], hash[MLOPS_OID_HEX + 1], signature[2 * MAC_SIZE + 1];
	autostrlist headers = { 0 };
	autobuf names = { 0 }, request = { 0 };
	time_t now = (time_t)s->now_s;
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &tm);
	strftime(day, sizeof(day), "%Y%m%d", &tm);
	strlist_take(out, xasprintf("x-amz-date: %s", date));
	if (!strcmp(s->service, "s3"))
		strlist_take(out, xasprintf("x-amz-content-sha256: %s", s->payload));
	if (s->key->token)
		strlist_take(out, xasprintf("x-amz-security-token: %s", s->key->token));
	canonical_headers(s, out, &headers);
	names_of(&headers, &names);
	strbuf_addf(&request, "%s\n%s\n%s\n", s->method, *s->url->path ? s->url->path : "/",
		    s->url->query ? s->url->query : "");
	for (size_t i = 0; i < headers.n; i++)
		strbuf_addf(&request, "%s\n", headers.v[i]);
	strbuf_addf(&request, "\n%s\n%s", names.buf, s->payload);
	if (hash_hex(&request, hash, err))
		return -1;
	explicit_bzero(request.buf, request.len); /* the token is in it */
	autofree char *scope = xasprintf("%s/%s/%s/aws4_request", day, s->region, s->service),
		      *text = xasprintf("AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, hash);
	if (sign_text(s, day, text, signature, err))
		return -1;
	strlist_take(out, xasprintf("Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, "
				    "SignedHeaders=%s, Signature=%s",
				    s->key->id, scope, names.buf, signature));
	return 0;
}
