/* Trying a remote out: what push, pull and gc will need of it. */
#include "base/rand.h"
#include "remote/private.h"

#define PROBE_SIZE 1000

struct probe {
	struct remote *remote;
	char key[64];
	uint8_t bytes[PROBE_SIZE];
	size_t got;
	bool same, listed;
};

static int put(struct probe *p, struct mlops_error *err)
{
	const struct remote_source from = { .buf = (char *)p->bytes, .fd = -1, .size = PROBE_SIZE };
	const struct key_put how = { .key = p->key, .from = &from };

	return p->remote->transport->put(p->remote->conn, &how, err);
}

static int compare(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct probe *p = arg;

	(void)err;
	p->same = p->same && n <= PROBE_SIZE - p->got && !memcmp(p->bytes + p->got, buf, n);
	p->got += n;
	return 0;
}

static int get(struct probe *p, struct mlops_error *err)
{
	const struct byte_sink sink = { compare, p };

	p->same = true;
	if (p->remote->transport->get(p->remote->conn, p->key, RANGE_ALL, &sink, err))
		return -1;
	return p->same && p->got == PROBE_SIZE ?
		       0 :
		       err_set(err, MLOPS_ECORRUPT,
			       "remote '%s' gives other bytes than were put there",
			       p->remote->name);
}

static int look_for(const char *key, const struct key_info *info, void *arg,
		    struct mlops_error *err)
{
	struct probe *p = arg;

	(void)err;
	p->listed = !strcmp(key, p->key) && info->size == PROBE_SIZE;
	return p->listed;
}

static int list(struct probe *p, struct mlops_error *err)
{
	if (p->remote->transport->list(p->remote->conn, "probe/", look_for, p, err) < 0)
		return -1;
	return p->listed ? 0 :
			   err_set(err, MLOPS_ECORRUPT,
				   "remote '%s' does not list what was put there", p->remote->name);
}

static int try_all(struct probe *p, struct mlops_error *err)
{
	const struct transport *t = p->remote->transport;
	char id[RAND_HEX_SIZE(16)];
	autoerr ignored = ERR_INIT;

	snprintf(p->key, sizeof(p->key), "probe/%s", rand_hex(id, 16));
	rand_bytes(p->bytes, sizeof(p->bytes));
	if (put(p, err))
		return err_wrap(err, "putting a file");
	int rc = get(p, err)  ? err_wrap(err, "reading the file that was put there") :
		 list(p, err) ? err_wrap(err, "listing") :
				0;
	if (t->remove(p->remote->conn, p->key, rc ? &ignored : err))
		return rc ? -1 : err_wrap(err, "removing the file that was put there");
	return rc;
}

int mlops_remote_probe(struct project *project, const char *name, struct mlops_error *err)
{
	const struct transfer_how how = { .remote = name };
	const struct object_service *service;
	struct probe p = { 0 };
	autoremote *r = NULL;
	void *conn;

	if (remote_open(project, &how, &r, err) || remote_check(r, err) ||
	    remote_service(r, &service, &conn, err))
		return -1;
	if (conn != r)
		return err_set(err, MLOPS_EINVALID,
			       "remote '%s' is a server of objects, which keeps what is put there",
			       r->name);
	p.remote = r;
	return try_all(&p, err);
}
