/*
 * The native layout (mlops-remote(5)): objects in blocks of many, with indexes that tell which are
 * where; in remotes of version 1, and sealed, one key an object. A file tells the version.
 */
#include "base/num.h"
#include "remote/layout.h"
#include "remote/native/native.h"
#include "remote/native/receive.h"
#include "remote/native/simple.h"

#define FORMAT_KEY "mlops-remote"
#define GET_BYTES  ((uint64_t)16 << 20)

static int parse_format(const struct remote *r, const struct strbuf *text, unsigned *out,
			struct mlops_error *err)
{
	struct str value = str_trim((struct str){ text->buf ? text->buf : "", text->len });
	autofree char *line = xstrndup(value.p, value.n);
	uint64_t version;

	if (!str_starts(line, "version ") || !num_parse_u64(line + 8, &version) || !version)
		return err_set(err, MLOPS_ECORRUPT, "'%s' of remote '%s' is damaged", FORMAT_KEY,
			       r->name);
	if (version > NATIVE_BLOCKS)
		return err_set(err, MLOPS_EINVALID,
			       "remote '%s' has format %llu, newer than this program knows (%d)",
			       r->name, (unsigned long long)version, NATIVE_BLOCKS);
	*out = (unsigned)version;
	return 0;
}

static int stop(const char *key, const struct key_info *info, void *arg, struct mlops_error *err)
{
	(void)key, (void)info, (void)arg, (void)err;
	return 1;
}

/*
 * Without the file it is new, or as old as the first version, which did not need it; a web server
 * that lists nothing can only be of that version.
 */
static unsigned guess_format(struct remote *r)
{
	autoerr ignored = ERR_INIT;

	return r->transport->list(r->conn, "objects/", stop, NULL, &ignored) ? NATIVE_SIMPLE : 0;
}

/* *found: there is a file of it. */
static int read_format(struct remote *r, bool *found, unsigned *version, struct mlops_error *err)
{
	struct key_info info;
	autobuf text = { 0 };

	if (r->transport->stat(r->conn, FORMAT_KEY, &info, err))
		return -1;
	*found = info.found;
	if (info.found)
		return remote_read_key(r, FORMAT_KEY, 4096, &text, err) ||
				       parse_format(r, &text, version, err) ?
			       -1 :
			       0;
	*version = guess_format(r);
	return 0;
}

static int write_format(struct remote *r, unsigned version, struct mlops_error *err)
{
	autofree char *text = xasprintf("version %u\n", version);
	const struct remote_source from = { .buf = text, .fd = -1, .size = strlen(text) };
	const struct key_put put = { .key = FORMAT_KEY, .from = &from };

	return r->transport->put(r->conn, &put, err);
}

static int native_check(struct remote *r, struct mlops_error *err)
{
	unsigned ignored;
	bool found;

	return read_format(r, &found, &ignored, err);
}

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER; /* guards layout_state's making */

struct native *native_of(struct remote *r)
{
	pthread_mutex_lock(&making);
	if (!r->layout_state) {
		struct native *n = xcalloc(1, sizeof(*n));

		pthread_mutex_init(&n->lock, NULL);
		inventory_init(&n->inv, r);
		r->layout_state = n;
	}
	pthread_mutex_unlock(&making);
	return r->layout_state;
}

