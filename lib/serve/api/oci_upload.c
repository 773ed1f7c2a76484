/*
 * Uploads: a POST begins one, PATCHes add to it, a PUT names its digest and ends it. What a request
 * that was cut off brought is kept, so a client asks how far it came and goes on.
 */
#include <pthread.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/rand.h"
#include "base/vec.h"
#include "serve/api/oci.h"

#define MAX_UPLOADS 256 /* under way at once */
#define MAX_IDLE_MS ((int64_t)3600 * 1000)
#define MAX_BLOB    ((size_t)16 << 40)
#define ID_BYTES    16

struct upload {
	char id[RAND_HEX_SIZE(ID_BYTES)];
	char *repo;
	struct store_writer *writer; /* once bytes have come */
	uint64_t size;
	bool busy; /* a request adds to it: then only that touches what is above */
	int64_t used_ms;
};

struct oci_uploads {
	pthread_mutex_t lock;
	VEC(struct upload *) list;
};

static void upload_free(struct upload *u)
{
	mlops_store_writer_free(u->writer);
	free(u->repo);
	free(u);
}

struct oci_uploads *oci_uploads_new(void)
{
	struct oci_uploads *all = xcalloc(1, sizeof(*all));

	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void oci_uploads_free(struct oci_uploads *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->list.n; i++)
		upload_free(all->list.v[i]);
	vec_free(&all->list);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* Takes those out that nobody went on with. Lock held. */
static void drop_idle(struct oci_uploads *all)
{
	int64_t now = clock_mono_ms();

	for (size_t i = all->list.n; i-- > 0;) {
		struct upload *u = all->list.v[i];

		if (u->busy || now - u->used_ms < MAX_IDLE_MS)
			continue;
		upload_free(u);
		all->list.v[i] = all->list.v[--all->list.n];
	}
}

/* A new one, busy. */
static int upload_new(struct oci_uploads *all, const char *repo, struct upload **out,
		      struct mlops_error *err)
{
	struct upload *u = xcalloc(1, sizeof(*u));

	rand_hex(u->id, ID_BYTES);
	u->repo = xstrdup(repo);
	u->busy = true;
	pthread_mutex_lock(&all->lock);
	drop_idle(all);
	bool room = all->list.n < MAX_UPLOADS;
	if (room)
		vec_push(&all->list, u);
	pthread_mutex_unlock(&all->lock);
	if (!room) {
		upload_free(u);
		return err_set(err, MLOPS_ELOCKED, "there are too many uploads at once");
	}
	*out = u;
	return 0;
}

/* Takes it for this request. */
static int upload_take(struct oci_uploads *all, const char *repo, const char *id,
		       struct upload **out, struct mlops_error *err)
{
	struct upload *found = NULL;

	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; i < all->list.n && !found; i++)
		if (!strcmp(all->list.v[i]->id, id) && !strcmp(all->list.v[i]->repo, repo))
			found = all->list.v[i];
	bool busy = found && found->busy;
	if (found)
		found->busy = true;
	pthread_mutex_unlock(&all->lock);
	if (!found)
		return err_set(err, MLOPS_ENOTFOUND, "there is no such upload");
	if (busy)
		return err_set(err, MLOPS_ELOCKED, "another request adds to the upload");
	*out = found;
	return 0;
}

/* Gives it back, or with `over` ends it. */
static void upload_give(struct oci_uploads *all, struct upload *u, bool over)
{
	pthread_mutex_lock(&all->lock);
	u->busy = false;
	u->used_ms = clock_mono_ms();
	for (size_t i = 0; i < all->list.n && over; i++) {
		if (all->list.v[i] != u)
			continue;
		all->list.v[i] = all->list.v[--all->list.n];
		break;
	}
	pthread_mutex_unlock(&all->lock);
	if (over)
		upload_free(u);
}

