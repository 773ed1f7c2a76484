/*
 * Tracked objects in a registry. An object is a blob. A registry deletes blobs that no manifest
 * names, so each push ends with manifests that list what it put, under a tag that is the
 * manifest's own digest: pushes that run at once never write the same tag, and what the tags say is
 * the only proof that an object is there (mlops-remote(5)).
 */
#include "base/pool.h"
#include "crypto/hash.h"
#include "remote/oci/private.h"

#define OBJECT_TYPE  "application/vnd.mlops.object.v1"
#define OBJECTS_TYPE "application/vnd.mlops.objects.v1"
#define TAG_PREFIX   "mlops-"
#define MAX_LISTED   4096               /* objects of one manifest */
#define MAX_UNKNOWN  ((size_t)64 << 20) /* an object of unknown size is taken into memory */
#define THREADS      16

static int by_name(const void *a, const void *b)
{
	return mlops_oid_compare(a, b);
}

/* "mlops-<digest of the manifest>" */
static bool parse_tag(const char *tag, struct oid *out)
{
	return str_starts(tag, TAG_PREFIX) && strlen(tag) == strlen(TAG_PREFIX) + MLOPS_OID_HEX &&
	       mlops_oid_parse(tag + strlen(TAG_PREFIX), out);
}

struct listing {
	struct oci *oci;
	struct oid_list manifests;
	struct oid_list found;
	pthread_mutex_t lock; /* guards `found` */
};

static void take_layers(struct listing *l, const struct json *manifest)
{
	const struct json *layers = js_get(manifest, "layers");

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < js_len(layers); i++) {
		const char *type;
		struct oid oid;
		uint64_t size;

		if (oci_parse_descriptor(js_at(layers, i), &type, &oid, &size) &&
		    !strcmp(type, OBJECT_TYPE))
			vec_push(&l->found, oid);
	}
	pthread_mutex_unlock(&l->lock);
}

