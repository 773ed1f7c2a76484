/*
 * Uploads to the hub. The client is told an address for each object, which lets in whoever has it
 * for a day, as it sends no token there: it is signed with a key that this server made when it
 * started.
 */
#include <time.h>

#include "base/hex.h"
#include "base/num.h"
#include "crypto/hash.h"
#include "crypto/mac.h"
#include "serve/api/hf.h"

#define VALID_S   86400
#define MAX_BATCH ((size_t)8 << 20)
#define MAX_FILE  ((size_t)16 << 40)
#define LFS_TYPE  "application/vnd.git-lfs+json"

static void sign(const struct hf_repo *r, const struct oid *oid, uint64_t until, char *out)
{
	char hex[MLOPS_OID_HEX + 1];
	uint8_t sum[MAC_SIZE];
	autofree char *what = xasprintf("%s %s %s %llu", r->kind, r->name, mlops_oid_hex(oid, hex),
					(unsigned long long)until);

	mac_sum(r->server->links, what, strlen(what), "", 0, sum);
	hex_encode(out, sum, sizeof(sum));
}

static struct json *upload_action(const char *base, const struct hf_repo *r, const struct oid *oid)
{
	struct json *actions = js_obj(), *upload = js_obj();
	uint64_t until = (uint64_t)time(NULL) + VALID_S;
	char hex[MLOPS_OID_HEX + 1], signature[2 * MAC_SIZE + 1];

	sign(r, oid, until, signature);
	autofree char *href =
		xasprintf("%s/hf/upload/%s/%s/%s?until=%llu&signature=%s", base, r->type, r->name,
			  mlops_oid_hex(oid, hex), (unsigned long long)until, signature);
	js_set(upload, "href", js_str(href));
	js_set(upload, "expires_in", js_int(VALID_S));
	js_set(actions, "upload", upload);
	return actions;
}

/* Of the objects of a batch, what is to be done: nothing for one that the repository has. */
static struct json *answer(struct http_call *call, const struct hf_repo *r,
			   const struct json *asked)
{
	autofree char *base = object_server_url(call);
	struct json *list = js_arr();

	for (size_t i = 0; i < js_len(asked); i++) {
		const char *name = js_get_text(js_at(asked, i), "oid");
		int64_t size = 0;
		struct oid oid;

		if (!name || !mlops_oid_parse(name, &oid) ||
		    !js_get_int(js_at(asked, i), "size", &size))
			continue;
		struct json *v = js_obj();
		js_set(v, "oid", js_str(name));
		js_set(v, "size", js_int(size));
		if (!shelf_has(r->server, r->kind, r->name, HF_OBJECTS, &oid) ||
		    !mlops_store_has(r->server->store, &oid))
			js_set(v, "actions", upload_action(base, r, &oid));
		js_push(list, v);
	}
	return list;
}

static int batch(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct str body = http_call_body(call);
	autojson *v = NULL;
	struct hf_repo r;

	if (hf_repo_of(call, arg, &r, err) || js_parse(body.p, body.n, "the request", &v, err))
		return -1;
	const char *operation = js_get_text(v, "operation");
	if (!operation || strcmp(operation, "upload"))
		return err_set(err, MLOPS_EINVALID, "the hub is downloaded from by /resolve/");
	autojson *reply = js_obj();
	autobuf text = { 0 };
	js_set(reply, "transfer", js_str("basic"));
	js_set(reply, "hash_algo", js_str("sha256"));
	js_set(reply, "objects", answer(call, &r, js_get(v, "objects")));
	js_dump(reply, JS_COMPACT, &text);
	return http_reply(call, 200, LFS_TYPE, text.buf, text.len);
}

static int check_link(struct http_call *call, const struct hf_repo *r, struct mlops_error *err)
{
	const char *until = http_call_query(call, "until"),
		   *signature = http_call_query(call, "signature");
	char want[2 * MAC_SIZE + 1];
	uint64_t end = 0;
	struct oid oid;
	bool equal = false;

	if (!mlops_oid_parse(http_call_param(call, "oid"), &oid))
		return err_set(err, MLOPS_EINVALID, "the path ends in no object name");
	if (until && signature && num_parse_u64(until, &end) && strlen(signature) == 2 * MAC_SIZE) {
		sign(r, &oid, end, want);
		if (secret_equal(want, signature, 2 * MAC_SIZE, &equal, err))
			return -1;
	}
	if (!equal || end < (uint64_t)time(NULL))
		return err_set(err, MLOPS_ENO, "the address is not valid, or not any more");
	return 0;
}

static int upload_begin(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct hf_repo r;

	return hf_repo_of(call, arg, &r, err) || check_link(call, &r, err) ||
			       upload_begin_one(call, arg, err) ?
		       -1 :
		       0;
}

static int upload_finish(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct hf_repo r;
	struct oid oid;

	if (hf_repo_of(call, arg, &r, err) || upload_keep_one(call, err))
		return -1;
	mlops_oid_parse(http_call_param(call, "oid"), &oid);
	if (shelf_link(r.server, r.kind, r.name, HF_OBJECTS, &oid, err))
		return -1;
	return http_reply(call, 201, NULL, "", 0);
}

#define BATCH_ROUTE(path_)                                                                         \
	{                                                                                          \
		.method = "POST", .path = path_, .handle = batch, .max_body = MAX_BATCH,           \
		.error_body = hf_error                                                             \
	}

const struct http_route hf_upload_routes[] = {
	BATCH_ROUTE("/datasets/{org}/{name}.git/info/lfs/objects/batch"),
	BATCH_ROUTE("/{org}/{name}.git/info/lfs/objects/batch"),
	{ .method = "PUT",
	  .path = "/hf/upload/{type}/{org}/{name}/{oid}",
	  .handle = upload_finish,
	  .begin = upload_begin,
	  .piece = upload_piece_one,
	  .end = upload_end,
	  .max_body = MAX_FILE,
	  .open = true,
	  .error_body = hf_error },
	{ .method = NULL },
};
