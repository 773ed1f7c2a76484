/* Requests for keys, how they are signed, and what refusals mean. */
#include "remote/s3/s3.h"

#include <time.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "fmt/xml.h"

#define EMPTY_HASH  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HASH_BUFFER ((size_t)256 << 10)

static char *region_of(struct s3 *s)
{
	pthread_mutex_lock(&s->lock);
	char *region = xstrdup(s->region);
	pthread_mutex_unlock(&s->lock);
	return region;
}

static int sign(void *self, struct web_call *c, struct mlops_error *err)
{
	struct s3 *s = self;
	autofree char *region = region_of(s);
	const struct strlist none = { 0 };
	autokey key = { 0 };
	autourl url = { 0 };

	if (aws_chain_is_anonymous(s->chain))
		return 0;
	if (aws_chain_key(s->chain, &key, err) || url_parse(c->url, &url, err))
		return -1;
	const struct sigv4 how = { .key = &key,
				   .region = region,
				   .service = "s3",
				   .now_s = time(NULL),
				   .method = c->method,
				   .url = &url,
				   .payload = c->body_hash ? c->body_hash : EMPTY_HASH,
				   .headers = &none };
	return sigv4_sign(&how, &c->signed_headers, err);
}

static int take_region(const char *name, const char *value, const char *parent, void *arg,
		       struct mlops_error *err)
{
	char **region = arg;

	(void)err;
	if (!strcmp(name, "Region") && !strcmp(parent, "Error") && !*region)
		*region = xstrdup(value);
	return 0;
}

/* The region that a refusal says the bucket is in: in a header, or in the error itself. New, or NULL. */
static char *told_region(const struct web_call *c)
{
	struct str header = http_response_header(&c->r, "x-amz-bucket-region");
	char *region = header.n ? xstrndup(header.p, header.n) : NULL;
	autoerr ignored = ERR_INIT;

	if (!region && c->r.body.len)
		xml_each(c->r.body.buf, c->r.body.len, "the reply", take_region, &region, &ignored);
	size_t n = region ? strlen(region) : 0;
	if (n && n < 64 && strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == n)
		return region;
	free(region);
	return NULL;
}

/* Whether it is another than the one asked in. Takes `region`. */
static bool set_region(struct s3 *s, char *region)
{
	pthread_mutex_lock(&s->lock);
	bool other = strcmp(region, s->region) != 0;
	free(s->region);
	s->region = region;
	pthread_mutex_unlock(&s->lock);
	return other;
}

/* The host is the only part of the URL that the region changes. */
static void move_host(struct s3 *s, struct web_call *c)
{
	autofree char *from = steal_ptr(&c->url), *root = s3_url(s, NULL, NULL);
	const char *path = strchr(strstr(from, "://") + 3, '/');
	const char *host = strstr(root, "://") + 3;

	c->url =
		xasprintf("%.*s%s", (int)(host - root + (ptrdiff_t)strcspn(host, "/")), root, path);
}

/*
 * A bucket that was looked for in another region: AWS redirects, or finds the signature's region
 * wrong, as other services do too (but they are at one host). And keys may end early.
 */
static int reconsider(void *self, struct web_call *c, struct mlops_error *err)
{
	int status = c->r.status;
	struct s3 *s = self;

	(void)err;
	if (status == 403 && c->r.body.buf && strstr(c->r.body.buf, "ExpiredToken")) {
		aws_chain_expire(s->chain);
		return 1;
	}
	if (status != 400 && (s->host || (status != 301 && status != 307)))
		return 0;
	char *region = told_region(c);
	if (!region || !set_region(s, region))
		return 0;
	if (!s->host)
		move_host(s, c);
	return 1;
}

char *s3_url(struct s3 *s, const char *key, const char *query)
{
	autofree char *region = region_of(s);
	autofree char *host = s->host ? xstrdup(s->host) :
					xasprintf("s3.%s.amazonaws.com%s", region,
						  str_starts(region, "cn-") ? ".cn" : "");
	struct strbuf url = { 0 };

	if (s->virtual_host)
		strbuf_addf(&url, "%s://%s.%s/", s->scheme, s->bucket, host);
	else
		strbuf_addf(&url, "%s://%s/%s%s", s->scheme, host, s->bucket, key ? "/" : "");
	if (key && *s->prefix) {
		url_encode(&url, s->prefix, "/");
		strbuf_addc(&url, '/');
	}
	if (key)
		url_encode(&url, key, "/");
	if (query)
		strbuf_addf(&url, "?%s", query);
	return strbuf_steal(&url);
}

