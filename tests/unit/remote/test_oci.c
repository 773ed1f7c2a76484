/* The client of registries against our own server, with and without its referrers. */
#include "unit.h"

#include "base/map.h"
#include "crypto/hash.h"
#include "remote/oci/private.h"
#include "http/engine.h"
#include "serve/api/oci.h"

struct far {
	char *dir, *data, *store;
	struct object_server server;
	struct http_route *routes;
	struct http_server *http;
	struct http_engine *engine;
	_Atomic uint64_t moved;
	struct oci *oci;
};

static struct http_route *join_routes(void)
{
	static const struct http_route *const tables[] = { oci_routes, oci_upload_routes };
	VEC(struct http_route) all = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct http_route *r = tables[i]; r->method; r++)
			vec_push(&all, *r);
	vec_push(&all, { .method = NULL });
	return all.v;
}

/* A registry of old: it has the empty blob, keeps manifests, and knows nothing of referrers. */
static struct map old_manifests; /* by tag or digest -> text */

static int old_blob(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return http_reply(call, 200, NULL, OCI_EMPTY_BLOB, strlen(OCI_EMPTY_BLOB));
}

static int old_put(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct str body = http_call_body(call);
	char digest[OCI_DIGEST_SIZE];
	struct oid oid;

	(void)arg;
	if (hash_buf(body.p, body.n, &oid, err))
		return -1;
	free(map_put(&old_manifests, http_call_param(call, "ref"), xstrndup(body.p, body.n)));
	free(map_put(&old_manifests, oci_digest(&oid, digest), xstrndup(body.p, body.n)));
	return http_reply(call, 201, NULL, "", 0);
}

static int old_get(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *text = map_get(&old_manifests, http_call_param(call, "ref"));

	(void)arg;
	return text ? http_reply(call, 200, OCI_MANIFEST, text, strlen(text)) :
		      err_set(err, MLOPS_ENOTFOUND, "it is not here");
}

static const struct http_route old_routes[] = {
	{ .method = "GET", .path = "/v2/{name*}/blobs/{digest}", .handle = old_blob },
	{ .method = "PUT",
	  .path = "/v2/{name*}/manifests/{ref}",
	  .handle = old_put,
	  .max_body = OCI_MANIFEST_MAX },
	{ .method = "GET", .path = "/v2/{name*}/manifests/{ref}", .handle = old_get },
	{ .method = NULL },
};

static struct oci *repo(struct far *f, const char *name)
{
	autofree char *url =
		xasprintf("oci://%s/%s", http_server_url(f->http) + strlen("http://"), name);
	const struct transport_how how = { .name = "far",
					   .url = url,
					   .engine = f->engine,
					   .moved = &f->moved,
					   .timeout_ms = 5000 };
	autoerr err = ERR_INIT;
	struct oci *o;

	assert_success(oci_open(&how, &o, &err));
	return o;
}

static void start(struct far *f, bool old)
{
	const struct http_engine_how engine = { 0 };
	autoerr err = ERR_INIT;

	f->dir = unit_scratch();
	f->data = path_join(f->dir, "data");
	f->store = path_join(f->data, "store");
	f->server.data = f->data;
	f->server.uploads = oci_uploads_new();
	assert_success(fs_mkdirs(f->data, &err) ||
		       mlops_store_open(f->store, &f->server.store, &err));
	f->routes = join_routes();
	const struct http_server_how how = { .listen = "127.0.0.1:0",
					     .routes = old ? old_routes : f->routes,
					     .arg = &f->server,
					     .threads = 2 };
	assert_success(http_server_start(&how, &f->http, &err));
	f->engine = http_engine_new(&engine);
	f->oci = repo(f, "some/repo");
}

static void stop(struct far *f)
{
	oci_free(f->oci);
	http_engine_free(f->engine);
	http_server_stop(f->http, 1000);
	oci_uploads_free(f->server.uploads);
	mlops_store_free(f->server.store);
	free(f->routes);
	free(f->store);
	free(f->data);
	unit_scratch_remove(f->dir);
}

static int set_up(void **state)
{
	*state = xcalloc(1, sizeof(struct far));
	start(*state, false);
	return 0;
}

static int set_up_old(void **state)
{
	*state = xcalloc(1, sizeof(struct far));
	start(*state, true);
	return 0;
}

static int tear_down(void **state)
{
	stop(*state);
	free(*state);
	map_clear_values(&old_manifests, free);
	return 0;
}

static struct oid put_blob(struct oci *o, const char *bytes, size_t n)
{
	const struct remote_source from = { .buf = (char *)bytes, .fd = -1, .size = n };
	autoerr err = ERR_INIT;
	struct oid oid;

	assert_success(hash_buf(bytes, n, &oid, &err));
	assert_success(oci_blob_put(o, &oid, &from, &err));
	return oid;
}

static void test_blobs(void **state)
{
	struct far *f = *state;
	size_t large = (size_t)9 << 20;
	autofree char *bytes = xcalloc(large, 1);
	autobuf got = { 0 };
	autoerr err = ERR_INIT;
	struct key_info info;
	struct oid absent = { { 1 } };

	assert_success(oci_check(f->oci, &err));
	struct oid small = put_blob(f->oci, "abc", 3), whole = put_blob(f->oci, bytes, large);
	put_blob(f->oci, "", 0);
	assert_success(oci_blob_stat(f->oci, &whole, &info, &err));
	assert_true(info.found);
	assert_int_equal(info.size, large);
	assert_success(oci_blob_stat(f->oci, &absent, &info, &err));
	assert_false(info.found);
	assert_success(oci_blob_read(f->oci, &small, 3, &got, &err));
	assert_string_equal(got.buf, "abc");
	assert_error(oci_blob_read(f->oci, &whole, 100, &got, &err), MLOPS_ECORRUPT, "longer than");
	assert_error(oci_blob_read(f->oci, &absent, 100, &got, &err), MLOPS_ENOTFOUND, "no blob");
}

