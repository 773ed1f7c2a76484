/* The locks API: files that one person alone may change. */
#include "remote/lfs/private.h"

#define PAGE 100
#define LOCKS_MAX 1000000

static void lock_clear(struct lfs_lock *l)
{
	free(l->id);
	free(l->path);
	free(l->owner);
	free(l->locked_at);
}

void lfs_locks_clear(struct lfs_locks *locks)
{
	for (size_t i = 0; i < locks->n; i++)
		lock_clear(&locks->v[i]);
	vec_free(locks);
}

static int read_lock(const struct lfs_server *s, const struct json *v, bool ours,
		     struct lfs_locks *out, struct mlops_error *err)
{
	const char *id = js_get_text(v, "id"), *path = js_get_text(v, "path"),
		   *owner = js_get_text(js_get(v, "owner"), "name"),
		   *at = js_get_text(v, "locked_at");

	if (!id || !path)
		return err_set(err, MLOPS_EREMOTE, "remote '%s' tells of a lock without %s",
			       s->name, id ? "a path" : "an id");
	vec_push(out, { xstrdup(id), xstrdup(path), xstrdup(owner ? owner : ""),
			xstrdup(at ? at : ""), ours });
	return 0;
}

static void add_ref(const struct lfs_server *s, struct json *body)
{
	struct json *ref;

	if (!s->ref)
		return;
	ref = js_obj();
	js_set(ref, "name", js_str(s->ref));
	js_set(body, "ref", ref);
}

int lfs_lock_make(struct lfs_server *s, const char *path, struct lfs_locks *out,
		  struct mlops_error *err)
{
	static const int accept[] = { 409, 0 };
	struct json *body = js_obj();
	autojson *reply = NULL;
	int status;

	js_set(body, "path", js_str(path));
	add_ref(s, body);
	if (lfs_api_call(s, LFS_UPLOAD, "/locks", body, accept, &status, &reply, err))
		return -1;
	const struct json *lock = js_get(reply, "lock");
	if (status != 409)
		return read_lock(s, lock, true, out, err);
	const char *owner = js_get_text(js_get(lock, "owner"), "name");
	return err_set(err, MLOPS_EEXISTS, "'%s' is locked already%s%.80s", path,
		       owner ? " by " : "", owner ? owner : "");
}

int lfs_lock_remove(struct lfs_server *s, const char *id, bool force, struct mlops_error *err)
{
	struct json *body = js_obj();
	autojson *reply = NULL;
	autobuf path = { 0 };

	js_set(body, "force", js_bool(force));
	add_ref(s, body);
	strbuf_adds(&path, "/locks/");
	url_encode(&path, id, "");
	strbuf_adds(&path, "/unlock");
	return lfs_api_call(s, LFS_UPLOAD, path.buf, body, NULL, NULL, &reply, err);
}

static int read_list(const struct lfs_server *s, const struct json *reply, const char *key,
		     bool ours, struct lfs_locks *out, struct mlops_error *err)
{
	const struct json *list = js_get(reply, key);

	for (size_t i = 0; i < js_len(list); i++)
		if (read_lock(s, js_at(list, i), ours, out, err))
			return -1;
	return 0;
}

static void add_query(struct strbuf *url, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_addf(url, "%c%s=", strchr(url->buf, '?') ? '&' : '?', name);
	url_encode(url, value, "");
}

/* A page that brought nothing is the last one, and so is the one behind very many locks. */
static bool next_page(const struct json *reply, size_t before, size_t now, char **cursor)
{
	const char *next = js_get_text(reply, "next_cursor");

	if (!next || !*next || now == before || now > LOCKS_MAX)
		return false;
	free(*cursor);
	*cursor = xstrdup(next);
	return true;
}

int lfs_locks_list(struct lfs_server *s, const char *path, const char *id, uint64_t limit,
		   struct lfs_locks *out, struct mlops_error *err)
{
	autofree char *cursor = NULL;
	bool more = true;

	while (more && (!limit || out->n < limit)) {
		autojson *reply = NULL;
		autobuf url = { 0 };
		size_t before = out->n;

		strbuf_addf(&url, "/locks?limit=%d", PAGE);
		add_query(&url, "path", path);
		add_query(&url, "id", id);
		add_query(&url, "refspec", s->ref);
		add_query(&url, "cursor", cursor);
		if (lfs_api_call(s, LFS_DOWNLOAD, url.buf, NULL, NULL, NULL, &reply, err) ||
		    read_list(s, reply, "locks", false, out, err))
			return -1;
		more = next_page(reply, before, out->n, &cursor);
	}
	for (; limit && out->n > limit; out->n--)
		lock_clear(&out->v[out->n - 1]);
	return 0;
}

int lfs_locks_verify(struct lfs_server *s, bool *supported, struct lfs_locks *out,
		     struct mlops_error *err)
{
	static const int accept[] = { 403, 404, 501, 0 };
	autofree char *cursor = NULL;

	for (bool more = true; more;) {
		struct json *body = js_obj();
		autojson *reply = NULL;
		size_t before = out->n;
		int status;

		js_set(body, "limit", js_int(PAGE));
		if (cursor)
			js_set(body, "cursor", js_str(cursor));
		add_ref(s, body);
		if (lfs_api_call(s, LFS_UPLOAD, "/locks/verify", body, accept, &status, &reply,
				 err) ||
		    read_list(s, reply, "ours", true, out, err) ||
		    read_list(s, reply, "theirs", false, out, err))
			return -1;
		*supported = status / 100 == 2;
		more = *supported && next_page(reply, before, out->n, &cursor);
	}
	return 0;
}