/* One that is gone meanwhile was replaced by another, or its objects are to go. */
static int read_manifest(size_t i, void *arg, struct mlops_error *err)
{
	struct listing *l = arg;
	char digest[OCI_DIGEST_SIZE];
	automanifest m = { 0 };
	autojson *v = NULL;

	if (oci_manifest_get(l->oci, oci_digest(&l->manifests.v[i], digest), &m, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	if (js_parse(m.text.buf ? m.text.buf : "", m.text.len, "a manifest", &v, err))
		return -1;
	take_layers(l, v);
	return 0;
}

static int read_listing(struct listing *l, struct mlops_error *err)
{
	autostrlist tags = { 0 };
	struct oid oid;

	if (oci_tags(l->oci, &tags, err))
		return -1;
	for (size_t i = 0; i < tags.n; i++)
		if (parse_tag(tags.v[i], &oid))
			vec_push(&l->manifests, oid);
	return pool_each(THREADS, l->manifests.n, read_manifest, l, err);
}

/* What is listed when the first question comes. */
static int know(struct oci *o, struct mlops_error *err)
{
	struct listing l = { .oci = o, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct oci_objects *known = &o->objects;

	pthread_mutex_lock(&known->lock);
	int rc = known->listed ? 0 : read_listing(&l, err);
	if (!known->listed && !rc) {
		vec_sort(&l.found, by_name);
		known->known = l.found;
		known->listed = true;
	} else {
		vec_free(&l.found);
	}
	pthread_mutex_unlock(&known->lock);
	vec_free(&l.manifests);
	return rc;
}

static int objects_has(void *conn, const struct remote_item *items, size_t n, bool *present,
		       struct mlops_error *err)
{
	struct oci *o = conn;

	if (know(o, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		present[i] = o->objects.known.n &&
			     bsearch(&items[i].oid, o->objects.known.v, o->objects.known.n,
				     sizeof(struct oid), by_name);
	return 0;
}

/* Small objects, and those of unknown size, are got side by side through memory. */
struct fetching {
	struct oci *oci;
	const struct remote_item *items;
	struct shared_sink to;
};

static int get_small(size_t i, void *arg, struct mlops_error *err)
{
	struct fetching *f = arg;
	const struct remote_item *item = &f->items[i];
	bool known = item->size != REMOTE_SIZE_UNKNOWN;
	autobuf bytes = { 0 };

	if (!oci_blob_read(f->oci, &item->oid, known ? REMOTE_SMALL : MAX_UNKNOWN, &bytes, err))
		return shared_sink_give(&f->to, &item->oid, &bytes, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

/* A large one is handed on as it comes; the sink finds out what it is. */
struct large {
	const struct remote_item *item;
	const struct frame_sink *sink;
	uint64_t received; /* also by a try before, which the sink has */
	bool begun;
};

static int large_begin(struct large *g, struct mlops_error *err)
{
	if (g->begun)
		return 0;
	g->begun = true;
	return g->sink->begin(&g->item->oid, g->item->size, g->sink->arg, err);
}

static int large_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct large *g = arg;

	if (large_begin(g, err))
		return -1;
	if (n > g->item->size - g->received)
		return err_set(err, MLOPS_ECORRUPT, "a blob is longer than it is said to be");
	g->received += n;
	return g->sink->piece(buf, n, g->sink->arg, err);
}

static int get_large(struct oci *o, const struct remote_item *item, const struct frame_sink *sink,
		     struct mlops_error *err)
{
	struct large g = { .item = item, .sink = sink };
	const struct byte_sink bytes = { large_piece, &g };

	if (frame_sink_resume(sink, &item->oid, item->size, &g.received, err))
		return -1;
	if (g.received < item->size && oci_blob_get(o, &item->oid, g.received, &bytes, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	if (g.received < item->size)
		return err_set(err, MLOPS_ECORRUPT, "remote '%s' gave too few bytes of a blob",
			       o->web.name);
	return large_begin(&g, err) || sink->end(sink->arg, err) ? -1 : 0;
}

static int objects_get(void *conn, const struct remote_item *items, size_t n,
		       const struct frame_sink *sink, struct mlops_error *err)
{
	VEC(struct remote_item) small = { 0 };
	struct fetching f = { .oci = conn, .to = { sink, PTHREAD_MUTEX_INITIALIZER } };
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		if (remote_item_is_large(&items[i]))
			rc = get_large(conn, &items[i], sink, err);
		else
			vec_push(&small, items[i]);
	}
	f.items = small.v;
	if (!rc)
		rc = pool_each(THREADS, small.n, get_small, &f, err);
	vec_free(&small);
	return rc;
}

/* A manifest with the first n that are pending; lock held. */
static void describe(const struct oci_objects *objects, size_t n, struct strbuf *out,
		     const struct oid *empty)
{
	autojson *v = js_obj();
	struct json *layers = js_arr();

	js_set(v, "schemaVersion", js_int(2));
	js_set(v, "mediaType", js_str(OCI_MANIFEST));
	js_set(v, "artifactType", js_str(OBJECTS_TYPE));
	js_set(v, "config", oci_descriptor(OCI_EMPTY, empty, strlen(OCI_EMPTY_BLOB)));
	js_set(v, "layers", layers);
	for (size_t i = 0; i < n; i++) {
		const struct remote_item *item = &objects->pending.v[i];

		js_push(layers, oci_descriptor(OBJECT_TYPE, &item->oid, item->size));
	}
	js_dump(v, JS_COMPACT, out);
}

/* Lists what is pending; lock held. */
static int list_pending(struct oci *o, struct mlops_error *err)
{
	const struct remote_source empty = { .buf = (char *)OCI_EMPTY_BLOB,
					     .fd = -1,
					     .size = strlen(OCI_EMPTY_BLOB) };
	struct oci_objects *objects = &o->objects;
	char hex[MLOPS_OID_HEX + 1];
	struct oid oid;

	if (hash_buf(empty.buf, (size_t)empty.size, &oid, err) ||
	    oci_blob_put(o, &oid, &empty, err))
		return -1;
	while (objects->pending.n) {
		size_t n = objects->pending.n < MAX_LISTED ? objects->pending.n : MAX_LISTED;
		struct oid empty_oid = oid, name;
		autobuf text = { 0 };

		describe(objects, n, &text, &empty_oid);
		if (hash_buf(text.buf, text.len, &name, err))
			return -1;
		autofree char *tag = xasprintf(TAG_PREFIX "%s", mlops_oid_hex(&name, hex));
		if (oci_manifest_put(o, tag, OCI_MANIFEST, &text, &name, err))
			return err_wrap(err, "cannot list what was sent");
		objects->pending.n -= n;
		memmove(objects->pending.v, objects->pending.v + n,
			objects->pending.n * sizeof(*objects->pending.v));
	}
	return 0;
}

static int add_pending(struct oci *o, const struct remote_item *item, uint64_t size,
		       struct mlops_error *err)
{
	struct oci_objects *objects = &o->objects;

	pthread_mutex_lock(&objects->lock);
	vec_push(&objects->pending, { item->oid, size });
	int rc = objects->pending.n >= MAX_LISTED ? list_pending(o, err) : 0;
	pthread_mutex_unlock(&objects->lock);
	return rc;
}

struct sending {
	struct oci *oci;
	const struct remote_item *items;
	const struct remote_provider *from;
};

static int put_one(size_t i, void *arg, struct mlops_error *err)
{
	const struct sending *s = arg;
	autosource src = { .fd = -1 };

	if (s->from->open(&s->items[i], &src, s->from->arg, err) ||
	    oci_blob_put(s->oci, &s->items[i].oid, &src, err))
		return -1;
	return add_pending(s->oci, &s->items[i], src.size, err);
}

static int objects_put(void *conn, const struct remote_item *items, size_t n, bool ordered,
		       const struct remote_provider *from, struct mlops_error *err)
{
	struct sending s = { conn, items, from };

	return pool_each(ordered ? 1 : THREADS, n, put_one, &s, err);
}

static int objects_finish(void *conn, bool *again, struct mlops_error *err)
{
	struct oci *o = conn;

	*again = false;
	pthread_mutex_lock(&o->objects.lock);
	int rc = o->objects.pending.n ? list_pending(o, err) : 0;
	pthread_mutex_unlock(&o->objects.lock);
	return rc;
}

const struct object_service oci_object_service = {
	.has = objects_has, .get = objects_get, .put = objects_put, .finish = objects_finish
};
