/*
 * gs://BUCKET/PREFIX at Google Cloud Storage, or the emulator that STORAGE_EMULATOR_HOST names. With
 * HMAC keys it is reached by the protocol of S3, which the service speaks too.
 */
#include "remote/transports/gs.h"

#include <time.h>

#include "base/base64.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "crypto/md5.h"
#include "fmt/json.h"
#include "remote/s3/ini.h"
#include "remote/s3/s3.h"

#define ENDPOINT "https://storage.googleapis.com"
#define MAX_FILE ((size_t)1 << 20)

/* One of the two ways there: by its own API, or as S3. */
struct way {
	const struct transport *by;
	void *conn;
};

static int sign(void *self, struct web_call *c, struct mlops_error *err)
{
	struct gs *g = self;

	return gs_sign(&g->auth, c, err);
}

static int reconsider(void *self, struct web_call *c, struct mlops_error *err)
{
	struct gs *g = self;

	(void)err;
	if (c->r.status != 401 || !g->auth.bearer.token)
		return 0;
	gs_forget_token(&g->auth);
	return 1;
}

static void close_json(void *conn)
{
	struct gs *g = conn;

	web_clear(&g->web);
	gs_auth_clear(&g->auth);
	free(g->endpoint);
	free(g->bucket);
	free(g->prefix);
	free(g->state_dir);
	free(g);
}

static char *emulator(const struct transport_how *how)
{
	const char *given = transport_given(how, "endpoint"),
		   *host = given ? given : getenv("STORAGE_EMULATOR_HOST");

	if (!host || !*host)
		return NULL;
	size_t n = strlen(host);
	while (n && host[n - 1] == '/')
		n--;
	return xasprintf("%s%.*s", strstr(host, "://") ? "" : "http://", (int)n, host);
}

static void *open_json(const struct transport_how *how, const char *bucket, const char *prefix)
{
	struct gs *g = xcalloc(1, sizeof(*g));

	web_init(&g->web, how);
	g->web.sign = sign;
	g->web.reconsider = reconsider;
	g->web.self = g;
	g->endpoint = emulator(how);
	gs_auth_init(&g->auth, how->engine, g->endpoint || transport_given(how, "anonymous"),
		     transport_given(how, "credentialfile"));
	if (!g->endpoint)
		g->endpoint = xstrdup(ENDPOINT);
	g->bucket = xstrdup(bucket);
	g->prefix = xstrdup(prefix);
	g->state_dir = how->state_dir ? xstrdup(how->state_dir) : NULL;
	return g;
}

static void add_name(const struct gs *g, const char *key, struct strbuf *out)
{
	url_encode(out, g->prefix, "");
	strbuf_adds(out, *g->prefix ? "%2F" : "");
	url_encode(out, key, "");
}

/* Of an object (NULL: of the list of them) with a query; new. */
static char *gs_url(const struct gs *g, const char *key, const char *query)
{
	struct strbuf url = { 0 };

	strbuf_addf(&url, "%s/storage/v1/b/%s/o%s", g->endpoint, g->bucket, key ? "/" : "");
	if (key)
		add_name(g, key, &url);
	strbuf_addf(&url, "?%s", query);
	return strbuf_steal(&url);
}

char *gs_upload_url(const struct gs *g, const char *type, const struct key_put *put)
{
	struct strbuf url = { 0 };

	strbuf_addf(&url,
		    "%s/upload/storage/v1/b/%s/o?uploadType=%s&fields=md5Hash&name=", g->endpoint,
		    g->bucket, type);
	add_name(g, put->key, &url);
	if (put->if_absent)
		strbuf_adds(&url, "&ifGenerationMatch=0");
	return strbuf_steal(&url);
}

static int refused(const struct gs *g, const struct web_call *c, struct mlops_error *err)
{
	web_refused(&g->web, c, NULL, err);
	if (err->kind == MLOPS_ENOTFOUND) {
		err->kind = MLOPS_EREMOTE;
		return err_hint(err, "make the bucket '%s' first, or see whether its name is right",
				g->bucket);
	}
	if (err->kind == MLOPS_EAUTH)
		return err_hint(err, "these credentials may not do this with bucket '%s'",
				g->bucket);
	return -1;
}

int gs_run(struct gs *g, struct web_call *c, int fine, struct mlops_error *err)
{
	if (web_run(&g->web, c, err))
		return -1;
	return web_succeeded(c) || c->r.status == fine ? 0 : refused(g, c, err);
}

static int64_t parse_time_ms(const char *text)
{
	struct tm tm = { 0 };

	return text && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) * 1000 : 0;
}

