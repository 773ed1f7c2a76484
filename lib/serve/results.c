/*
 * Results of stages: small texts by keys that are no hashes of them. A text is kept as an object,
 * sealed where the store is; DATA/results/ab/cdef... has the name of that object.
 */
#include "base/fs.h"
#include "base/path.h"
#include "remote/remote.h"
#include "serve/objects.h"

static int file_of(struct http_call *call, const struct object_server *s, char **out,
		   struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	struct oid key;

	if (!mlops_oid_parse(http_call_param(call, "key"), &key))
		return err_set(err, MLOPS_EINVALID, "the path ends in no name of a result");
	mlops_oid_hex(&key, hex);
	*out = xasprintf("%s/results/%.2s/%s", s->data, hex, hex + 2);
	return 0;
}

static int get_result(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	autofree char *file = NULL;
	autobuf name = { 0 };
	struct oid oid;

	if (file_of(call, s, &file, err))
		return -1;
	if (!fs_exists(file))
		return err_set(err, MLOPS_ENOTFOUND, "there is no such result");
	if (fs_read(file, MLOPS_OID_TEXT, &name, err))
		return -1;
	if (!mlops_oid_parse(name.buf, &oid))
		return err_set(err, MLOPS_ECORRUPT, "'%s' holds no name of an object", file);
	return object_send(call, s->store, &oid, err);
}

static int put_result(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	struct str body = http_call_body(call);
	autofree char *file = NULL, *dir = NULL;
	char hex[MLOPS_OID_HEX + 1];
	struct oid oid;

	if (file_of(call, s, &file, err))
		return -1;
	dir = path_dir(file);
	if (!fs_exists(file) &&
	    (mlops_store_put(s->store, body.p, body.n, &oid, err) ||
	     mlops_store_flush(s->store, err) || fs_mkdirs_synced(dir, err) ||
	     fs_write_atomic(file, mlops_oid_hex(&oid, hex), MLOPS_OID_HEX, 0666, err)))
		return -1;
	return http_reply_json(call, 201, js_obj());
}

const struct http_route result_routes[] = {
	{ .method = "GET",
	  .path = "/v1/results/{key}",
	  .handle = get_result,
	  .begin = object_send_begin,
	  .end = object_send_end },
	{ .method = "PUT",
	  .path = "/v1/results/{key}",
	  .handle = put_result,
	  .max_body = REMOTE_RESULT_MAX },
	{ .method = NULL },
};
