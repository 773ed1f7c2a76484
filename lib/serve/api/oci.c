/* The routes of the registry, its blobs, and its errors. */
#include "serve/api/oci.h"

#include "serve/token.h"

const char *oci_repo_of(struct http_call *call, struct mlops_error *err)
{
	const char *name = http_call_param(call, "name");

	if (oci_is_name(name))
		return name;
	err_set(err, MLOPS_EINVALID, "this is no name of a repository");
	return NULL;
}

int oci_digest_of(struct http_call *call, struct oid *out, struct mlops_error *err)
{
	if (oci_parse_digest(http_call_param(call, "digest"), out))
		return 0;
	return err_set(err, MLOPS_EINVALID, "this is no digest of the form sha256:<64 hex digits>");
}

static const char *code_of(const char *unknown, const char *invalid, int status)
{
	switch (status) {
	case 400:
		return invalid;
	case 401:
		return "UNAUTHORIZED";
	case 403:
		return "DENIED";
	case 404:
		return unknown;
	case 413:
		return "SIZE_INVALID";
	case 416:
		return "BLOB_UPLOAD_INVALID";
	case 429:
	case 503:
		return "TOOMANYREQUESTS";
	default:
		return "UNSUPPORTED";
	}
}

struct json *oci_error(const char *unknown, const char *invalid, const struct mlops_error *err,
		       int status)
{
	struct json *top = js_obj(), *list = js_arr(), *one = js_obj();

	js_set(one, "code", js_str(code_of(unknown, invalid, status)));
	js_set(one, "message", js_str(err->msg));
	js_push(list, one);
	js_set(top, "errors", list);
	return top;
}

struct json *oci_blob_error(const struct mlops_error *err, int status)
{
	return oci_error("BLOB_UNKNOWN", "DIGEST_INVALID", err, status);
}

struct json *oci_manifest_error(const struct mlops_error *err, int status)
{
	return oci_error("MANIFEST_UNKNOWN", "MANIFEST_INVALID", err, status);
}

struct json *oci_name_error(const struct mlops_error *err, int status)
{
	return oci_error("NAME_UNKNOWN", "NAME_INVALID", err, status);
}

/* Basic is first, which is all that most need. */
void oci_challenge(struct http_call *call)
{
	autofree char *url = object_server_url(call);
	autofree char *bearer = xasprintf("Bearer realm=\"%s/v2/token\",service=\"mlops\"", url);

	http_reply_header(call, "WWW-Authenticate", bearer);
	http_reply_header(call, "WWW-Authenticate", "Basic realm=\"mlops\"");
}

static int greet(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	http_reply_header(call, "Docker-Distribution-Api-Version", "registry/2.0");
	return http_reply_json(call, 200, js_obj());
}

/* Who came so far has a token of the server's: it is the one to go on with. */
static int give_token(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *header = http_call_header(call, "Authorization");
	char *token = header ? token_of_header(header) : NULL;
	struct json *v = js_obj();

	(void)arg, (void)err;
	js_set(v, "token", js_str(token ? token : "none"));
	js_set(v, "access_token", js_str(token ? token : "none"));
	js_set(v, "expires_in", js_int(3600));
	http_reply_header(call, "Cache-Control", "no-store");
	if (token)
		explicit_bzero(token, strlen(token));
	free(token);
	return http_reply_json(call, 200, v);
}

static int get_blob(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo = oci_repo_of(call, err);
	char digest[OCI_DIGEST_SIZE];
	struct oid oid;

	if (!repo || oci_digest_of(call, &oid, err))
		return -1;
	if (!shelf_has(s, OCI, repo, OCI_BLOBS, &oid))
		return err_set(err, MLOPS_ENOTFOUND, "repository '%s' has no such blob", repo);
	http_reply_header(call, "Docker-Content-Digest", oci_digest(&oid, digest));
	/* Ollama wants to be told where the bytes are, also when they are here. */
	autofree char *here = xasprintf("%s/v2/%s/blobs/%s", http_call_mount(call), repo, digest);
	http_reply_header(call, "Location", here);
	return object_send(call, s->store, &oid, err);
}

static int delete_blob(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *repo = oci_repo_of(call, err);
	char hex[MLOPS_OID_HEX + 1];
	struct oid oid;

	if (!repo || oci_digest_of(call, &oid, err) ||
	    shelf_remove(arg, OCI, repo, OCI_BLOBS, mlops_oid_hex(&oid, hex), err))
		return -1;
	return http_reply(call, 202, NULL, "", 0);
}

const struct http_route oci_routes[] = {
	{ .method = "GET", .path = "/v2/", .handle = greet, .error_body = oci_name_error },
	{ .method = "GET", .path = "/v2", .handle = greet, .error_body = oci_name_error },
	{ .method = "GET",
	  .path = "/v2/token",
	  .handle = give_token,
	  .error_body = oci_name_error },
	{ .method = "GET",
	  .path = "/v2/{name*}/blobs/{digest}",
	  .handle = get_blob,
	  .begin = object_send_begin,
	  .end = object_send_end,
	  .error_body = oci_blob_error },
	{ .method = "DELETE",
	  .path = "/v2/{name*}/blobs/{digest}",
	  .handle = delete_blob,
	  .error_body = oci_blob_error },
	{ .method = "GET",
	  .path = "/v2/{name*}/manifests/{ref}",
	  .handle = oci_get_manifest,
	  .begin = object_send_begin,
	  .end = object_send_end,
	  .error_body = oci_manifest_error },
	{ .method = "PUT",
	  .path = "/v2/{name*}/manifests/{ref}",
	  .handle = oci_put_manifest,
	  .max_body = OCI_MANIFEST_MAX,
	  .error_body = oci_manifest_error },
	{ .method = "DELETE",
	  .path = "/v2/{name*}/manifests/{ref}",
	  .handle = oci_delete_manifest,
	  .error_body = oci_manifest_error },
	{ .method = "GET",
	  .path = "/v2/{name*}/tags/list",
	  .handle = oci_list_tags,
	  .error_body = oci_name_error },
	{ .method = "GET",
	  .path = "/v2/{name*}/referrers/{digest}",
	  .handle = oci_list_referrers,
	  .error_body = oci_manifest_error },
	{ .method = NULL },
};