static int parse_endpoint(struct s3 *s, const char *endpoint, struct mlops_error *err)
{
	autourl u = { 0 };

	if (url_parse(endpoint, &u, err))
		return -1;
	if ((strcmp(u.scheme, "https") && strcmp(u.scheme, "http")) || u.user || u.query ||
	    (*u.path && strcmp(u.path, "/")))
		return err_set(err, MLOPS_EINVALID, "'%s' is no endpoint: http(s)://HOST[:PORT]",
			       endpoint);
	free(s->scheme);
	s->scheme = xstrdup(u.scheme);
	s->host = u.port ? xasprintf("%s:%d", u.host, u.port) : xstrdup(u.host);
	return 0;
}

int s3_open(const struct transport_how *how, const struct s3_place *place, struct aws_chain *chain,
	    void **conn, struct mlops_error *err)
{
	struct s3 *s = xcalloc(1, sizeof(*s));

	web_init(&s->web, how);
	s->web.sign = sign;
	s->web.reconsider = reconsider;
	s->web.self = s;
	s->chain = chain;
	s->scheme = xstrdup("https");
	s->region = xstrdup(place->region);
	s->bucket = xstrdup(place->bucket);
	s->prefix = xstrdup(place->prefix);
	s->state_dir = how->state_dir ? xstrdup(how->state_dir) : NULL;
	s->virtual_host = place->virtual_host;
	s->jobs = how->jobs;
	pthread_mutex_init(&s->lock, NULL);
	if (place->endpoint && parse_endpoint(s, place->endpoint, err)) {
		s3_close(s);
		return -1;
	}
	*conn = s;
	return 0;
}

void s3_close(void *conn)
{
	struct s3 *s = conn;

	web_clear(&s->web);
	aws_chain_free(s->chain);
	pthread_mutex_destroy(&s->lock);
	free(s->scheme);
	free(s->host);
	free(s->bucket);
	free(s->prefix);
	free(s->region);
	free(s->state_dir);
	free(s);
}

static int hint_for(struct s3 *s, const char *code, const struct web_call *c,
		    struct mlops_error *err)
{
	if (!strcmp(code, "NoSuchBucket"))
		err_hint(err, "make the bucket '%s' first, or see whether its name is right",
			 s->bucket);
	else if (!strcmp(code, "RequestTimeTooSkewed"))
		err_hint(err, "the clock of this machine is wrong");
	else if (c->r.status == 301 || strstr(code, "Malformed") || strstr(code, "Redirect"))
		err_hint(err,
			 "is the bucket in another region? Set it with: "
			 "mlops config remote.%s.region <region>",
			 s->web.name);
	else if (err->kind == MLOPS_EAUTH)
		err_hint(err, "these credentials may not do this with bucket '%s'", s->bucket);
	return -1;
}

int s3_refused(struct s3 *s, const struct web_call *c, struct mlops_error *err)
{
	autofree char *code = web_refused_xml(&s->web, c, err);

	if (err->kind == MLOPS_ENOTFOUND || c->r.status == 301)
		err->kind = MLOPS_EREMOTE;
	return hint_for(s, code, c, err);
}

int s3_run(struct s3 *s, struct web_call *c, bool may_lack, struct mlops_error *err)
{
	if (web_run(&s->web, c, err))
		return -1;
	if (web_succeeded(c))
		return 0;
	bool no_bucket = c->r.body.buf && strstr(c->r.body.buf, "NoSuchBucket");
	return may_lack && c->r.status == 404 && !no_bucket ? 0 : s3_refused(s, c, err);
}

int s3_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "HEAD", .url = s3_url(conn, key, NULL));

	if (s3_run(conn, &c, true, err))
		return -1;
	*out = (struct key_info){ 0 };
	if (c.r.status != 404)
		web_key_info(&c, out);
	return 0;
}

int s3_get(void *conn, const char *key, struct byte_range range, const struct byte_sink *sink,
	   struct mlops_error *err)
{
	struct s3 *s = conn;
	autocall c = WEB_CALL(.method = "GET", .url = s3_url(s, key, NULL), .sink = sink);

	c.range = range;
	if (!range.n)
		return 0;
	if (web_run(&s->web, &c, err))
		return -1;
	if (web_succeeded(&c) || c.r.status == 416)
		return 0;
	s3_refused(s, &c, err);
	if (c.r.status == 404 && !(c.r.body.buf && strstr(c.r.body.buf, "NoSuchBucket")))
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not there", key);
	return -1;
}

