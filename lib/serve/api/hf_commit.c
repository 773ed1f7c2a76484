/* Making repositories, and commits in them: all of a commit is there, or nothing of it. */
#include <pthread.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "serve/api/hf.h"

#define MAX_BODY  ((size_t)64 << 20)
#define MAX_TITLE 200
#define MAX_LINE  ((size_t)48 << 20)

static pthread_mutex_t committing = PTHREAD_MUTEX_INITIALIZER; /* one commit at a time */

/* A repository begins with a commit of nothing, so that it has a revision. */
static int begin_repo(const struct hf_repo *r, struct mlops_error *err)
{
	autocommit c = { .title = xstrdup("initial commit"), .time_ms = clock_now_ms() };
	struct tree empty = { 0 };
	struct tree_entry entry;

	if (tree_put(r->server->store, &empty, &entry, err) ||
	    mlops_store_flush(r->server->store, err))
		return -1;
	c.tree = entry.oid;
	return hf_commit_add(r, HF_BRANCH, &c, err);
}

/* The repository that a request names in its body. */
static int named_in_body(struct http_call *call, struct object_server *s, struct hf_repo *out,
			 struct mlops_error *err)
{
	struct str body = http_call_body(call);
	autojson *v = NULL;

	if (js_parse(body.p, body.n, "the request", &v, err))
		return -1;
	const char *org = js_get_text(v, "organization"), *name = js_get_text(v, "name"),
		   *type = js_get_text(v, "type");
	if (type && strcmp(type, "model") && strcmp(type, "dataset"))
		return err_set(err, MLOPS_EINVALID, "repositories are of models and of data sets");
	return hf_repo_named(call, s, type && !strcmp(type, "dataset"), org ? org : "mlops",
			     name ? name : "", out, err);
}

static int create_repo(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct hf_repo r;

	if (named_in_body(call, arg, &r, err))
		return -1;
	pthread_mutex_lock(&committing);
	bool exists = hf_repo_exists(&r);
	int rc = exists ? 0 : begin_repo(&r, err);
	pthread_mutex_unlock(&committing);
	if (rc)
		return -1;
	autofree char *url = hf_repo_url(call, &r);
	struct json *v = js_obj();
	js_set(v, "url", js_str(url));
	js_set(v, "name", js_str(r.name));
	js_set(v, "id", js_str(r.name));
	if (exists)
		js_set(v, "error", js_str("you already created this repository"));
	return http_reply_json(call, exists ? 409 : 200, v);
}

static int delete_repo(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct hf_repo r;

	if (named_in_body(call, arg, &r, err))
		return -1;
	if (!hf_repo_exists(&r)) {
		err_set(err, MLOPS_ENOTFOUND, "there is no repository '%s'", r.name);
		return hf_missing(call, "RepoNotFound", err);
	}
	autofree char *folder = xasprintf("%s/%s/%s", r.server->data, r.kind, r.name);
	pthread_mutex_lock(&committing);
	int rc = fs_remove_tree(folder, err);
	pthread_mutex_unlock(&committing);
	return rc ? -1 : http_reply_json(call, 200, js_obj());
}

/* Whatever is to be uploaded goes by way of LFS, and so is named by its SHA-256. */
static int preupload(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct str body = http_call_body(call);
	autojson *v = NULL;
	struct hf_repo r;

	if (hf_repo_of(call, arg, &r, err) || js_parse(body.p, body.n, "the request", &v, err))
		return -1;
	const struct json *files = js_get(v, "files");
	struct json *reply = js_obj(), *list = js_arr();
	for (size_t i = 0; i < js_len(files); i++) {
		const char *path = js_get_text(js_at(files, i), "path");
		struct json *f = js_obj();

		js_set(f, "path", js_str(path ? path : ""));
		js_set(f, "uploadMode", js_str("lfs"));
		js_set(f, "shouldIgnore", js_bool(false));
		js_push(list, f);
	}
	js_set(reply, "files", list);
	return http_reply_json(call, 200, reply);
}

