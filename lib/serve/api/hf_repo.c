/* Repositories and their commits, as files of names. */
#include <ctype.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/url.h"
#include "crypto/hash.h"
#include "serve/api/hf.h"

#define MAX_NAME   96
#define MAX_BRANCH 100
#define VERSION    1

static bool is_name(const char *name)
{
	size_t n = 0;

	while (isalnum((unsigned char)name[n]) || (n && name[n] && strchr("._-", name[n])))
		n++;
	return n && n <= MAX_NAME && !name[n] && !strstr(name, "..");
}

int hf_repo_named(struct http_call *call, struct object_server *s, bool dataset, const char *org,
		  const char *name, struct hf_repo *out, struct mlops_error *err)
{
	if (!is_name(org) || !is_name(name))
		return err_set(err, MLOPS_EINVALID, "this is no name of a repository");
	*out = (struct hf_repo){ .server = s,
				 .kind = dataset ? "hf/datasets" : "hf/models",
				 .type = dataset ? "dataset" : "model",
				 .name = arena_printf(http_call_arena(call), "%s/%s", org, name) };
	return 0;
}

bool hf_repo_exists(const struct hf_repo *r)
{
	autofree char *refs = shelf_path(r->server, r->kind, r->name, HF_REFS, NULL);

	return fs_is_dir(refs);
}

int hf_missing(struct http_call *call, const char *code, struct mlops_error *err)
{
	(void)err;
	http_reply_header(call, "X-Error-Code", code);
	return -1;
}

int hf_repo_of(struct http_call *call, struct object_server *s, struct hf_repo *out,
	       struct mlops_error *err)
{
	const char *path = http_call_path(call);
	bool dataset = str_starts(path, "/datasets/") || str_starts(path, "/api/datasets/") ||
		       str_starts(path, "/hf/upload/dataset/");

	if (hf_repo_named(call, s, dataset, http_call_param(call, "org"),
			  http_call_param(call, "name"), out, err))
		return -1;
	if (hf_repo_exists(out))
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "there is no repository '%s'", out->name);
	return hf_missing(call, "RepoNotFound", err);
}

char *hf_repo_url(struct http_call *call, const struct hf_repo *r)
{
	autofree char *base = object_server_url(call);

	return xasprintf("%s/%s%s", base, strcmp(r->type, "dataset") ? "" : "datasets/", r->name);
}

void hf_commit_clear(struct hf_commit *c)
{
	free(c->parent);
	free(c->title);
	*c = (struct hf_commit){ 0 };
}

static bool is_id(const char *text)
{
	return strlen(text) == HF_ID_SIZE - 1 && !text[strspn(text, "0123456789abcdef")];
}

/* A branch as the name of a file; one named as a commit is could not be found again. */
static int branch_leaf(const char *branch, char **out, struct mlops_error *err)
{
	struct strbuf leaf = { 0 };

	if (!*branch || strlen(branch) > MAX_BRANCH || is_id(branch))
		return err_set(err, MLOPS_EINVALID, "this is no name of a branch");
	url_encode(&leaf, branch, "");
	if (*leaf.buf == '.') {
		strbuf_clear(&leaf);
		return err_set(err, MLOPS_EINVALID, "this is no name of a branch");
	}
	*out = strbuf_steal(&leaf);
	return 0;
}

static int parse_commit(const char *id, const char *line, struct hf_commit *out,
			struct mlops_error *err)
{
	autojson *v = NULL;
	struct hf_commit c = { 0 };
	int64_t version = 0;

	if (js_parse(line, strlen(line), "the commit", &v, err))
		return -1;
	const char *tree = js_get_text(v, "tree"), *parent = js_get_text(v, "parent"),
		   *title = js_get_text(v, "title");
	js_get_int(v, "version", &version);
	if (version != VERSION || !tree || !mlops_oid_parse(tree, &c.tree))
		return err_set(err, MLOPS_ECORRUPT, "commit '%s' is damaged", id);
	js_get_int(v, "time", &c.time_ms);
	c.parent = parent ? xstrdup(parent) : NULL;
	c.title = xstrdup(title ? title : "");
	snprintf(c.id, sizeof(c.id), "%s", id);
	*out = c;
	return 0;
}

int hf_commit_find(const struct hf_repo *r, const char *rev, struct hf_commit *out,
		   struct mlops_error *err)
{
	autofree char *leaf = NULL, *id = NULL, *line = NULL;

	if (is_id(rev))
		id = xstrdup(rev);
	else if (branch_leaf(rev, &leaf, err) ||
		 shelf_read(r->server, r->kind, r->name, HF_REFS, leaf, &id, err))
		return -1;
	if (!is_id(id))
		return err_set(err, MLOPS_ECORRUPT, "branch '%s' is damaged", rev);
	return shelf_read(r->server, r->kind, r->name, HF_COMMITS, id, &line, err) ||
			       parse_commit(id, line, out, err) ?
		       -1 :
		       0;
}

int hf_commit_of(struct http_call *call, const struct hf_repo *r, struct hf_commit *out,
		 struct mlops_error *err)
{
	const char *rev = http_call_param(call, "rev");

	if (!hf_commit_find(r, rev ? rev : HF_BRANCH, out, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	err_set(err, MLOPS_ENOTFOUND, "'%s' has no revision '%s'", r->name, rev ? rev : HF_BRANCH);
	return hf_missing(call, "RevisionNotFound", err);
}

int hf_commit_add(const struct hf_repo *r, const char *branch, struct hf_commit *commit,
		  struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	autojson *v = js_obj();
	autobuf line = { 0 };
	autofree char *leaf = NULL;
	struct oid hash;

	if (branch_leaf(branch, &leaf, err))
		return -1;
	js_set(v, "version", js_int(VERSION));
	js_set(v, "tree", js_str(mlops_oid_hex(&commit->tree, hex)));
	if (commit->parent)
		js_set(v, "parent", js_str(commit->parent));
	js_set(v, "time", js_int(commit->time_ms));
	js_set(v, "title", js_str(commit->title));
	js_dump(v, JS_COMPACT, &line);
	if (hash_buf(line.buf, line.len, &hash, err))
		return -1;
	snprintf(commit->id, sizeof(commit->id), "%.40s", mlops_oid_hex(&hash, hex));
	return shelf_write(r->server, r->kind, r->name, HF_COMMITS, commit->id, line.buf, err) ||
			       shelf_write(r->server, r->kind, r->name, HF_REFS, leaf, commit->id,
					   err) ?
		       -1 :
		       0;
}
