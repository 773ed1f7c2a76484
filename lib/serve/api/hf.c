/* What is read from the hub: who one is, repositories, trees, and files. */
#include "base/clock.h"
#include "base/num.h"
#include "base/url.h"
#include "crypto/sha1.h"
#include "serve/api/hf.h"

#define MAX_PAGE  1000
#define MAX_NAMES ((size_t)4 << 20)

struct json *hf_error(const struct mlops_error *err, int status)
{
	struct json *v = js_obj();

	(void)status;
	js_set(v, "error", js_str(err->msg));
	return v;
}

/* All files are those of Git LFS: `oid` is the name that git would have for the pointer. */
struct json *hf_entry(const char *path, bool is_folder, const struct oid *oid, uint64_t size)
{
	struct json *v = js_obj(), *lfs;
	char hex[MLOPS_OID_HEX + 1], name[SHA1_HEX_SIZE] = "";
	autoerr ignored = ERR_INIT;

	mlops_oid_hex(oid, hex);
	autofree char *pointer =
		xasprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %llu\n",
			  hex, (unsigned long long)size);
	js_set(v, "type", js_str(is_folder ? "directory" : "file"));
	js_set(v, "path", js_str(path));
	js_set(v, "size", js_int(is_folder ? 0 : (int64_t)size));
	if (is_folder) {
		js_set(v, "oid", js_strn(hex, SHA1_HEX_SIZE - 1));
		return v;
	}
	sha1_git_blob(pointer, strlen(pointer), name, &ignored);
	js_set(v, "oid", js_str(name));
	lfs = js_obj();
	js_set(lfs, "oid", js_str(hex));
	js_set(lfs, "size", js_int((int64_t)size));
	js_set(lfs, "pointerSize", js_int((int64_t)strlen(pointer)));
	js_set(v, "lfs", lfs);
	return v;
}

static int whoami(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct json *v = js_obj();

	(void)arg, (void)err;
	js_set(v, "type", js_str("user"));
	js_set(v, "name", js_str("mlops"));
	js_set(v, "fullname", js_str("mlops"));
	js_set(v, "orgs", js_arr());
	return http_reply_json(call, 200, v);
}

struct siblings {
	struct json *list;
	bool sizes;
};

static int add_sibling(const struct object_visit *o, void *arg, struct mlops_error *err)
{
	struct siblings *s = arg;

	(void)err;
	if (o->is_tree)
		return 0;
	struct json *v = js_obj();
	js_set(v, "rfilename", js_str(o->path));
	if (s->sizes) {
		autojson *entry = hf_entry(o->path, false, &o->oid, o->size);
		struct json *lfs = js_get(entry, "lfs");

		js_set(lfs, "sha256", js_str(js_get_text(lfs, "oid")));
		js_set(v, "lfs", js_ref(lfs));
		js_set(v, "size", js_int((int64_t)o->size));
		js_set(v, "blobId", js_str(js_get_text(entry, "oid")));
	}
	js_push(s->list, v);
	return 0;
}

static int visit(const struct hf_repo *r, const struct oid *tree,
		 int (*fn)(const struct object_visit *, void *, struct mlops_error *), void *arg,
		 struct mlops_error *err)
{
	const struct object_ref ref = { .kind = OBJECT_TREE, .oid = *tree };

	return mlops_object_visit(r->server->store, &ref, fn, arg, err);
}

static int get_info(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct siblings s = { 0 };
	autocommit c = { 0 };
	char when[CLOCK_ISO_SIZE];
	struct hf_repo r;

	if (hf_repo_of(call, arg, &r, err) || hf_commit_of(call, &r, &c, err))
		return -1;
	autojson *v = js_obj();
	s.list = js_arr();
	s.sizes = http_call_query(call, "blobs") != NULL;
	js_set(v, "id", js_str(r.name));
	js_set(v, "siblings", s.list);
	if (visit(&r, &c.tree, add_sibling, &s, err) < 0)
		return -1;
	js_set(v, "sha", js_str(c.id));
	js_set(v, "lastModified", js_str(clock_format_iso(c.time_ms, when)));
	js_set(v, "private", js_bool(true));
	js_set(v, "gated", js_bool(false));
	js_set(v, "disabled", js_bool(false));
	js_set(v, "tags", js_arr());
	js_set(v, "downloads", js_int(0));
	js_set(v, "likes", js_int(0));
	return http_reply_json(call, 200, steal_ptr(&v));
}

/* A page of a listing: what comes behind the first `skip`. */
struct page {
	struct json *list;
	const char *prefix; /* of paths, with a slash at its end; or "" */
	uint64_t skip, seen;
	bool more;
};

