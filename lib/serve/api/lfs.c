/* The routes of Git LFS: what is to be done for objects, and the objects. */
#include "serve/api/lfs.h"

#include <ctype.h>

#include "serve/access.h"

#define MAX_NAME    64
#define MAX_BATCH   1000
#define MAX_REQUEST ((size_t)1 << 20)
#define MAX_OBJECT  ((size_t)16 << 40)
#define ANYONE      "anyone" /* where no tokens are asked for */

static struct json *error_body(const struct mlops_error *err, int status)
{
	struct json *v = js_obj();

	(void)status;
	js_set(v, "message", js_str(err->msg));
	return v;
}

void lfs_challenge(struct http_call *call)
{
	http_reply_header(call, "LFS-Authenticate", "Basic realm=\"mlops\"");
	http_reply_header(call, "WWW-Authenticate", "Basic realm=\"mlops\"");
}

const char *lfs_repo_of(struct http_call *call, struct mlops_error *err)
{
	const char *name = http_call_param(call, "repo");
	bool good = *name != '.' && *name != '-' && strlen(name) <= MAX_NAME;

	for (const char *p = name; *p && good; p++)
		good = isalnum((unsigned char)*p) || strchr("._-", *p);
	if (good)
		return name;
	err_set(err, MLOPS_EINVALID, "the path names no repository");
	return NULL;
}

const char *lfs_caller(const struct http_call *call)
{
	const char *user = http_call_user(call);

	return user ? user : ANYONE;
}

/* ---- objects ---- */

static int object_of(struct http_call *call, const char **repo, struct oid *oid,
		     struct mlops_error *err)
{
	*repo = lfs_repo_of(call, err);
	if (!*repo)
		return -1;
	return mlops_oid_parse(http_call_param(call, "oid"), oid) ?
		       0 :
		       err_set(err, MLOPS_EINVALID, "the path ends in no name of an object");
}

static int send(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo;
	struct oid oid;
	bool has;

	if (object_of(call, &repo, &oid, err) || lfs_repo_has(s->lfs, repo, &oid, &has, err))
		return -1;
	if (!has)
		return err_set(err, MLOPS_ENOTFOUND, "repository '%s' has no such object", repo);
	return object_send(call, s->store, &oid, err);
}

static int begin(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *repo;
	struct oid oid;

	return object_of(call, &repo, &oid, err) ? -1 : upload_begin_one(call, arg, err);
}

static int take(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo;
	struct oid oid;

	/* What the repository is said to have must be here, and durable. */
	if (object_of(call, &repo, &oid, err) || upload_keep_one(call, err) ||
	    lfs_repo_add(s->lfs, repo, &oid, err))
		return -1;
	return http_reply(call, 200, NULL, "", 0);
}

/* ---- the batch API ---- */

struct batch {
	const struct object_server *server;
	const char *repo, *url; /* of the repository's objects */
	bool upload;
};

static void set_error(struct json *answer, int code, const char *message)
{
	struct json *v = js_obj();

	js_set(v, "code", js_int(code));
	js_set(v, "message", js_str(message));
	js_set(answer, "error", v);
}

static void set_action(struct json *answer, const struct batch *b, const char *hex)
{
	struct json *actions = js_obj(), *action = js_obj();
	autofree char *href = xasprintf("%s/%s", b->url, hex);

	js_set(action, "href", js_str(href));
	js_set(actions, b->upload ? "upload" : "download", action);
	js_set(answer, "actions", actions);
}

/* The size of an object that is here is known, whatever a client thinks that it is. */
static int answer_object(const struct batch *b, const char *hex, int64_t size, struct json *answer,
			 struct mlops_error *err)
{
	autoerr absent = ERR_INIT;
	struct oid oid;
	uint64_t known = 0;
	bool has;

	if (!hex || strlen(hex) != MLOPS_OID_HEX || !mlops_oid_parse(hex, &oid) || size < 0) {
		set_error(answer, 422, "this is no name and size of an object");
		return 0;
	}
	if (lfs_repo_has(b->server->lfs, b->repo, &oid, &has, err))
		return -1;
	has = has && !mlops_store_size(b->server->store, &oid, &known, &absent);
	js_set(answer, "size", js_int(has ? (int64_t)known : size));
	if (has != b->upload) /* else it has what would be uploaded, or lacks what is asked for */
		set_action(answer, b, hex);
	else if (!has)
		set_error(answer, 404, "there is no such object");
	return 0;
}