/* A request that adds. */
struct adding {
	struct oci_uploads *all;
	struct upload *upload;
	bool over;      /* the upload ends with the request */
	bool misplaced; /* its bytes are not those that come next */
	bool mounted;
	bool has_digest;
	struct oid digest; /* when `has_digest` */
};

static struct adding *adding_new(struct http_call *call, const struct object_server *s)
{
	struct adding *a = arena_alloc(http_call_arena(call), sizeof(*a));

	a->all = s->uploads;
	http_call_set_state(call, a);
	return a;
}

static void adding_done(struct adding *a)
{
	if (a && a->upload)
		upload_give(a->all, steal_ptr(&a->upload), a->over);
}

static void adding_end(struct http_call *call, void *arg)
{
	(void)arg;
	adding_done(http_call_state(call));
}

static int take_digest(struct http_call *call, struct adding *a, struct mlops_error *err)
{
	const char *digest = http_call_query(call, "digest");

	a->has_digest = digest && oci_parse_digest(digest, &a->digest);
	if (digest && !a->has_digest)
		return err_set(err, MLOPS_EINVALID,
			       "this is no digest of the form sha256:<64 hex digits>");
	return 0;
}

static int mount(struct http_call *call, const struct object_server *s, struct adding *a,
		 const char *repo, struct mlops_error *err)
{
	const char *digest = http_call_query(call, "mount"), *from = http_call_query(call, "from");

	if (!digest || !from || !oci_is_name(from) || !oci_parse_digest(digest, &a->digest) ||
	    !shelf_has(s, OCI, from, OCI_BLOBS, &a->digest))
		return 0;
	if (shelf_link(s, OCI, repo, OCI_BLOBS, &a->digest, err))
		return -1;
	a->mounted = true;
	return 0;
}

static int post_begin(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *s = arg;
	struct adding *a = adding_new(call, s);
	const char *repo = oci_repo_of(call, err);

	if (!repo || take_digest(call, a, err) || mount(call, s, a, repo, err))
		return -1;
	if (a->mounted)
		return 0;
	a->over = a->has_digest;
	return upload_new(a->all, repo, &a->upload, err);
}

/* "A-B": the bytes must be those that come next. */
static bool is_next(const struct http_call *call, const struct upload *u)
{
	const char *range = http_call_header(call, "Content-Range");
	uint64_t from;

	if (!range)
		return true;
	if (str_starts(range, "bytes "))
		range += 6;
	autofree char *text = xstrndup(range, strcspn(range, "-"));
	return num_parse_u64(text, &from) && from == u->size;
}

static int add_begin(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct adding *a = adding_new(call, arg);
	const char *repo = oci_repo_of(call, err);

	if (!repo || take_digest(call, a, err) ||
	    upload_take(a->all, repo, http_call_param(call, "id"), &a->upload, err))
		return -1;
	a->misplaced = !is_next(call, a->upload);
	return 0;
}

static int add_piece(struct http_call *call, const void *buf, size_t n, void *arg,
		     struct mlops_error *err)
{
	struct object_server *s = arg;
	struct adding *a = http_call_state(call);
	struct upload *u = a->upload;

	if (a->misplaced || a->mounted)
		return 0;
	if (!u->writer && mlops_store_writer_new(s->store, NULL, &u->writer, err))
		return -1;
	if (mlops_store_writer_add(u->writer, buf, n, err)) {
		a->over = true;
		return -1;
	}
	u->size += n;
	return 0;
}

/* The upload is given back before the answer: the next request may come while this one ends. */
static int reply_place(struct http_call *call, int status)
{
	struct adding *a = http_call_state(call);
	const struct upload *u = a->upload;
	autofree char *base = object_server_url(call);
	autofree char *whole = xasprintf("%s/v2/%s/blobs/uploads/%s", base, u->repo, u->id);
	autofree char *location =
		xasprintf("%s/v2/%s/blobs/uploads/%s", http_call_mount(call), u->repo, u->id);
	autofree char *range = xasprintf("0-%llu", (unsigned long long)(u->size ? u->size - 1 : 0));

	http_reply_header(call, "Location", location);
	http_reply_header(call, "Range", range);
	http_reply_header(call, "Docker-Upload-UUID", u->id);
	/* Ollama reads this before Location, and follows nothing relative. */
	http_reply_header(call, "Docker-Upload-Location", whole);
	adding_done(a);
	return http_reply(call, status, NULL, "", 0);
}

