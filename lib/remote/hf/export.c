/*
 * Sending a commit: the hub says of each file whether it goes by LFS or within the commit; what goes
 * by LFS is put where the hub says, whole or in parts, and then named by its hash.
 */
#include "base/base64.h"
#include "base/num.h"
#include "base/path.h"
#include "base/pool.h"
#include "crypto/sha1.h"
#include "remote/hf/hf.h"

#define BATCH       256 /* files of one question */
#define SAMPLE      512 /* first bytes by which the hub tells text from data */
#define JOBS        4
#define MAX_REGULAR ((size_t)32 << 20) /* of a file within a commit */
#define MAX_COMMIT  ((size_t)256 << 20)
#define MAX_PARTS   10000
#define LFS_TYPE    "application/vnd.git-lfs+json"

struct outgoing {
	char *path;
	struct remote_item item;
	bool regular;
	struct json *upload, *verify; /* what the hub said is to be done; or NULL */
};

struct export
{
	struct hub *hub;
	struct store *store;
	VEC(struct outgoing) files;
};

static int add_file(struct export *ex, const char *path, const struct oid *oid, uint64_t size)
{
	vec_push(&ex->files, { .path = xstrdup(path), .item = { *oid, size } });
	return 0;
}

static int add_visit(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	if (v->missing) {
		err_set(err, MLOPS_ENOTFOUND, "'%s' is not in the store", v->path);
		return err_hint(err, "fetch it first with: mlops pull");
	}
	return v->is_tree ? 0 : add_file(arg, v->path, &v->oid, v->size);
}

static int make_repo(struct hub *h, struct mlops_error *err)
{
	const char *slash = strchr(h->id, '/');
	autofree char *org = slash ? xstrndup(h->id, (size_t)(slash - h->id)) : NULL;
	autojson *v = js_obj();
	autobuf text = { 0 };

	js_set(v, "name", js_str(slash ? slash + 1 : h->id));
	if (org)
		js_set(v, "organization", js_str(org));
	if (!strcmp(h->kind, "datasets"))
		js_set(v, "type", js_str("dataset"));
	js_set(v, "private", js_bool(true));
	js_dump(v, JS_COMPACT, &text);
	autocall c =
		WEB_CALL(.method = "POST", .url = xasprintf("%s/api/repos/create", h->endpoint),
			 .body = text.buf, .n = text.len);
	web_header(&c, "Content-Type: application/json");
	return hub_run(h, &c, 409, err);
}

