/*
 * az://CONTAINER/PREFIX in a storage account of Azure. What is larger than a block is put as blocks,
 * named by their hashes, so that those a try before a kill has left there are not sent again.
 */
#include "base/base64.h"
#include "base/le.h"
#include "base/num.h"
#include "base/pool.h"
#include "crypto/hash.h"
#include "crypto/md5.h"
#include "fmt/xml.h"
#include "remote/transports/az_auth.h"

#define BLOCK       ((uint64_t)8 << 20)
#define MAX_BLOCKS  50000
#define ROUND_UP_TO ((uint64_t)1 << 20)
#define BLOCK_JOBS  4

struct az {
	struct web web;
	struct az_auth auth;
	char *container, *prefix;
	int64_t jobs;
};

static int sign(void *self, struct web_call *c, struct mlops_error *err)
{
	struct az *a = self;

	return az_sign(&a->auth, c, err);
}

static int reconsider(void *self, struct web_call *c, struct mlops_error *err)
{
	struct az *a = self;

	(void)err;
	if (c->r.status != 401 || !a->auth.bearer.token)
		return 0;
	az_forget_token(&a->auth);
	return 1;
}

static void az_close(void *conn)
{
	struct az *a = conn;

	web_clear(&a->web);
	az_auth_clear(&a->auth);
	free(a->container);
	free(a->prefix);
	free(a);
}

static int fill_in(struct az *a, const struct transport_how *how, struct mlops_error *err)
{
	autourl u = { 0 };

	if (url_parse(how->url, &u, err) || remote_prefix(u.path, &a->prefix, err))
		return -1;
	if (u.user || u.port || u.query)
		return err_set(err, MLOPS_EINVALID, "'%s' is not az://CONTAINER/PREFIX", how->url);
	a->container = xstrdup(u.host);
	return 0;
}

static int az_open(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	struct az *a = xcalloc(1, sizeof(*a));

	web_init(&a->web, how);
	a->web.sign = sign;
	a->web.reconsider = reconsider;
	a->web.self = a;
	a->jobs = how->jobs;
	if (az_auth_init(&a->auth, how, err) || fill_in(a, how, err)) {
		az_close(a);
		return -1;
	}
	*conn = a;
	return 0;
}

/* Of a key (NULL: of the container); `query` is encoded. New. */
static char *az_url(const struct az *a, const char *key, const char *query)
{
	struct strbuf url = { 0 };
	const char *mark = "?";

	strbuf_addf(&url, "%s/%s", a->auth.endpoint, a->container);
	if (key) {
		strbuf_addc(&url, '/');
		url_encode(&url, a->prefix, "/");
		strbuf_adds(&url, *a->prefix ? "/" : "");
		url_encode(&url, key, "/");
	}
	if (query) {
		strbuf_addf(&url, "?%s", query);
		mark = "&";
	}
	if (a->auth.sas)
		strbuf_addf(&url, "%s%s", mark, a->auth.sas);
	return strbuf_steal(&url);
}

static int refused(const struct az *a, const struct web_call *c, struct mlops_error *err)
{
	autofree char *code = web_refused_xml(&a->web, c, err);

	if (err->kind == MLOPS_ENOTFOUND)
		err->kind = MLOPS_EREMOTE;
	if (!strcmp(code, "ContainerNotFound"))
		return err_hint(err,
				"make the container '%s' first, or see whether its name is right",
				a->container);
	if (err->kind == MLOPS_EAUTH)
		return err_hint(err, "these credentials may not do this with storage account '%s'",
				a->auth.account);
	return -1;
}

static bool lacks_container(const struct web_call *c)
{
	return str_eq(http_response_header(&c->r, "x-ms-error-code"), "ContainerNotFound");
}

static int run(struct az *a, struct web_call *c, bool may_lack, struct mlops_error *err)
{
	if (web_run(&a->web, c, err))
		return -1;
	if (web_succeeded(c) || (may_lack && c->r.status == 404 && !lacks_container(c)))
		return 0;
	return refused(a, c, err);
}

static int az_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "HEAD", .url = az_url(conn, key, NULL));

	if (run(conn, &c, true, err))
		return -1;
	*out = (struct key_info){ 0 };
	if (c.r.status != 404)
		web_key_info(&c, out);
	return 0;
}