static int reply_created(struct http_call *call, const char *repo, const struct oid *oid)
{
	char digest[OCI_DIGEST_SIZE];
	autofree char *location = xasprintf("%s/v2/%s/blobs/%s", http_call_mount(call), repo,
					    oci_digest(oid, digest));

	http_reply_header(call, "Location", location);
	http_reply_header(call, "Docker-Content-Digest", digest);
	return http_reply(call, 201, NULL, "", 0);
}

/* The bytes are stored when they have the digest; then the repository has them. */
static int finish(struct http_call *call, struct object_server *s, struct adding *a,
		  struct mlops_error *err)
{
	struct upload *u = a->upload;
	struct oid oid;

	a->over = true;
	if (!u->writer && mlops_store_writer_new(s->store, NULL, &u->writer, err))
		return -1;
	mlops_store_writer_expect(u->writer, &a->digest);
	if (mlops_store_writer_commit(u->writer, &oid, err)) {
		if (err->kind == MLOPS_ECORRUPT)
			err_set(err, MLOPS_EINVALID, "the bytes have another digest");
		return -1;
	}
	if (shelf_link(s, OCI, u->repo, OCI_BLOBS, &oid, err))
		return -1;
	return reply_created(call, u->repo, &oid);
}

static int post_upload(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct adding *a = http_call_state(call);

	if (a->mounted)
		return reply_created(call, http_call_param(call, "name"), &a->digest);
	if (a->has_digest)
		return finish(call, arg, a, err);
	return reply_place(call, 202);
}

static int patch_upload(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct adding *a = http_call_state(call);

	(void)arg, (void)err;
	return reply_place(call, a->misplaced ? 416 : 202);
}

static int put_upload(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct adding *a = http_call_state(call);

	if (a->misplaced)
		return patch_upload(call, arg, err);
	if (!a->has_digest)
		return err_set(err, MLOPS_EINVALID, "the upload is ended without its digest");
	return finish(call, arg, a, err);
}

static int get_upload(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return reply_place(call, 204);
}

static int delete_upload(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct adding *a = http_call_state(call);

	(void)arg, (void)err;
	a->over = true;
	adding_done(a);
	return http_reply(call, 204, NULL, "", 0);
}

static struct json *upload_error(const struct mlops_error *err, int status)
{
	return oci_error("BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", err, status);
}

#define UPLOAD_ROUTE(method_, path_, handle_, begin_, max_)                                        \
	{                                                                                          \
		.method = method_, .path = path_, .handle = handle_, .begin = begin_,              \
		.piece = add_piece, .end = adding_end, .max_body = max_,                           \
		.error_body = upload_error                                                         \
	}

const struct http_route oci_upload_routes[] = {
	UPLOAD_ROUTE("POST", "/v2/{name*}/blobs/uploads/", post_upload, post_begin, MAX_BLOB),
	UPLOAD_ROUTE("POST", "/v2/{name*}/blobs/uploads", post_upload, post_begin, MAX_BLOB),
	UPLOAD_ROUTE("PATCH", "/v2/{name*}/blobs/uploads/{id}", patch_upload, add_begin, MAX_BLOB),
	UPLOAD_ROUTE("PUT", "/v2/{name*}/blobs/uploads/{id}", put_upload, add_begin, MAX_BLOB),
	UPLOAD_ROUTE("GET", "/v2/{name*}/blobs/uploads/{id}", get_upload, add_begin, 0),
	UPLOAD_ROUTE("DELETE", "/v2/{name*}/blobs/uploads/{id}", delete_upload, add_begin, 0),
	{ .method = NULL },
};