/* The commit that is there now; a repository that is not there is made. */
static int find_head(struct hub *h, char *out, struct mlops_error *err)
{
	if (!hub_commit(h, h->rev, out, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND && err->kind != MLOPS_EAUTH)
		return -1;
	mlops_error_clear(err);
	return make_repo(h, err) || hub_commit(h, h->rev, out, err) ? -1 : 0;
}

/* Whether the hub has a file already, under that path. */
static bool is_there(const struct export *ex, const struct outgoing *f, const struct hub_file *t)
{
	autofree char *bytes = NULL;
	autoerr ignored = ERR_INIT;
	char name[SHA1_HEX_SIZE];
	size_t n;

	if (t->lfs || t->size != f->item.size)
		return t->lfs && mlops_oid_equal(&t->oid, &f->item.oid);
	return !mlops_store_get(ex->store, &f->item.oid, MAX_REGULAR, &bytes, &n, &ignored) &&
	       !sha1_git_blob(bytes, n, name, &ignored) && !strcmp(name, t->hash);
}

static int drop_unchanged(struct export *ex, const char *head, struct mlops_error *err)
{
	struct hub_files there = { 0 };
	automap by_path = { 0 };
	size_t kept = 0;

	int rc = hub_list(ex->hub, head, &there, err);
	for (size_t i = 0; i < there.n && !rc; i++)
		map_put(&by_path, there.v[i].path, &there.v[i]);
	for (size_t i = 0; i < ex->files.n && !rc; i++) {
		struct outgoing *f = &ex->files.v[i];
		const struct hub_file *t = map_get(&by_path, f->path);

		if (t && is_there(ex, f, t)) {
			hub_count(ex->hub, f->item.size, false);
			free(f->path);
		} else {
			ex->files.v[kept++] = *f;
		}
	}
	if (!rc)
		ex->files.n = kept;
	hub_files_clear(&there);
	return rc;
}

static int read_sample(const struct export *ex, const struct outgoing *f, struct strbuf *out,
		       struct mlops_error *err)
{
	size_t n = f->item.size < SAMPLE ? (size_t)f->item.size : SAMPLE;
	autosource src = { .fd = -1 };
	char buf[SAMPLE];

	if (remote_source_open(&f->item, &src, ex->store, err) ||
	    (n && remote_source_read(&src, 0, buf, n, err)))
		return -1;
	base64_encode(out, buf, n);
	return 0;
}

/* Which of the files at [from, to) go within the commit; the hub may want some left out. */
static int ask_modes(struct export *ex, size_t from, size_t to, struct mlops_error *err)
{
	struct hub *h = ex->hub;
	autojson *v = js_obj(), *reply = NULL;
	struct json *files = js_arr();
	autobuf text = { 0 }, rev = { 0 };

	js_set(v, "files", files);
	for (size_t i = from; i < to; i++) {
		autobuf sample = { 0 };
		struct json *f = js_obj();

		js_push(files, f);
		if (read_sample(ex, &ex->files.v[i], &sample, err))
			return -1;
		js_set(f, "path", js_str(ex->files.v[i].path));
		js_set(f, "sample", js_str(sample.buf ? sample.buf : ""));
		js_set(f, "size", js_int((int64_t)ex->files.v[i].item.size));
	}
	js_dump(v, JS_COMPACT, &text);
	url_encode(&rev, h->rev, "");
	autocall c = WEB_CALL(.method = "POST", .url = hub_api(h, "/preupload/%s", rev.buf),
			      .body = text.buf, .n = text.len);
	web_header(&c, "Content-Type: application/json");
	if (hub_json(h, &c, 0, &reply, err))
		return -1;
	const struct json *list = js_get(reply, "files");
	for (size_t i = from, j = 0; i < to && j < js_len(list); i++, j++) {
		const char *path = js_get_text(js_at(list, j), "path"),
			   *mode = js_get_text(js_at(list, j), "uploadMode");

		if (!path || !mode || strcmp(path, ex->files.v[i].path))
			return err_set(err, MLOPS_EREMOTE, "the hub answers about other files");
		ex->files.v[i].regular = !strcmp(mode, "regular");
	}
	return 0;
}

static void take_actions(struct export *ex, size_t from, size_t to, const struct json *objects)
{
	automap by_oid = { 0 };

	for (size_t i = 0; i < js_len(objects); i++) {
		struct json *one = js_at(objects, i);
		const char *oid = js_get_text(one, "oid");

		if (oid)
			map_put(&by_oid, oid, one);
	}
	for (size_t i = from; i < to; i++) {
		struct outgoing *f = &ex->files.v[i];
		char hex[MLOPS_OID_HEX + 1];
		struct json *actions =
			js_get(map_get(&by_oid, mlops_oid_hex(&f->item.oid, hex)), "actions");
		struct json *upload = js_get(actions, "upload"),
			    *verify = js_get(actions, "verify");

		f->upload = upload ? js_ref(upload) : NULL;
		f->verify = verify ? js_ref(verify) : NULL;
	}
}

/* Where the files at [from, to) that go by LFS are to be put. */
static int ask_places(struct export *ex, size_t from, size_t to, struct mlops_error *err)
{
	autojson *v = js_obj(), *reply = NULL;
	struct json *objects = js_arr(), *transfers = js_arr();
	autobuf text = { 0 };

	js_push(transfers, js_str("basic"));
	js_push(transfers, js_str("multipart"));
	js_set(v, "operation", js_str("upload"));
	js_set(v, "transfers", transfers);
	js_set(v, "hash_algo", js_str("sha256"));
	js_set(v, "objects", objects);
	for (size_t i = from; i < to; i++) {
		const struct outgoing *f = &ex->files.v[i];
		char hex[MLOPS_OID_HEX + 1];

		if (f->regular || !f->item.size)
			continue;
		struct json *one = js_obj();
		js_set(one, "oid", js_str(mlops_oid_hex(&f->item.oid, hex)));
		js_set(one, "size", js_int((int64_t)f->item.size));
		js_push(objects, one);
	}
	if (!js_len(objects))
		return 0;
	js_dump(v, JS_COMPACT, &text);
	autocall c = WEB_CALL(.method = "POST", .body = text.buf, .n = text.len,
			      .url = hub_page(ex->hub, ".git/info/lfs/objects/batch"));
	web_header(&c, "Content-Type: " LFS_TYPE);
	web_header(&c, "Accept: " LFS_TYPE);
	if (hub_json(ex->hub, &c, 0, &reply, err))
		return -1;
	take_actions(ex, from, to, js_get(reply, "objects"));
	return 0;
}

/* One who was asked by TLS may not send us on without it. */
static int check_address(const struct hub *h, const char *url, struct mlops_error *err)
{
	autourl u = { 0 };

	if (!url || url_parse(url, &u, err))
		return err_set(err, MLOPS_EREMOTE, "the hub names no address to upload to");
	if (strcmp(u.scheme, "https") &&
	    (strcmp(u.scheme, "http") || str_starts(h->endpoint, "https:")))
		return err_set(err, MLOPS_EREMOTE, "the hub names an address without encryption");
	return 0;
}

static int put_range(struct hub *h, const char *url, const struct remote_source *src, uint64_t at,
		     uint64_t n, char **etag, struct mlops_error *err)
{
	if (check_address(h, url, err))
		return -1;
	autocall c = WEB_CALL(.method = "PUT", .url = xstrdup(url), .from = src, .at = at, .n = n);
	if (hub_run(h, &c, 0, err))
		return -1;
	struct str tag = http_response_header(&c.r, "ETag");
	if (etag)
		*etag = xstrndup(tag.p, tag.n);
	return 0;
}

static int post(struct hub *h, const char *url, const struct json *v, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (check_address(h, url, err))
		return -1;
	js_dump(v, JS_COMPACT, &text);
	autocall c =
		WEB_CALL(.method = "POST", .url = xstrdup(url), .body = text.buf, .n = text.len);
	web_header(&c, "Content-Type: " LFS_TYPE);
	web_header(&c, "Accept: " LFS_TYPE);
	return hub_run(h, &c, 0, err);
}

/* header: {"chunk_size": "N", "00001": URL, ..}; then their tags are told. */
static int put_parts(struct hub *h, const struct outgoing *f, const struct remote_source *src,
		     uint64_t part, struct mlops_error *err)
{
	const struct json *header = js_get(f->upload, "header");
	autojson *done = js_obj();
	struct json *parts = js_arr();
	char hex[MLOPS_OID_HEX + 1];

	js_set(done, "oid", js_str(mlops_oid_hex(&f->item.oid, hex)));
	js_set(done, "parts", parts);
	for (uint64_t i = 1, at = 0; at < src->size; i++, at += part) {
		uint64_t left = src->size - at;
		autofree char *key = xasprintf("%05llu", (unsigned long long)i),
			      *short_key = xasprintf("%llu", (unsigned long long)i), *etag = NULL;
		const char *url = js_get_text(header, key);

		if (put_range(h, url ? url : js_get_text(header, short_key), src, at,
			      left < part ? left : part, &etag, err))
			return -1;
		struct json *one = js_obj();
		js_set(one, "partNumber", js_int((int64_t)i));
		js_set(one, "etag", js_str(etag));
		js_push(parts, one);
	}
	return post(h, js_get_text(f->upload, "href"), done, err);
}

static int put_file(struct export *ex, const struct outgoing *f, struct mlops_error *err)
{
	const char *chunk = js_get_text(js_get(f->upload, "header"), "chunk_size");
	autosource src = { .fd = -1 };
	uint64_t part = 0;
	int64_t n = 0;

	if (remote_source_open(&f->item, &src, ex->store, err))
		return -1;
	if (js_get_int(js_get(f->upload, "header"), "chunk_size", &n) && n > 0)
		part = (uint64_t)n;
	else if (chunk && !num_parse_u64(chunk, &part))
		part = 0;
	if (!part)
		return put_range(ex->hub, js_get_text(f->upload, "href"), &src, 0, src.size, NULL,
				 err);
	if (src.size / part >= MAX_PARTS)
		return err_set(err, MLOPS_EREMOTE, "the hub wants too many parts");
	return put_parts(ex->hub, f, &src, part, err);
}

static int upload_one(size_t i, void *arg, struct mlops_error *err)
{
	struct export *ex = arg;
	const struct outgoing *f = &ex->files.v[i];
	char hex[MLOPS_OID_HEX + 1];

	if (f->upload && put_file(ex, f, err))
		return err_wrap(err, "cannot send '%s'", f->path);
	if (f->verify) {
		autojson *v = js_obj();

		js_set(v, "oid", js_str(mlops_oid_hex(&f->item.oid, hex)));
		js_set(v, "size", js_int((int64_t)f->item.size));
		if (post(ex->hub, js_get_text(f->verify, "href"), v, err))
			return err_wrap(err, "the hub does not have '%s'", f->path);
	}
	hub_count(ex->hub, f->item.size, f->upload || f->regular);
	return 0;
}

static void add_line(struct strbuf *out, const char *key, struct json *value)
{
	autojson *v = js_obj();

	js_set(v, "key", js_str(key));
	js_set(v, "value", value);
	js_dump(v, JS_COMPACT, out);
	strbuf_addc(out, '\n');
}

static int add_operation(const struct export *ex, const struct outgoing *f, struct strbuf *out,
			 struct mlops_error *err)
{
	struct json *v = js_obj();
	char hex[MLOPS_OID_HEX + 1];
	autofree char *bytes = NULL;
	autobuf text = { 0 };
	size_t n;

	js_set(v, "path", js_str(f->path));
	if (!f->regular && f->item.size) {
		js_set(v, "algo", js_str("sha256"));
		js_set(v, "oid", js_str(mlops_oid_hex(&f->item.oid, hex)));
		js_set(v, "size", js_int((int64_t)f->item.size));
		add_line(out, "lfsFile", v);
		return 0;
	}
	if (mlops_store_get(ex->store, &f->item.oid, MAX_REGULAR, &bytes, &n, err)) {
		js_free(v);
		return -1;
	}
	base64_encode(&text, bytes, n);
	js_set(v, "content", js_str(text.buf ? text.buf : ""));
	js_set(v, "encoding", js_str("base64"));
	add_line(out, "file", v);
	return out->len <= MAX_COMMIT ? 0 :
					err_set(err, MLOPS_EINVALID, "a commit would be too long");
}

static int send_commit(struct export *ex, const char *head, struct mlops_error *err)
{
	struct hub *h = ex->hub;
	struct json *header = js_obj();
	autobuf body = { 0 }, rev = { 0 };
	autojson *reply = NULL;

	js_set(header, "summary", js_str(h->how->message ? h->how->message : "Upload with mlops"));
	js_set(header, "description", js_str(""));
	js_set(header, "parentCommit", js_str(head));
	add_line(&body, "header", header);
	for (size_t i = 0; i < ex->files.n; i++)
		if (add_operation(ex, &ex->files.v[i], &body, err))
			return -1;
	url_encode(&rev, h->rev, "");
	autocall c = WEB_CALL(.method = "POST", .url = hub_api(h, "/commit/%s", rev.buf),
			      .body = body.buf, .n = body.len, .once = true);
	web_header(&c, "Content-Type: application/x-ndjson");
	if (hub_json(h, &c, 0, &reply, err))
		return -1;
	const char *commit = js_get_text(reply, "commitOid");
	if (!commit)
		return err_set(err, MLOPS_EREMOTE, "the hub names no commit");
	snprintf(h->result->commit, sizeof(h->result->commit), "%s", commit);
	return 0;
}

static int export_all(struct export *ex, struct mlops_error *err)
{
	struct hub *h = ex->hub;
	unsigned jobs = h->how->jobs > 0 ? (unsigned)h->how->jobs : JOBS;
	char head[HF_HASH_SIZE];

	if (find_head(h, head, err) || drop_unchanged(ex, head, err))
		return -1;
	snprintf(h->result->commit, sizeof(h->result->commit), "%s", head);
	if (!ex->files.n)
		return 0;
	for (size_t from = 0; from < ex->files.n; from += BATCH) {
		size_t to = ex->files.n - from < BATCH ? ex->files.n : from + BATCH;

		if (ask_modes(ex, from, to, err) || ask_places(ex, from, to, err))
			return -1;
	}
	return pool_each(jobs < 64 ? jobs : 64, ex->files.n, upload_one, ex, err) ||
			       send_commit(ex, head, err) ?
		       -1 :
		       0;
}

int mlops_hub_export(struct project *project, const struct object_ref *ref, const char *name,
		     const char *url, const struct hub_how *how, struct hub_result *result,
		     struct mlops_error *err)
{
	struct export ex = { 0 };
	autohub *h = NULL;

	if (hub_open(project, url, how, result, &h, err) || mlops_store_of(project, &ex.store, err))
		return -1;
	ex.hub = h;
	int rc = ref->kind == OBJECT_TREE ? mlops_object_visit(ex.store, ref, add_visit, &ex, err) :
					    add_file(&ex, name, &ref->oid, ref->size);
	if (!rc)
		rc = export_all(&ex, err);
	for (size_t i = 0; i < ex.files.n; i++) {
		free(ex.files.v[i].path);
		js_free(ex.files.v[i].upload);
		js_free(ex.files.v[i].verify);
	}
	vec_free(&ex.files);
	return rc;
}