static int az_get(void *conn, const char *key, struct byte_range range,
		  const struct byte_sink *sink, struct mlops_error *err)
{
	struct az *a = conn;
	autocall c = WEB_CALL(.method = "GET", .url = az_url(a, key, NULL), .sink = sink);

	c.range = range;
	if (!range.n)
		return 0;
	if (web_run(&a->web, &c, err))
		return -1;
	if (web_succeeded(&c) || c.r.status == 416)
		return 0;
	if (c.r.status == 404 && !lacks_container(&c))
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not there", key);
	return refused(a, &c, err);
}

static int az_remove(void *conn, const char *key, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "DELETE", .url = az_url(conn, key, NULL));

	return run(conn, &c, true, err);
}

/* A put that finds one there already, when that is not wanted, is told from other refusals. */
static int run_put(struct az *a, struct web_call *c, const struct key_put *put,
		   struct mlops_error *err)
{
	if (put->if_absent)
		web_header(c, "If-None-Match: *");
	if (web_run(&a->web, c, err))
		return -1;
	if (put->if_absent && (c->r.status == 409 || c->r.status == 412))
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", put->key);
	return web_succeeded(c) ? 0 : refused(a, c, err);
}

static int add_md5(struct web_call *c, struct mlops_error *err)
{
	uint8_t sum[MD5_SIZE];
	autobuf text = { 0 };

	if (md5_buf(c->body ? c->body : "", (size_t)c->n, sum, err))
		return -1;
	base64_encode(&text, sum, sizeof(sum));
	web_header(c, "Content-MD5: %s", text.buf);
	return 0;
}

static int put_whole(struct az *a, const struct key_put *put, struct mlops_error *err)
{
	size_t n = (size_t)put->from->size;
	autofree char *buf = xmalloc(n + 1);
	autocall c =
		WEB_CALL(.method = "PUT", .url = az_url(a, put->key, NULL), .body = buf, .n = n);

	if ((n && remote_source_read(put->from, 0, buf, n, err)) || add_md5(&c, err))
		return -1;
	web_header(&c, "x-ms-blob-type: BlockBlob");
	*a->web.moved += n;
	return run_put(a, &c, put, err);
}

struct blocks {
	struct az *az;
	const struct key_put *put;
	uint64_t size; /* of a block */
	size_t n;
	char **ids;           /* base64 of the number and the hash */
	struct strlist there; /* ids of a try before */
};

static int name_block(size_t i, const void *buf, size_t n, char **out, struct mlops_error *err)
{
	uint8_t raw[4 + sizeof(struct oid)];
	struct strbuf text = { 0 };
	struct oid hash;

	if (hash_buf(buf, n, &hash, err))
		return -1;
	le32_put(raw, (uint32_t)i);
	memcpy(raw + 4, &hash, sizeof(hash));
	base64_encode(&text, raw, sizeof(raw));
	*out = strbuf_steal(&text);
	return 0;
}

static int send_block(size_t i, void *arg, struct mlops_error *err)
{
	struct blocks *b = arg;
	uint64_t at = b->size * i;
	size_t n = (size_t)(b->put->from->size - at < b->size ? b->put->from->size - at : b->size);
	autofree char *buf = xmalloc(n);
	autobuf query = { 0 };

	if (remote_source_read(b->put->from, at, buf, n, err) ||
	    name_block(i, buf, n, &b->ids[i], err))
		return -1;
	if (strlist_has(&b->there, b->ids[i]))
		return 0;
	strbuf_adds(&query, "comp=block&blockid=");
	url_encode(&query, b->ids[i], "");
	autocall c = WEB_CALL(.method = "PUT", .url = az_url(b->az, b->put->key, query.buf),
			      .body = buf, .n = n);
	*b->az->web.moved += n;
	return add_md5(&c, err) || run(b->az, &c, false, err) ? -1 : 0;
}

static int take_block(const char *name, const char *value, const char *parent, void *arg,
		      struct mlops_error *err)
{
	struct blocks *b = arg;

	(void)err;
	if (!strcmp(parent, "Block") && !strcmp(name, "Name"))
		strlist_add(&b->there, value);
	return 0;
}

static int find_blocks(struct blocks *b, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "GET",
			      .url = az_url(b->az, b->put->key,
					    "comp=blocklist&blocklisttype=uncommitted"));

	if (run(b->az, &c, true, err))
		return -1;
	if (c.r.status == 404)
		return 0;
	return xml_each(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the list of blocks",
			take_block, b, err);
}

