/*
 * Artifacts: the proxy that clients send files through, and the listing of a run's. The bytes are
 * objects of the store; a path names one once it is durable.
 */
#include "serve/api/mlflow_artifacts.h"

#include "base/path.h"
#include "serve/api/mlflow.h"
#include "serve/objects.h"
#include "tracking/artifact.h"

struct incoming {
	struct store_writer *writer;
	const char *path;
	uint64_t size;
};

struct named {
	const char *path;
	struct object_ref ref;
	struct artifact_list list;
};

static int read_path(struct http_call *http, const char **out, struct mlops_error *err)
{
	*out = http_call_param(http, "path");
	return artifact_path_check(*out, err);
}

int artifact_put_begin(struct http_call *http, void *arg, struct mlops_error *err)
{
	struct incoming *in = arena_alloc(http_call_arena(http), sizeof(*in));
	struct object_server *s = arg;

	http_call_set_state(http, in);
	return read_path(http, &in->path, err) ||
			       mlops_store_writer_new(s->store, NULL, &in->writer, err) ?
		       -1 :
		       0;
}

int artifact_put_piece(struct http_call *http, const void *buf, size_t n, void *arg,
		       struct mlops_error *err)
{
	struct incoming *in = http_call_state(http);

	(void)arg;
	in->size += n;
	return mlops_store_writer_add(in->writer, buf, n, err);
}

void artifact_put_end(struct http_call *http, void *arg)
{
	struct incoming *in = http_call_state(http);

	(void)arg;
	mlops_store_writer_free(in->writer);
}

static int put(struct db *db, void *arg, struct mlops_error *err)
{
	const struct named *n = arg;

	return artifact_put(db, n->path, &n->ref, err);
}

int artifact_put_finish(struct http_call *http, void *arg, struct mlops_error *err)
{
	struct incoming *in = http_call_state(http);
	struct object_server *s = arg;
	struct named n = { .path = in->path,
			   .ref = { .kind = OBJECT_FILE, .size = in->size, .files = 1 } };
	int rc = mlops_store_writer_commit(in->writer, &n.ref.oid, err);

	mlops_store_writer_free(steal_ptr(&in->writer));
	if (rc || mlops_store_flush(s->store, err) || db_shared_write(s->tracker->db, put, &n, err)) {
		rc = mlflow_refuse(http, err);
		mlops_error_clear(err);
		return rc;
	}
	return http_reply_json(http, 200, js_obj());
}

static int find(struct db *db, void *arg, struct mlops_error *err)
{
	struct named *n = arg;

	return artifact_get(db, n->path, &n->ref, err);
}

/* The name goes into a header: what could end it there is left out. */
static void reply_attachment(struct http_call *http, const char *path)
{
	autofree char *name = xstrdup(path_base(path));
	autofree char *value = NULL;

	for (char *c = name; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c >= 0x7f)
			*c = '_';
	value = xasprintf("attachment; filename=\"%s\"", name);
	http_reply_header(http, "Content-Disposition", value);
}

static int send_path(struct http_call *http, struct object_server *s, const char *path, struct mlops_error *err)
{
	struct named n = { .path = path };

	if (db_shared_read(s->tracker->db, find, &n, err))
		return -1;
	reply_attachment(http, path);
	return object_send(http, s->store, &n.ref.oid, err);
}

int artifact_send(struct http_call *http, void *arg, struct mlops_error *err)
{
	const char *path;

	return read_path(http, &path, err) ? -1 : send_path(http, arg, path, err);
}

/* `key` of what a method answers to `in` is the root of the files, of which the query names one. */
static int send_of(struct http_call *http, struct object_server *s, const char *method, struct json *in,
		   const char *key, const char *file, struct mlops_error *err)
{
	autojson *out = NULL;

	if (artifact_path_check(file ? file : "", err) ||
	    mlflow_perform(http, s->tracker, "GET", method, in, &out, err))
		return -1;
	const char *root = js_get_text(out, key), *base = root ? artifact_path_of_uri(root) : NULL;
	if (!base)
		return err_set(err, MLOPS_ENOTFOUND, "the files are not here, but at %s",
			       root ? root : "no known place");
	autofree char *path = path_join(base, file);
	return send_path(http, s, path, err);
}