static void native_close(struct remote *r)
{
	struct native *n = r->layout_state;

	if (!n)
		return;
	sender_free(n->sender);
	inventory_clear(&n->inv);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

bool native_is_simple(const struct remote *r, const struct native *n)
{
	return r->seal || n->version == NATIVE_SIMPLE;
}

/* Lock held. */
static int prepare(struct remote *r, struct native *n, bool to_write, struct mlops_error *err)
{
	if (!n->checked && read_format(r, &n->written, &n->version, err))
		return -1;
	n->checked = true;
	if (!n->written && to_write) {
		n->version = n->version ? n->version : NATIVE_BLOCKS;
		if (write_format(r, n->version, err))
			return -1;
		n->written = true;
	}
	if (n->version != NATIVE_BLOCKS || r->seal)
		return 0;
	if ((!n->inv.loaded && inventory_load(&n->inv, NULL, err)) ||
	    (to_write && inventory_resume(&n->inv, err)))
		return -1;
	return to_write && !n->sender ? sender_new(&n->inv, &n->sender, err) : 0;
}

int native_prepare(struct remote *r, bool to_write, struct native **out, struct mlops_error *err)
{
	struct native *n = native_of(r);

	pthread_mutex_lock(&n->lock);
	int rc = prepare(r, n, to_write, err);
	pthread_mutex_unlock(&n->lock);
	*out = n;
	return rc;
}

int native_open_blocks(struct remote *r, bool to_write, struct native **out,
		       struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	if (remote_service(r, &service, &conn, err))
		return -1;
	if (service != &layout_native.service)
		return err_set(err, MLOPS_EINVALID,
			       "remote '%s' is a service that looks after itself", r->name);
	if (native_prepare(r, false, out, err))
		return -1;
	if ((*out)->version != NATIVE_BLOCKS || r->seal)
		return err_set(err, MLOPS_EINVALID, "remote '%s' has no blocks: %s", r->name,
			       r->seal          ? "it is sealed" :
			       !(*out)->version ? "nothing was pushed there" :
						  "it has the first version of the format");
	return to_write ? native_prepare(r, true, out, err) : 0;
}

static int native_has(void *conn, const struct remote_item *items, size_t n, bool *present,
		      struct mlops_error *err)
{
	struct native *native;

	if (native_prepare(conn, false, &native, err))
		return -1;
	if (native_is_simple(conn, native))
		return simple_has(conn, items, n, present, err);
	if (native->version && inventory_resume(&native->inv, err))
		return -1;
	if (inventory_has(&native->inv, items, n, present, err))
		return -1;
	if (native->sender)
		sender_has(native->sender, items, n, present);
	return 0;
}

static int native_get(void *conn, const struct remote_item *items, size_t n,
		      const struct frame_sink *sink, struct mlops_error *err)
{
	struct native *native;

	if (native_prepare(conn, false, &native, err))
		return -1;
	if (native_is_simple(conn, native))
		return simple_get(conn, items, n, sink, err);
	if (!native->version) /* nothing was ever put there, or it is out of reach */
		return native->inv.remote->transport->check(native->inv.remote->conn, err);
	return receive_objects(&native->inv, items, n, sink, err);
}

static int put_blocks(struct sender *s, struct open_block *b, const struct remote_item *items,
		      size_t n, const struct remote_provider *from, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++) {
		autosource source = { .fd = -1 };

		if (from->open(&items[i], &source, from->arg, err) ||
		    sender_object(s, b, &items[i], &source, err))
			return -1;
	}
	return 0;
}

static int native_put(void *conn, const struct remote_item *items, size_t n, bool ordered,
		      const struct remote_provider *from, struct mlops_error *err)
{
	struct native *native;
	struct open_block *b;

	if (native_prepare(conn, true, &native, err))
		return -1;
	if (native_is_simple(conn, native))
		return simple_put(conn, items, n, ordered, from, err);
	if (sender_take(native->sender, &b, err))
		return -1;
	int rc = put_blocks(native->sender, b, items, n, from, err);
	sender_give(native->sender, b);
	return rc;
}

static int native_finish(void *conn, bool *again, struct mlops_error *err)
{
	struct native *n = native_of(conn);

	*again = false;
	/* What a killed push had sent, and this one needed not to, is to be published. */
	if (!n->sender && !inventory_has_pending(&n->inv))
		return 0;
	if (native_prepare(conn, true, &n, err))
		return -1;
	return sender_flush(n->sender, err) || inventory_load(&n->inv, again, err) ? -1 : 0;
}

const struct layout layout_native = {
	.name = "native",
	.service = { .has = native_has,
		     .get = native_get,
		     .put = native_put,
		     .finish = native_finish,
		     .get_bytes = GET_BYTES,
		     .result_get = result_key_get,
		     .result_put = result_key_put },
	.check = native_check,
	.close = native_close,
};
