/*
 * Results of stages at remotes: by the service of the remote; at a sealed one, which must not tell
 * commands and parameters, as sealed objects.
 */
#include "base/str.h"
#include "remote/layout.h"

#define KEY_SIZE 96

static int find_service(struct remote *r, const struct object_service **out, void **conn,
			struct mlops_error *err)
{
	if (remote_service(r, out, conn, err))
		return -1;
	if (!r->seal && !(*out)->result_get)
		return err_set(err, MLOPS_EINVALID, "remote '%s' is of a kind that keeps no results",
			       r->name);
	return 0;
}

int remote_results_open(struct project *project, const char *name, struct remote **out,
			struct mlops_error *err)
{
	const struct transfer_how how = { .remote = name };
	const struct object_service *service;
	autoremote *r = NULL;
	void *conn;

	if (remote_open(project, &how, &r, err) || find_service(r, &service, &conn, err))
		return -1;
	*out = steal_ptr(&r);
	return 0;
}

void remote_results_close(struct remote *remote)
{
	remote_free(remote);
}

/*
 * The name of the object that a sealed result is. Of each bit the contrary, so that not even one who
 * has the text that the key is the hash of has an object of that name.
 */
static struct remote_item sealed_item(const struct oid *key, uint64_t size)
{
	struct remote_item item = { .size = size };

	for (size_t i = 0; i < sizeof(key->sha256); i++)
		item.oid.sha256[i] = (uint8_t)~key->sha256[i];
	return item;
}

static int text_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	(void)oid, (void)size, (void)err;
	strbuf_trunc(arg, 0);
	return 0;
}

static int text_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct strbuf *text = arg;

	if (n > REMOTE_RESULT_MAX - text->len)
		return err_set(err, MLOPS_ECORRUPT, "a result is too long");
	strbuf_add(text, buf, n);
	return 0;
}

static int text_end(void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return 0;
}

static int open_text(const struct remote_item *item, struct remote_source *out, void *arg,
		     struct mlops_error *err)
{
	const struct strbuf *text = arg;

	(void)item, (void)err;
	*out = (struct remote_source){ .buf = xmemdup(text->buf, text->len),
				       .fd = -1,
				       .size = text->len };
	return 0;
}

static int sealed_get(struct remote *r, const struct oid *key, struct strbuf *out,
		      struct mlops_error *err)
{
	const struct remote_item item = sealed_item(key, REMOTE_SIZE_UNKNOWN);
	autobuf text = { 0 };
	const struct frame_sink sink = {
		.begin = text_begin, .piece = text_piece, .end = text_end, .arg = &text
	};
	bool there;

	if (remote_has(r, &item, 1, &there, err))
		return -1;
	if (!there)
		return err_set(err, MLOPS_ENOTFOUND, "there is no such result");
	strbuf_adds(&text, "");
	if (remote_get(r, &item, 1, &sink, err))
		return -1;
	strbuf_add(out, text.buf, text.len);
	return 0;
}

static int sealed_put(struct remote *r, const struct oid *key, const struct strbuf *text,
		      struct mlops_error *err)
{
	const struct remote_item item = sealed_item(key, text->len);
	const struct remote_provider from = { open_text, (void *)text };
	bool there, again;

	if (remote_has(r, &item, 1, &there, err))
		return -1;
	if (there)
		return 0;
	return remote_put(r, &item, 1, true, &from, err) || remote_finish(r, &again, err) ? -1 : 0;
}

int remote_result_get(struct remote *r, const struct oid *key, struct strbuf *out,
		      struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	if (r->seal)
		return sealed_get(r, key, out, err);
	return find_service(r, &service, &conn, err) ? -1 : service->result_get(conn, key, out, err);
}

int remote_result_put(struct remote *r, const struct oid *key, const struct strbuf *text,
		      struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	if (r->seal)
		return sealed_put(r, key, text, err);
	return find_service(r, &service, &conn, err) ? -1 :
						       service->result_put(conn, key, text, err);
}

static void key_of(const struct oid *oid, char *buf)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	snprintf(buf, KEY_SIZE, "results/%.2s/%s", hex, hex + 2);
}

int result_key_get(void *remote, const struct oid *oid, struct strbuf *out, struct mlops_error *err)
{
	char key[KEY_SIZE];

	key_of(oid, key);
	return remote_read_key(remote, key, REMOTE_RESULT_MAX, out, err);
}

int result_key_put(void *remote, const struct oid *oid, const struct strbuf *text,
		   struct mlops_error *err)
{
	const struct remote_source from = { .buf = text->buf, .fd = -1, .size = text->len };
	struct remote *r = remote;
	bool atomic = r->transport->caps & TRANSPORT_IF_ABSENT;
	char key[KEY_SIZE];
	const struct key_put put = { .key = key, .from = &from, .if_absent = atomic };
	struct key_info info;

	key_of(oid, key);
	if (r->transport->stat(r->conn, key, &info, err))
		return -1;
	if (info.found || !r->transport->put(r->conn, &put, err))
		return 0;
	if (err->kind != MLOPS_EEXISTS)
		return -1;
	mlops_error_clear(err);
	return 0;
}