static int take_info(const struct json *v, struct key_info *out, struct mlops_error *err)
{
	const char *size = js_get_text(v, "size");

	*out = (struct key_info){ .found = true,
				  .mtime_ms = parse_time_ms(js_get_text(v, "updated")) };
	if (size && num_parse_u64(size, &out->size))
		return 0;
	return err_set(err, MLOPS_ECORRUPT, "Google Cloud Storage tells no size");
}

static int parse(const struct web_call *c, struct json **out, struct mlops_error *err)
{
	return js_parse(c->r.body.buf ? c->r.body.buf : "", c->r.body.len,
			"the reply of Google Cloud Storage", out, err);
}

static int gs_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "GET", .url = gs_url(conn, key, "fields=size,updated"));
	autojson *v = NULL;

	if (gs_run(conn, &c, 404, err))
		return -1;
	*out = (struct key_info){ 0 };
	if (c.r.status == 404)
		return 0;
	return parse(&c, &v, err) || take_info(v, out, err) ? -1 : 0;
}

static int gs_get(void *conn, const char *key, struct byte_range range,
		  const struct byte_sink *sink, struct mlops_error *err)
{
	struct gs *g = conn;
	autocall c = WEB_CALL(.method = "GET", .url = gs_url(g, key, "alt=media"), .sink = sink);

	c.range = range;
	if (!range.n)
		return 0;
	if (web_run(&g->web, &c, err))
		return -1;
	if (web_succeeded(&c) || c.r.status == 416)
		return 0;
	if (c.r.status == 404)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not there", key);
	return refused(g, &c, err);
}

int gs_remove(void *conn, const char *key, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "DELETE", .url = gs_url(conn, key, ""));

	return gs_run(conn, &c, 404, err);
}

int gs_check_md5(struct gs *g, const struct web_call *c, const char *key, const uint8_t *md5,
		 struct mlops_error *err)
{
	autobuf want = { 0 };
	autojson *v = NULL;

	base64_encode(&want, md5, MD5_SIZE);
	if (parse(c, &v, err))
		return -1;
	const char *got = js_get_text(v, "md5Hash");
	if (!got || !strcmp(got, want.buf))
		return 0;
	autoerr ignored = ERR_INIT;
	gs_remove(g, key, &ignored);
	return err_set(err, MLOPS_ECORRUPT,
		       "remote '%s' stored other bytes than were sent for '%s'", g->web.name, key);
}

static int put_whole(struct gs *g, const struct key_put *put, struct mlops_error *err)
{
	size_t n = (size_t)put->from->size;
	autofree char *buf = xmalloc(n + 1);
	autocall c = WEB_CALL(.method = "POST", .url = gs_upload_url(g, "media", put), .body = buf,
			      .n = n);
	uint8_t sum[MD5_SIZE];

	if ((n && remote_source_read(put->from, 0, buf, n, err)) || md5_buf(buf, n, sum, err))
		return -1;
	web_header(&c, "Content-Type: application/octet-stream");
	*g->web.moved += n;
	if (gs_run(g, &c, put->if_absent ? 412 : 0, err))
		return -1;
	if (c.r.status == 412)
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", put->key);
	return gs_check_md5(g, &c, put->key, sum, err);
}

static int gs_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	return put->from->size > GS_WHOLE ? gs_put_session(conn, put, err) :
					    put_whole(conn, put, err);
}