static int answer_all(const struct batch *b, const struct json *request, struct json *list,
		      struct mlops_error *err)
{
	const struct json *objects = js_get(request, "objects");

	for (size_t i = 0; i < js_len(objects); i++) {
		const struct json *o = js_at(objects, i);
		const char *hex = js_get_text(o, "oid");
		struct json *answer = js_obj();
		int64_t size = -1;

		js_get_int(o, "size", &size);
		js_set(answer, "oid", js_str(hex ? hex : ""));
		js_set(answer, "size", js_int(size < 0 ? 0 : size));
		js_push(list, answer);
		if (answer_object(b, hex, size, answer, err))
			return -1;
	}
	return 0;
}

static int read_request(struct http_call *call, struct json **out, bool *upload,
			struct mlops_error *err)
{
	struct str body = http_call_body(call);
	autojson *v = NULL;

	if (js_parse(body.p, body.n, "the request", &v, err))
		return -1;
	const char *operation = js_get_text(v, "operation"), *hash = js_get_text(v, "hash_algo");
	*upload = operation && !strcmp(operation, "upload");
	if (!operation || (!*upload && strcmp(operation, "download")))
		return err_set(err, MLOPS_EINVALID, "the operation is download or upload");
	if (hash && strcmp(hash, "sha256"))
		return err_set(err, MLOPS_EINVALID, "objects are named by sha256 here");
	*out = steal_ptr(&v);
	return 0;
}

/* To the server, which does not see into it, each batch is a request that only reads. */
static int may_upload(const struct object_server *s, const struct http_call *call,
		      struct mlops_error *err)
{
	struct token token;

	if (!s->tokens)
		return 0;
	if (access_token(call, s->tokens, &token, err))
		return -1;
	return token.scope >= TOKEN_WRITE ?
		       0 :
		       err_set(err, MLOPS_ENO, "the token has the scope read; this needs write");
}

static int too_many(struct http_call *call)
{
	struct json *v = js_obj();

	js_set(v, "message", js_str("there are more than 1000 objects in the request"));
	return http_reply_json(call, 413, v);
}

static int batch(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	autojson *request = NULL, *reply = js_obj();
	struct batch b = { .server = s };

	b.repo = lfs_repo_of(call, err);
	if (!b.repo || read_request(call, &request, &b.upload, err) ||
	    (b.upload && may_upload(s, call, err)))
		return -1;
	if (js_len(js_get(request, "objects")) > MAX_BATCH)
		return too_many(call);
	autofree char *base = object_server_url(call);
	autofree char *url = xasprintf("%s/lfs/%s/objects", base, b.repo);
	struct json *list = js_arr();
	b.url = url;
	js_set(reply, "transfer", js_str("basic"));
	js_set(reply, "objects", list);
	js_set(reply, "hash_algo", js_str("sha256"));
	if (answer_all(&b, request, list, err))
		return -1;
	return http_reply_json(call, 200, steal_ptr(&reply));
}

#define API(method_, path_, handle_, ...)                                                          \
	{                                                                                          \
		.method = method_, .path = "/lfs/{repo}" path_, .handle = handle_,                 \
		.error_body = error_body, __VA_ARGS__                                              \
	}

const struct http_route lfs_routes[] = {
	API("POST", "/objects/batch", batch, .max_body = MAX_REQUEST, .reads = true),
	API("GET", "/objects/{oid}", send, .begin = object_send_begin, .end = object_send_end),
	API("PUT", "/objects/{oid}", take, .max_body = MAX_OBJECT, .begin = begin,
	    .piece = upload_piece_one, .end = upload_end),
	API("GET", "/locks", lfs_list_locks, .max_body = 0),
	API("POST", "/locks", lfs_make_lock, .max_body = MAX_REQUEST),
	API("POST", "/locks/verify", lfs_verify_locks, .max_body = MAX_REQUEST),
	API("POST", "/locks/{id}/unlock", lfs_end_lock, .max_body = MAX_REQUEST),
	{ .method = NULL },
};