static int commit(struct blocks *b, struct mlops_error *err)
{
	autobuf body = { 0 };

	strbuf_adds(&body, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
	for (size_t i = 0; i < b->n; i++)
		strbuf_addf(&body, "<Latest>%s</Latest>", b->ids[i]);
	strbuf_adds(&body, "</BlockList>");
	autocall c = WEB_CALL(.method = "PUT", .url = az_url(b->az, b->put->key, "comp=blocklist"),
			      .body = body.buf, .n = body.len);
	return run_put(b->az, &c, b->put, err);
}

static int put_blocks(struct az *a, const struct key_put *put, struct mlops_error *err)
{
	uint64_t least = put->from->size / MAX_BLOCKS + 1;
	struct blocks b = { .az = a, .put = put };

	least = (least + ROUND_UP_TO - 1) / ROUND_UP_TO * ROUND_UP_TO;
	b.size = least > BLOCK ? least : BLOCK;
	b.n = (size_t)((put->from->size + b.size - 1) / b.size);
	b.ids = xcalloc(b.n, sizeof(*b.ids));
	unsigned jobs = a->jobs ? (unsigned)a->jobs : BLOCK_JOBS;
	int rc = find_blocks(&b, err) || pool_each(jobs, b.n, send_block, &b, err) ||
		 commit(&b, err);
	for (size_t i = 0; i < b.n; i++)
		free(b.ids[i]);
	free(b.ids);
	strlist_clear(&b.there);
	return rc ? -1 : 0;
}

static int az_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	return put->from->size > BLOCK ? put_blocks(conn, put, err) : put_whole(conn, put, err);
}

struct page {
	struct az *az;
	int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *);
	void *arg;
	char *name, *next;
	struct key_info info;
};

static int give_entry(struct page *p, struct mlops_error *err)
{
	autofree char *full = steal_ptr(&p->name);
	const char *key = full ? remote_key_below(p->az->prefix, full) : NULL;

	p->info.found = true;
	return key ? p->fn(key, &p->info, p->arg, err) : 0;
}

static int take_entry(const char *name, const char *value, const char *parent, void *arg,
		      struct mlops_error *err)
{
	struct page *p = arg;

	if (!strcmp(name, "Blob"))
		return give_entry(p, err);
	if (!strcmp(parent, "Blob") && !strcmp(name, "Name")) {
		free(p->name);
		p->name = xstrdup(value);
	} else if (!strcmp(name, "NextMarker") && *value) {
		free(p->next);
		p->next = xstrdup(value);
	} else if (!strcmp(parent, "Properties") && !strcmp(name, "Last-Modified")) {
		p->info.mtime_ms = web_parse_date(value);
	} else if (!strcmp(parent, "Properties") && !strcmp(name, "Content-Length") &&
		   !num_parse_u64(value, &p->info.size)) {
		return err_set(err, MLOPS_ECORRUPT, "the listing has a size of '%.20s'", value);
	}
	return 0;
}

static int list_page(struct az *a, const char *prefix, struct page *p, struct mlops_error *err)
{
	autofree char *marker = steal_ptr(&p->next);
	autobuf query = { 0 };

	strbuf_adds(&query, "restype=container&comp=list&prefix=");
	url_encode(&query, a->prefix, "");
	strbuf_adds(&query, *a->prefix ? "%2F" : "");
	url_encode(&query, prefix, "");
	if (marker) {
		strbuf_adds(&query, "&marker=");
		url_encode(&query, marker, "");
	}
	autocall c = WEB_CALL(.method = "GET", .url = az_url(a, NULL, query.buf));
	if (run(a, &c, false, err))
		return -1;
	int rc = xml_each(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the listing", take_entry,
			  p, err);
	free(steal_ptr(&p->name));
	if (!rc && p->next && marker && !strcmp(p->next, marker))
		return err_set(err, MLOPS_EREMOTE, "the listing of '%s' goes in circles",
			       a->container);
	return rc;
}

static int az_list(void *conn, const char *prefix,
		   int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *),
		   void *arg, struct mlops_error *err)
{
	struct page p = { .az = conn, .fn = fn, .arg = arg };
	int rc;

	do
		rc = list_page(conn, prefix, &p, err);
	while (!rc && p.next);
	free(p.next);
	return rc;
}

static int az_check(void *conn, struct mlops_error *err)
{
	return transport_check_by_list(az_list, conn, err);
}

const struct transport transport_az = {
	.schemes = { "az" },
	.help = "az://CONTAINER/PREFIX, Azure Blob Storage",
	.caps = TRANSPORT_RANGE | TRANSPORT_LIST | TRANSPORT_RESUME | TRANSPORT_IF_ABSENT,
	.open = az_open,
	.close = az_close,
	.check = az_check,
	.stat = az_stat,
	.get = az_get,
	.put = az_put,
	.remove = az_remove,
	.list = az_list,
};