int artifact_send_of_run(struct http_call *http, void *arg, struct mlops_error *err)
{
	const char *run = http_call_query(http, "run_uuid");
	autojson *in = js_pack("{s:o}", "run_id", js_str(run ? run : http_call_query(http, "run_id")));

	return send_of(http, arg, "artifacts/list", in, "root_uri", http_call_query(http, "path"), err);
}

int artifact_send_of_version(struct http_call *http, void *arg, struct mlops_error *err)
{
	autojson *in = js_pack("{s:o, s:o}", "name", js_str(http_call_query(http, "name")),
			       "version", js_str(http_call_query(http, "version")));

	return send_of(http, arg, "model-versions/get-download-uri", in, "artifact_uri",
		       http_call_query(http, "path"), err);
}

int artifact_send_of_model(struct http_call *http, void *arg, struct mlops_error *err)
{
	autofree char *method = xasprintf("logged-models/%s/artifacts/directories",
					  http_call_param(http, "model_id"));
	autojson *in = js_obj();

	return send_of(http, arg, method, in, "root_uri", http_call_query(http, "artifact_file_path"), err);
}

static int list(struct db *db, void *arg, struct mlops_error *err)
{
	struct named *n = arg;

	return artifact_list(db, n->path, &n->list, err);
}

/* `dir` is put before each name. */
static struct json *json_files(const struct artifact_list *files, const char *dir)
{
	struct json *out = js_arr();

	for (size_t i = 0; i < files->n; i++) {
		struct json *v = js_obj();
		autofree char *path = path_join(dir, files->v[i].name);

		js_set(v, "path", js_str(path));
		js_set(v, "is_dir", js_bool(files->v[i].is_dir));
		if (!files->v[i].is_dir)
			js_set(v, "file_size", js_int(files->v[i].size));
		js_push(out, v);
	}
	return out;
}

int artifact_list_files(struct http_call *http, void *arg, struct mlops_error *err)
{
	const char *dir = http_call_query(http, "path");
	struct object_server *s = arg;
	struct named n = { .path = dir ? dir : "" };

	if (*n.path && artifact_path_check(n.path, err))
		return -1;
	int rc = db_shared_read(s->tracker->db, list, &n, err);
	if (!rc) {
		struct json *out = js_obj();

		if (n.list.n)
			js_set(out, "files", json_files(&n.list, ""));
		rc = http_reply_json(http, 200, out);
	}
	artifact_list_clear(&n.list);
	return rc;
}

static int remove_(struct db *db, void *arg, struct mlops_error *err)
{
	return artifact_delete(db, arg, err);
}

int artifact_remove(struct http_call *http, void *arg, struct mlops_error *err)
{
	struct object_server *s = arg;
	const char *path;

	if (read_path(http, &path, err) ||
	    db_shared_write(s->tracker->db, remove_, (void *)path, err))
		return -1;
	return http_reply_json(http, 200, js_obj());
}

int json_artifacts(struct db *db, struct mlflow_call *c, const char *root, const char *dir,
		   struct mlops_error *err)
{
	const char *base = artifact_path_of_uri(root);
	struct artifact_list files = { 0 };

	js_set(c->out, "root_uri", js_str(root));
	if (!base)
		return 0;
	autofree char *path = *dir ? path_join(base, dir) : xstrdup(base);
	int rc = artifact_list(db, path, &files, err);
	if (!rc && files.n)
		js_set(c->out, "files", json_files(&files, dir));
	artifact_list_clear(&files);
	return rc;
}

static int list_of_run(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autofree char *root = NULL;
	const char *dir = "";
	struct run_key run;

	if (arg_text(c->in, "path", &dir, err) || (*dir && artifact_path_check(dir, err)) ||
	    call_run(db, c, false, &run, err) || run_artifact_uri(db, &run, &root, err))
		return -1;
	return json_artifacts(db, c, root, dir, err);
}

static int server_info(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	static const char *const no[] = { "workspaces_enabled", "trace_archival_enabled",
					  "multipart_uploads_enabled", "multipart_downloads_enabled",
					  "presigned_upload_run_id_supported",
					  "presigned_upload_model_id_supported" };

	(void)db, (void)err;
	js_set(c->out, "store_type", js_str("SqlStore"));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		js_set(c->out, no[i], js_bool(false));
	return 0;
}

const struct mlflow_method mlflow_file_methods[] = {
	{ "GET", "artifacts/list", NULL, list_of_run, false },
	{ "GET", "server-info", NULL, server_info, false },
	{ .verb = NULL },
};
