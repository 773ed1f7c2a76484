/* The locks API. A lock is of the token that made it. */
#include "base/clock.h"
#include "base/num.h"
#include "base/path.h"
#include "serve/api/lfs.h"

#define PAGE     100
#define MAX_PAGE 1000

static struct json *describe(const struct lfs_file_lock *l)
{
	struct json *v = js_obj(), *owner = js_obj();
	char when[CLOCK_ISO_SIZE];

	js_set(v, "id", js_str(l->id));
	js_set(v, "path", js_str(l->path));
	js_set(v, "locked_at", js_str(clock_format_iso(l->locked_ms, when)));
	js_set(owner, "name", js_str(l->owner));
	js_set(v, "owner", owner);
	return v;
}

static int read_body(struct http_call *call, struct json **out, struct mlops_error *err)
{
	struct str body = http_call_body(call);

	if (body.n)
		return js_parse(body.p, body.n, "the request", out, err);
	*out = js_obj();
	return 0;
}

/* ---- making and ending ---- */

static int reply_lock(struct http_call *call, int status, const struct lfs_file_lock *l,
		      const char *message)
{
	struct json *v = js_obj();

	js_set(v, "lock", describe(l));
	if (message)
		js_set(v, "message", js_str(message));
	return http_reply_json(call, status, v);
}

int lfs_make_lock(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo = lfs_repo_of(call, err);
	struct lfs_file_lock held = { 0 };
	autojson *request = NULL;

	if (!repo || read_body(call, &request, err))
		return -1;
	const char *path = js_get_text(request, "path");
	if (!path || !path_is_safe(path))
		return err_set(err, MLOPS_EINVALID, "the request names no path");
	int rc = lfs_repo_lock(s->lfs, repo, path, lfs_caller(call), &held, err);
	if (!rc)
		rc = reply_lock(call, 201, &held, NULL);
	else if (err->kind == MLOPS_EEXISTS)
		rc = reply_lock(call, 409, &held, err->msg);
	lfs_file_lock_clear(&held);
	return rc;
}

int lfs_end_lock(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	const char *repo = lfs_repo_of(call, err);
	struct lfs_file_lock was = { 0 };
	autojson *request = NULL;

	if (!repo || read_body(call, &request, err))
		return -1;
	int rc = lfs_repo_unlock(s->lfs, repo, http_call_param(call, "id"),
				 lfs_caller(call),
				 js_get_bool(request, "force", false), &was, err);
	if (!rc)
		rc = reply_lock(call, 200, &was, NULL);
	lfs_file_lock_clear(&was);
	return rc;
}

/* ---- listing ---- */

struct listing {
	const char *path, *id, *cursor; /* or NULL: any, from the first on */
	const char *owner;              /* whose are `ours` */
	struct json *ours, *theirs;     /* theirs NULL: all are in the one list */
	uint64_t limit, n;
	char *next; /* the first that had no place any more */
	bool begun;
};

static int list_one(const struct lfs_file_lock *l, void *arg, struct mlops_error *err)
{
	struct listing *s = arg;

	(void)err;
	s->begun |= !s->cursor || !strcmp(s->cursor, l->id);
	if (!s->begun || (s->path && strcmp(s->path, l->path)) || (s->id && strcmp(s->id, l->id)))
		return 0;
	if (s->n++ == s->limit) {
		s->next = xstrdup(l->id);
		return 1;
	}
	js_push(s->theirs && strcmp(s->owner, l->owner) ? s->theirs : s->ours, describe(l));
	return 0;
}

static int reply_list(struct http_call *call, const struct object_server *s, const char *repo,
		      struct listing *list, struct json *reply, struct mlops_error *err)
{
	int rc = lfs_repo_locks(s->lfs, repo, list_one, list, err);

	if (list->next)
		js_set(reply, "next_cursor", js_str(list->next));
	free(list->next);
	if (rc >= 0)
		return http_reply_json(call, 200, reply);
	js_free(reply);
	return -1;
}

static uint64_t clamp(int64_t limit)
{
	return limit <= 0 ? PAGE : limit > MAX_PAGE ? MAX_PAGE : (uint64_t)limit;
}

static const char *query(struct http_call *call, const char *name)
{
	const char *value = http_call_query(call, name);

	return value && *value ? value : NULL;
}

int lfs_list_locks(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *repo = lfs_repo_of(call, err), *text = query(call, "limit");
	struct listing list = { .path = query(call, "path"),
				.id = query(call, "id"),
				.cursor = query(call, "cursor") };
	struct json *reply;
	int64_t limit = 0;

	if (!repo)
		return -1;
	if (text)
		num_parse_i64(text, &limit);
	list.limit = clamp(limit);
	list.ours = js_arr();
	reply = js_obj();
	js_set(reply, "locks", list.ours);
	return reply_list(call, arg, repo, &list, reply, err);
}

int lfs_verify_locks(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *repo = lfs_repo_of(call, err);
	autojson *request = NULL;
	int64_t limit = 0;

	if (!repo || read_body(call, &request, err))
		return -1;
	js_get_int(request, "limit", &limit);
	const char *cursor = js_get_text(request, "cursor");
	struct listing list = { .cursor = cursor && *cursor ? cursor : NULL,
				.limit = clamp(limit),
				.owner = lfs_caller(call),
				.ours = js_arr(),
				.theirs = js_arr() };
	struct json *reply = js_obj();
	js_set(reply, "ours", list.ours);
	js_set(reply, "theirs", list.theirs);
	return reply_list(call, arg, repo, &list, reply, err);
}