static int add_visit(const struct object_visit *o, void *arg, struct mlops_error *err)
{
	struct page *p = arg;

	(void)err;
	if (!*o->path || p->seen++ < p->skip)
		return 0;
	p->more = js_len(p->list) == MAX_PAGE;
	if (p->more)
		return 1;
	autofree char *path = xasprintf("%s%s", p->prefix, o->path);
	js_push(p->list, hf_entry(path, o->is_tree, &o->oid, o->size));
	return 0;
}

static int list_folder(const struct hf_repo *r, const struct oid *oid, struct page *p,
		       struct mlops_error *err)
{
	struct tree tree = { 0 };

	if (tree_load(r->server->store, oid, &tree, err))
		return -1;
	for (size_t i = 0; i < tree.entries.n && !p->more; i++) {
		const struct tree_entry *e = &tree.entries.v[i];
		const struct object_visit o = { .oid = e->oid,
						.size = e->size,
						.is_tree = e->kind == TREE_FOLDER,
						.path = e->name };

		add_visit(&o, p, err);
	}
	tree_clear(&tree);
	return 0;
}

/* The entry at a path of the commit. */
static int look_up(struct http_call *call, const struct hf_repo *r, const struct hf_commit *c,
		   const char *path, struct tree_entry *out, struct mlops_error *err)
{
	if (!tree_lookup(r->server->store, &c->tree, "", path, out, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND && err->kind != MLOPS_EINVALID)
		return -1;
	err_set(err, MLOPS_ENOTFOUND, "there is no '%s' in '%s'", path, r->name);
	return hf_missing(call, "EntryNotFound", err);
}

static void add_next_page(struct http_call *call, const struct page *p)
{
	autofree char *base = object_server_url(call);
	const char *recursive = http_call_query(call, "recursive");
	autofree char *link = xasprintf("<%s%s?recursive=%s&cursor=%llu>; rel=\"next\"", base,
					http_call_path(call), recursive ? recursive : "false",
					(unsigned long long)(p->skip + MAX_PAGE));

	http_reply_header(call, "Link", link);
}

static int get_tree(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *path = http_call_param(call, "path"), *cursor = http_call_query(call, "cursor"),
		   *recursive = http_call_query(call, "recursive");
	struct tree_entry entry = { .kind = TREE_FOLDER };
	autofree char *prefix = xasprintf("%s%s", path ? path : "", path ? "/" : "");
	struct page p = { .prefix = prefix };
	autocommit c = { 0 };
	struct hf_repo r;

	if (hf_repo_of(call, arg, &r, err) || hf_commit_of(call, &r, &c, err))
		return -1;
	entry.oid = c.tree;
	if (path && look_up(call, &r, &c, path, &entry, err))
		return -1;
	if (cursor && !num_parse_u64(cursor, &p.skip))
		return err_set(err, MLOPS_EINVALID, "the cursor is none of ours");
	autojson *list = js_arr();
	p.list = list;
	bool deep = recursive && !strcasecmp(recursive, "true");
	if (entry.kind != TREE_FOLDER)
		js_push(list, hf_entry(path, false, &entry.oid, entry.size));
	else if (deep ? visit(&r, &entry.oid, add_visit, &p, err) < 0 :
			list_folder(&r, &entry.oid, &p, err))
		return -1;
	if (p.more)
		add_next_page(call, &p);
	return http_reply_json(call, 200, steal_ptr(&list));
}

/* A form, paths=a&paths=b; or JSON, {"paths": ["a"]}. */
static int read_paths(struct http_call *call, struct strlist *out, struct mlops_error *err)
{
	const char *type = http_call_header(call, "Content-Type");
	struct str rest = http_call_body(call), value;
	autojson *v = NULL;

	if (type && str_starts(type, "application/json")) {
		if (js_parse(rest.p, rest.n, "the request", &v, err))
			return -1;
		const struct json *paths = js_get(v, "paths");
		for (size_t i = 0; i < js_len(paths); i++)
			if (js_text(js_at(paths, i)))
				strlist_add(out, js_text(js_at(paths, i)));
		return 0;
	}
	while (rest.n) {
		struct str field = str_split(rest, '&', &rest);
		autobuf path = { 0 };

		if (!str_eq(str_split(field, '=', &value), "paths"))
			continue;
		autofree char *text = xstrndup(value.p, value.n);
		for (char *c = text; *c; c++)
			*c = *c == '+' ? ' ' : *c;
		if (!url_decode(&path, text, strlen(text)) || !path.len)
			return err_set(err, MLOPS_EINVALID, "a path is none");
		strlist_add(out, path.buf);
	}
	return 0;
}

static int get_paths(struct http_call *call, void *arg, struct mlops_error *err)
{
	autostrlist paths = { 0 };
	autocommit c = { 0 };
	struct hf_repo r;

	if (hf_repo_of(call, arg, &r, err) || hf_commit_of(call, &r, &c, err) ||
	    read_paths(call, &paths, err))
		return -1;
	struct json *list = js_arr();
	for (size_t i = 0; i < paths.n; i++) {
		struct tree_entry e;
		autoerr absent = ERR_INIT;

		if (!tree_lookup(r.server->store, &c.tree, "", paths.v[i], &e, &absent))
			js_push(list, hf_entry(paths.v[i], e.kind == TREE_FOLDER, &e.oid, e.size));
	}
	return http_reply_json(call, 200, list);
}

static int get_refs(struct http_call *call, void *arg, struct mlops_error *err)
{
	autostrlist names = { 0 };
	struct hf_repo r;

	if (hf_repo_of(call, arg, &r, err) ||
	    shelf_names(r.server, r.kind, r.name, HF_REFS, &names, err))
		return -1;
	struct json *v = js_obj(), *branches = js_arr();
	for (size_t i = 0; i < names.n; i++) {
		autofree char *id = NULL;
		autoerr ignored = ERR_INIT;
		autobuf name = { 0 };
		struct json *b = js_obj();

		url_decode(&name, names.v[i], strlen(names.v[i]));
		autofree char *ref = xasprintf("refs/heads/%s", name.buf ? name.buf : "");
		shelf_read(r.server, r.kind, r.name, HF_REFS, names.v[i], &id, &ignored);
		js_set(b, "name", js_str(name.buf ? name.buf : ""));
		js_set(b, "ref", js_str(ref));
		js_set(b, "targetCommit", js_str(id ? id : ""));
		js_push(branches, b);
	}
	js_set(v, "branches", branches);
	js_set(v, "tags", js_arr());
	js_set(v, "converts", js_arr());
	return http_reply_json(call, 200, v);
}

static int resolve(struct http_call *call, void *arg, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1], etag[MLOPS_OID_HEX + 3], size[NUM_SIZE];
	struct tree_entry e;
	autocommit c = { 0 };
	struct hf_repo r;

	if (hf_repo_of(call, arg, &r, err) || hf_commit_of(call, &r, &c, err))
		return -1;
	http_reply_header(call, "X-Repo-Commit", c.id);
	if (look_up(call, &r, &c, http_call_param(call, "path"), &e, err))
		return -1;
	if (e.kind == TREE_FOLDER) {
		err_set(err, MLOPS_ENOTFOUND, "this is a folder");
		return hf_missing(call, "EntryNotFound", err);
	}
	snprintf(etag, sizeof(etag), "\"%s\"", mlops_oid_hex(&e.oid, hex));
	http_reply_header(call, "ETag", etag);
	http_reply_header(call, "X-Linked-Etag", etag);
	http_reply_header(call, "X-Linked-Size", num_format_u64(e.size, size));
	return object_send(call, r.server->store, &e.oid, err);
}