static int hash_source(const struct web_call *c, struct oid *out, struct mlops_error *err)
{
	size_t room = c->n < HASH_BUFFER ? (size_t)c->n : HASH_BUFFER;
	autofree char *buf = xmalloc(room + 1);
	struct hasher *h;
	int rc = 0;

	if (hasher_new(&h, err))
		return -1;
	for (uint64_t at = 0; at < c->n && !rc;) {
		size_t n = c->n - at < room ? (size_t)(c->n - at) : room;

		rc = remote_source_read(c->from, c->at + at, buf, n, err);
		if (!rc)
			hasher_update(h, buf, n);
		at += n;
	}
	if (!rc)
		hasher_final(h, out);
	hasher_free(h);
	return rc;
}

int s3_add_hash(struct web_call *c, const struct oid *known, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	struct oid hash;

	if (known)
		hash = *known;
	else if (c->from ? hash_source(c, &hash, err) : hash_buf(c->body, (size_t)c->n, &hash, err))
		return -1;
	c->body_hash = xstrdup(mlops_oid_hex(&hash, hex));
	return 0;
}

int s3_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	struct s3 *s = conn;

	if (put->from->size > 2 * S3_PART)
		return s3_put_parts(s, put, err);
	autocall c = WEB_CALL(.method = "PUT", .url = s3_url(s, put->key, NULL), .from = put->from,
			      .n = put->from->size);
	if (s3_add_hash(&c, put->oid, err))
		return -1;
	if (put->if_absent)
		web_header(&c, "If-None-Match: *");
	if (web_run(&s->web, &c, err))
		return -1;
	if (put->if_absent && (c.r.status == 412 || c.r.status == 409))
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", put->key);
	return web_succeeded(&c) ? 0 : s3_refused(s, &c, err);
}

int s3_remove(void *conn, const char *key, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "DELETE", .url = s3_url(conn, key, NULL));

	return s3_run(conn, &c, true, err);
}

/* One page of a listing. */
struct page {
	struct s3 *s;
	int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *);
	void *arg;
	char *key;
	struct key_info info;
	char *next; /* NULL: this is the last page */
	size_t n;
};

static int64_t parse_time_ms(const char *text)
{
	struct tm tm = { 0 };

	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) * 1000 : 0;
}

/* A key of the bucket as one of ours; what is none is passed over. */
static int give_entry(struct page *p, struct mlops_error *err)
{
	autofree char *full = steal_ptr(&p->key);
	const char *key = full ? remote_key_below(p->s->prefix, full) : NULL;

	p->n++;
	if (!key)
		return 0;
	p->info.found = true;
	return p->fn(key, &p->info, p->arg, err);
}

static int take_entry(const char *name, const char *value, const char *parent, void *arg,
		      struct mlops_error *err)
{
	struct page *p = arg;

	if (!strcmp(name, "Contents"))
		return give_entry(p, err);
	if (!strcmp(name, "NextContinuationToken") && *value) {
		free(p->next);
		p->next = xstrdup(value);
	}
	if (strcmp(parent, "Contents"))
		return 0;
	if (!strcmp(name, "Key")) {
		free(p->key);
		p->key = xstrdup(value);
	} else if (!strcmp(name, "LastModified")) {
		p->info.mtime_ms = parse_time_ms(value);
	} else if (!strcmp(name, "Size") && !num_parse_u64(value, &p->info.size)) {
		return err_set(err, MLOPS_ECORRUPT, "the listing of '%s' has a size of '%.20s'",
			       p->s->bucket, value);
	}
	return 0;
}

static int list_page(struct s3 *s, const char *prefix, struct page *p, struct mlops_error *err)
{
	autofree char *token = steal_ptr(&p->next);
	autobuf query = { 0 };

	if (token) {
		strbuf_adds(&query, "continuation-token=");
		url_encode(&query, token, "");
		strbuf_addc(&query, '&');
	}
	strbuf_adds(&query, "list-type=2&prefix=");
	url_encode(&query, s->prefix, "");
	strbuf_adds(&query, *s->prefix ? "%2F" : "");
	url_encode(&query, prefix, "");
	autocall c = WEB_CALL(.method = "GET", .url = s3_url(s, NULL, query.buf));
	if (s3_run(s, &c, false, err))
		return -1;
	p->n = 0;
	int rc = xml_each(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the listing", take_entry,
			  p, err);
	free(steal_ptr(&p->key));
	if (!rc && p->next && token && !strcmp(p->next, token))
		return err_set(err, MLOPS_EREMOTE, "the listing of '%s' goes in circles",
			       s->bucket);
	return rc;
}

int s3_list(void *conn, const char *prefix,
	    int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *),
	    void *arg, struct mlops_error *err)
{
	struct page p = { .s = conn, .fn = fn, .arg = arg };
	int rc;

	do
		rc = list_page(conn, prefix, &p, err);
	while (!rc && p.next);
	free(p.next);
	return rc;
}

int s3_check(void *conn, struct mlops_error *err)
{
	return transport_check_by_list(s3_list, conn, err);
}
