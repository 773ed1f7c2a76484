/* Keys of their own, in the native layout only. */
#include "base/str.h"
#include "remote/layout.h"

#define RESULT_MAX ((size_t)4 << 20)
#define KEY_SIZE   96

/* A sealed remote would tell commands and parameters to who must not read them. */
int remote_results_open(struct project *project, const char *name, struct remote **out,
			struct mlops_error *err)
{
	const struct transfer_how how = { .remote = name };
	const struct object_service *service;
	autoremote *r = NULL;
	void *conn;

	if (remote_open(project, &how, &r, err) || remote_service(r, &service, &conn, err))
		return -1;
	if (r->seal)
		return err_set(err, MLOPS_EINVALID, "remote '%s' is sealed, and results are not",
			       name);
	if (conn != r)
		return err_set(err, MLOPS_EINVALID, "remote '%s' is a server that keeps no results",
			       name);
	*out = steal_ptr(&r);
	return 0;
}

void remote_results_close(struct remote *remote)
{
	remote_free(remote);
}

static void key_of(const struct oid *oid, char *buf)
{
	char hex[MLOPS_OID_HEX + 1];

	mlops_oid_hex(oid, hex);
	snprintf(buf, KEY_SIZE, "results/%.2s/%s", hex, hex + 2);
}

int remote_result_get(struct remote *r, const struct oid *oid, struct strbuf *out,
		      struct mlops_error *err)
{
	char key[KEY_SIZE];

	key_of(oid, key);
	return remote_read_key(r, key, RESULT_MAX, out, err);
}

int remote_result_put(struct remote *r, const struct oid *oid, const struct strbuf *text,
		      struct mlops_error *err)
{
	const struct remote_source from = { .buf = text->buf, .fd = -1, .size = text->len };
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