#define READ_ROUTE(path_, handle_)                                                                 \
	{                                                                                          \
		.method = "GET", .path = path_, .handle = handle_, .error_body = hf_error          \
	}
#define FILE_ROUTE(path_)                                                                          \
	{                                                                                          \
		.method = "GET", .path = path_, .handle = resolve, .begin = object_send_begin,     \
		.end = object_send_end, .error_body = hf_error                                     \
	}
#define REPO_ROUTES(base)                                                                          \
	READ_ROUTE(base, get_info), READ_ROUTE(base "/revision/{rev}", get_info),                  \
		READ_ROUTE(base "/tree/{rev}", get_tree),                                          \
		READ_ROUTE(base "/tree/{rev}/{path*}", get_tree),                                  \
		READ_ROUTE(base "/refs", get_refs),                                                \
	{                                                                                          \
		.method = "POST", .path = base "/paths-info/{rev}", .handle = get_paths,           \
		.reads = true, .max_body = MAX_NAMES, .error_body = hf_error                       \
	}

const struct http_route hf_routes[] = {
	READ_ROUTE("/api/whoami-v2", whoami),
	REPO_ROUTES("/api/models/{org}/{name}"),
	REPO_ROUTES("/api/datasets/{org}/{name}"),
	FILE_ROUTE("/datasets/{org}/{name}/resolve/{rev}/{path*}"),
	FILE_ROUTE("/{org}/{name}/resolve/{rev}/{path*}"),
	{ .method = NULL },
};