/* What a commit changes: the last word about a path counts. */
struct changes {
	const struct hf_repo *repo;
	struct map by_path; /* -> struct tree_entry *; of kind TREE_OTHER: it goes */
	char *title, *parent;
};

static void changes_clear(struct changes *c)
{
	map_clear_values(&c->by_path, free);
	free(c->title);
	free(c->parent);
}

static int take_header(struct changes *c, const struct json *v, struct mlops_error *err)
{
	const char *title = js_get_text(v, "summary"), *parent = js_get_text(v, "parentCommit");

	(void)err;
	free(c->title);
	free(c->parent);
	c->title = xstrndup(title ? title : "", MAX_TITLE);
	c->parent = parent ? xstrdup(parent) : NULL;
	return 0;
}

static int change(struct changes *c, const struct json *v, struct tree_entry entry,
		  struct mlops_error *err)
{
	const char *path = js_get_text(v, "path");
	autofree char *plain = xstrdup(path ? path : "");
	size_t n = strlen(plain);

	if (n && plain[n - 1] == '/' && entry.kind == TREE_OTHER)
		plain[n - 1] = '\0';
	if (!path_is_safe(plain))
		return err_set(err, MLOPS_EINVALID, "'%s' is no path", plain);
	free(map_put(&c->by_path, plain, xmemdup(&entry, sizeof(entry))));
	return 0;
}

/* An object that was uploaded here; knowing the hash of one is not enough. */
static int take_lfs(struct changes *c, const struct json *v, struct mlops_error *err)
{
	const char *name = js_get_text(v, "oid"), *path = js_get_text(v, "path");
	const struct hf_repo *r = c->repo;
	struct tree_entry entry = { .kind = TREE_FILE, .files = 1 };

	if (!name || !mlops_oid_parse(name, &entry.oid))
		return err_set(err, MLOPS_EINVALID, "file '%s' has no SHA-256", path ? path : "");
	if (!shelf_has(r->server, r->kind, r->name, HF_OBJECTS, &entry.oid) ||
	    mlops_store_size(r->server->store, &entry.oid, &entry.size, err))
		return err_set(err, MLOPS_EINVALID, "the bytes of file '%s' were not uploaded",
			       path ? path : "");
	return change(c, v, entry, err);
}

static int take_file(struct changes *c, const struct json *v, struct mlops_error *err)
{
	const char *content = js_get_text(v, "content");
	const struct hf_repo *r = c->repo;
	struct tree_entry entry = { .kind = TREE_FILE, .files = 1 };
	autobuf bytes = { 0 };

	if (!content || !base64_decode(content, strlen(content), &bytes))
		return err_set(err, MLOPS_EINVALID, "the content of a file is not base64");
	entry.size = bytes.len;
	if (mlops_store_put(r->server->store, bytes.buf ? bytes.buf : "", bytes.len, &entry.oid,
			    err) ||
	    shelf_link(r->server, r->kind, r->name, HF_OBJECTS, &entry.oid, err))
		return -1;
	return change(c, v, entry, err);
}

static int take_line(struct changes *c, struct str line, struct mlops_error *err)
{
	autojson *v = NULL;

	if (js_parse(line.p, line.n, "a line of the commit", &v, err))
		return -1;
	const char *key = js_get_text(v, "key");
	const struct json *value = js_get(v, "value");
	if (!key)
		return err_set(err, MLOPS_EINVALID, "a line of the commit has no key");
	if (!strcmp(key, "header"))
		return take_header(c, value, err);
	if (!strcmp(key, "file"))
		return take_file(c, value, err);
	if (!strcmp(key, "lfsFile"))
		return take_lfs(c, value, err);
	if (!strcmp(key, "deletedFile") || !strcmp(key, "deletedFolder"))
		return change(c, value, (struct tree_entry){ .kind = TREE_OTHER }, err);
	return err_set(err, MLOPS_EINVALID, "'%s' is nothing that a commit does", key);
}