/* The entries of a page that are keys of ours. */
static int give_entries(const struct gs *g, const struct json *items,
			int (*fn)(const char *, const struct key_info *, void *,
				  struct mlops_error *),
			void *arg, struct mlops_error *err)
{
	for (size_t i = 0; i < js_len(items); i++) {
		const char *name = js_get_text(js_at(items, i), "name");
		const char *key = name ? remote_key_below(g->prefix, name) : NULL;
		struct key_info info;

		if (!key)
			continue;
		if (take_info(js_at(items, i), &info, err))
			return -1;
		int rc = fn(key, &info, arg, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int gs_list(void *conn, const char *prefix,
		   int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *),
		   void *arg, struct mlops_error *err)
{
	struct gs *g = conn;
	autofree char *token = NULL;

	do {
		autobuf query = { 0 };
		autojson *v = NULL;

		strbuf_adds(&query, "fields=items(name,size,updated),nextPageToken&prefix=");
		add_name(g, prefix, &query);
		if (token) {
			strbuf_adds(&query, "&pageToken=");
			url_encode(&query, token, "");
		}
		autocall c = WEB_CALL(.method = "GET", .url = gs_url(g, NULL, query.buf));
		if (gs_run(g, &c, 0, err) || parse(&c, &v, err))
			return -1;
		const char *next = js_get_text(v, "nextPageToken");
		if (next && token && !strcmp(next, token))
			return err_set(err, MLOPS_EREMOTE, "the listing of '%s' goes in circles",
				       g->bucket);
		free(token);
		token = next && *next ? xstrdup(next) : NULL;
		int rc = give_entries(g, js_get(v, "items"), fn, arg, err);
		if (rc)
			return rc;
	} while (token);
	return 0;
}

static int gs_check(void *conn, struct mlops_error *err)
{
	return transport_check_by_list(gs_list, conn, err);
}

static const struct transport by_json = {
	.close = close_json,
	.check = gs_check,
	.stat = gs_stat,
	.get = gs_get,
	.put = gs_put,
	.list = gs_list,
	.remove = gs_remove,
};
static const struct transport by_xml = {
	.close = s3_close,
	.check = s3_check,
	.stat = s3_stat,
	.get = s3_get,
	.put = s3_put,
	.list = s3_list,
	.remove = s3_remove,
};

/* HMAC keys as gsutil has them: in the environment, or ~/.boto. */
static bool find_hmac(struct aws_key *out)
{
	const char *id = getenv("GS_ACCESS_KEY_ID"), *secret = getenv("GS_SECRET_ACCESS_KEY"),
		   *file = getenv("BOTO_CONFIG"), *home = getenv("HOME");
	autofree char *usual = path_join(home ? home : "/", ".boto");
	autoerr ignored = ERR_INIT;
	autobuf text = { 0 };

	fs_read(file && *file ? file : usual, MAX_FILE, &text, &ignored);
	*out = (struct aws_key){
		.id = id && *id ? xstrdup(id) : ini_get(&text, "Credentials", "gs_access_key_id"),
		.secret = secret && *secret ? xstrdup(secret) :
					      ini_get(&text, "Credentials", "gs_secret_access_key"),
	};
	return out->id && out->secret;
}

static int connect_to(struct way *w, const struct transport_how *how, const struct url *u,
		      const char *prefix, struct mlops_error *err)
{
	autofree char *other = emulator(how);
	autokey hmac = { 0 };

	if (!find_hmac(&hmac)) {
		w->by = &by_json;
		w->conn = open_json(how, u->host, prefix);
		return 0;
	}
	const struct s3_place place = { .endpoint = other ? other : ENDPOINT,
					.region = "auto",
					.bucket = u->host,
					.prefix = prefix };
	w->by = &by_xml;
	return s3_open(how, &place, aws_chain_fixed(&hmac), &w->conn, err);
}

static int way_open(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	autofree char *prefix = NULL;
	struct way w = { 0 };
	autourl u = { 0 };

	if (url_parse(how->url, &u, err) || remote_prefix(u.path, &prefix, err))
		return -1;
	if (u.user || u.port || u.query)
		return err_set(err, MLOPS_EINVALID, "'%s' is not gs://BUCKET/PREFIX", how->url);
	if (connect_to(&w, how, &u, prefix, err))
		return -1;
	*conn = xmemdup(&w, sizeof(w));
	return 0;
}

static void way_close(void *conn)
{
	struct way *w = conn;

	w->by->close(w->conn);
	free(w);
}

static int way_check(void *conn, struct mlops_error *err)
{
	struct way *w = conn;

	return w->by->check(w->conn, err);
}

static int way_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err)
{
	struct way *w = conn;

	return w->by->stat(w->conn, key, out, err);
}

static int way_get(void *conn, const char *key, struct byte_range range,
		   const struct byte_sink *sink, struct mlops_error *err)
{
	struct way *w = conn;

	return w->by->get(w->conn, key, range, sink, err);
}

static int way_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	struct way *w = conn;

	return w->by->put(w->conn, put, err);
}

static int way_remove(void *conn, const char *key, struct mlops_error *err)
{
	struct way *w = conn;

	return w->by->remove(w->conn, key, err);
}

static int way_list(void *conn, const char *prefix,
		    int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *),
		    void *arg, struct mlops_error *err)
{
	struct way *w = conn;

	return w->by->list(w->conn, prefix, fn, arg, err);
}

const struct transport transport_gs = {
	.schemes = { "gs" },
	.help = "gs://BUCKET/PREFIX, Google Cloud Storage",
	.caps = TRANSPORT_RANGE | TRANSPORT_LIST | TRANSPORT_RESUME | TRANSPORT_IF_ABSENT,
	.open = way_open,
	.close = way_close,
	.check = way_check,
	.stat = way_stat,
	.get = way_get,
	.put = way_put,
	.remove = way_remove,
	.list = way_list,
};