static void test_wrong_bytes(void **state)
{
	struct far *f = *state;
	const struct remote_source from = { .buf = (char *)"abc", .fd = -1, .size = 3 };
	autoerr err = ERR_INIT;
	struct oid other = { { 1 } };

	assert_error(oci_blob_put(f->oci, &other, &from, &err), MLOPS_EREMOTE, "another digest");
}

static void test_mount(void **state)
{
	struct far *f = *state;
	struct oci *other = repo(f, "other");
	struct oid oid = put_blob(f->oci, "abc", 3);
	autoerr err = ERR_INIT;
	struct key_info info;
	bool done;

	assert_success(oci_blob_mount(other, &oid, "nowhere", &done, &err));
	assert_false(done);
	assert_success(oci_blob_mount(other, &oid, "some/repo", &done, &err));
	assert_true(done);
	assert_success(oci_blob_stat(other, &oid, &info, &err));
	assert_true(info.found);
	assert_error(oci_blob_mount(other, &oid, "a?b", &done, &err), MLOPS_EINVALID, "no name");
	oci_free(other);
}

/* A manifest without layers, of an artifact type, that refers to `subject` unless that is NULL. */
static struct oid put_manifest(struct oci *o, const char *tag, const char *artifact,
			       const struct oid *subject)
{
	autojson *v = js_obj();
	autobuf text = { 0 };
	autoerr err = ERR_INIT;
	struct oid empty = put_blob(o, OCI_EMPTY_BLOB, strlen(OCI_EMPTY_BLOB)), oid;

	js_set(v, "schemaVersion", js_int(2));
	js_set(v, "mediaType", js_str(OCI_MANIFEST));
	js_set(v, "artifactType", js_str(artifact));
	js_set(v, "config", oci_descriptor(OCI_EMPTY, &empty, 2));
	js_set(v, "layers", js_arr());
	if (subject)
		js_set(v, "subject", oci_descriptor(OCI_MANIFEST, subject, 2));
	js_dump(v, JS_COMPACT, &text);
	assert_success(oci_manifest_put(o, tag, OCI_MANIFEST, &text, &oid, &err));
	return oid;
}

static void test_manifests(void **state)
{
	struct far *f = *state;
	automanifest by_tag = { 0 }, by_digest = { 0 };
	char digest[OCI_DIGEST_SIZE];
	autostrlist tags = { 0 };
	autoerr err = ERR_INIT;
	const struct strbuf bad = { .buf = (char *)"{}", .len = 2 };
	struct oid ignored;

	struct oid oid = put_manifest(f->oci, "v1", "a/b", NULL);
	put_manifest(f->oci, "v2", "a/b", NULL);
	assert_success(oci_manifest_get(f->oci, "v1", &by_tag, &err));
	assert_success(oci_manifest_get(f->oci, oci_digest(&oid, digest), &by_digest, &err));
	assert_true(mlops_oid_equal(&by_tag.oid, &oid) && mlops_oid_equal(&by_digest.oid, &oid));
	assert_string_equal(by_tag.type, OCI_MANIFEST);
	assert_success(oci_tags(f->oci, &tags, &err));
	assert_int_equal(tags.n, 2);
	assert_error(oci_manifest_put(f->oci, "a/b", OCI_MANIFEST, &bad, &ignored, &err),
		     MLOPS_EINVALID, "no tag");
	assert_success(oci_manifest_remove(f->oci, digest, &err));
	assert_success(oci_manifest_remove(f->oci, digest, &err));
	struct oci_manifest gone;
	assert_error(oci_manifest_get(f->oci, "v1", &gone, &err), MLOPS_ENOTFOUND, "no manifest");
}

/* The same whether the registry lists them, or a tag has to. */
static void test_referrers(void **state)
{
	struct far *f = *state;
	autojson *none = NULL, *all = NULL, *some = NULL;
	autoerr err = ERR_INIT;
	char digest[OCI_DIGEST_SIZE];

	struct oid subject = put_manifest(f->oci, "v1", "a/model", NULL);
	assert_success(oci_referrers(f->oci, &subject, NULL, &none, &err));
	assert_int_equal(js_len(none), 0);
	struct oid first = put_manifest(f->oci, NULL, "a/signature", &subject);
	put_manifest(f->oci, NULL, "a/card", &subject);
	put_manifest(f->oci, NULL, "a/card", &subject);
	assert_success(oci_referrers(f->oci, &subject, NULL, &all, &err));
	assert_int_equal(js_len(all), 2);
	assert_success(oci_referrers(f->oci, &subject, "a/signature", &some, &err));
	assert_int_equal(js_len(some), 1);
	assert_string_equal(js_get_text(js_at(some, 0), "digest"), oci_digest(&first, digest));
}

static void test_addresses(void **state)
{
	static const char *const bad[] = { "oci://h",        "oci://h/",      "oci://h/A",
					   "oci://h/a/../b", "oci://h/a?x=y", "oci://u@h/a",
					   "oci://h/a%2fb",  "oci:///a" };
	struct far *f = *state;
	autoerr err = ERR_INIT;
	struct oci *o;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct transport_how how = {
			.name = "far", .url = bad[i], .engine = f->engine, .moved = &f->moved
		};
		assert_int_equal(oci_open(&how, &o, &err), -1);
		assert_int_equal(err.kind, MLOPS_EINVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blobs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wrong_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mount, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_manifests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_referrers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_referrers, set_up_old, tear_down),
		cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