static int read_changes(struct http_call *call, struct changes *c, struct mlops_error *err)
{
	struct str rest = http_call_body(call);

	while (rest.n) {
		struct str line = str_trim(str_split(rest, '\n', &rest));

		if (line.n > MAX_LINE)
			return err_set(err, MLOPS_EINVALID, "a line of the commit is too long");
		if (line.n && take_line(c, line, err))
			return -1;
	}
	return 0;
}

/* Lock held. The tree with the changes, and its commit on top of `head`. */
static int commit_changes(const struct changes *c, const char *branch, struct hf_commit *head,
			  struct mlops_error *err)
{
	const struct hf_repo *r = c->repo;
	size_t n = c->by_path.n;
	autofree struct tree_edit *edits = xcalloc(n, sizeof(*edits));
	struct tree_entry root;

	for (size_t i = 0; i < n; i++) {
		const struct tree_entry *e = c->by_path.v[i].value;

		edits[i] = (struct tree_edit){ .path = c->by_path.v[i].key,
					       .entry = e->kind == TREE_OTHER ? NULL : e };
	}
	if (tree_edit(r->server->store, &head->tree, "", edits, n, &root, err) ||
	    mlops_store_flush(r->server->store, err) ||
	    shelf_sync(r->server, r->kind, r->name, HF_OBJECTS, err))
		return -1;
	free(head->parent);
	free(head->title);
	head->parent = xstrdup(head->id);
	head->title = xstrdup(c->title ? c->title : "");
	head->tree = root.oid;
	head->time_ms = clock_now_ms();
	return hf_commit_add(r, branch, head, err);
}

static int reply_commit(struct http_call *call, const struct hf_repo *r, const struct hf_commit *c)
{
	autofree char *base = hf_repo_url(call, r), *url = xasprintf("%s/commit/%s", base, c->id);
	struct json *v = js_obj();

	js_set(v, "success", js_bool(true));
	js_set(v, "commitOid", js_str(c->id));
	js_set(v, "commitUrl", js_str(url));
	js_set(v, "hookOutput", js_str(""));
	return http_reply_json(call, 200, v);
}

static int reply_outdated(struct http_call *call)
{
	struct json *v = js_obj();

	js_set(v, "error", js_str("the branch has another commit by now"));
	return http_reply_json(call, 412, v);
}

static int commit(struct http_call *call, void *arg, struct mlops_error *err)
{
	__attribute__((cleanup(changes_clear))) struct changes c = { 0 };
	const char *branch = http_call_param(call, "rev");
	autocommit head = { 0 };
	struct hf_repo r;

	if (http_call_query(call, "create_pr"))
		return err_set(err, MLOPS_EINVALID, "there are no pull requests here");
	c.repo = &r;
	if (hf_repo_of(call, arg, &r, err) || read_changes(call, &c, err))
		return -1;
	pthread_mutex_lock(&committing);
	int rc = hf_commit_of(call, &r, &head, err);
	bool outdated = !rc && c.parent && strcmp(c.parent, head.id);
	if (!rc && !outdated && c.by_path.n)
		rc = commit_changes(&c, branch, &head, err);
	pthread_mutex_unlock(&committing);
	if (rc)
		return -1;
	return outdated ? reply_outdated(call) : reply_commit(call, &r, &head);
}

#define WRITE_ROUTE(method_, path_, handle_)                                                       \
	{                                                                                          \
		.method = method_, .path = path_, .handle = handle_, .max_body = MAX_BODY,         \
		.error_body = hf_error                                                             \
	}

const struct http_route hf_commit_routes[] = {
	WRITE_ROUTE("POST", "/api/repos/create", create_repo),
	WRITE_ROUTE("DELETE", "/api/repos/delete", delete_repo),
	WRITE_ROUTE("POST", "/api/models/{org}/{name}/preupload/{rev}", preupload),
	WRITE_ROUTE("POST", "/api/datasets/{org}/{name}/preupload/{rev}", preupload),
	WRITE_ROUTE("POST", "/api/models/{org}/{name}/commit/{rev}", commit),
	WRITE_ROUTE("POST", "/api/datasets/{org}/{name}/commit/{rev}", commit),
	{ .method = NULL },
};
