/* Many keys at once, and small things that every layout does with keys. */
#include <stdatomic.h>

#include "base/pool.h"
#include "base/path.h"
#include "remote/private.h"

#define DEFAULT_THREADS 16
#define MAX_THREADS     64

int remote_key_check(const char *key, struct mlops_error *err)
{
	bool good = path_is_safe(key);

	for (const char *p = key; *p && good; p++)
		good = (unsigned char)*p >= ' ' && *p != 0x7f && *p != '\\';
	return good ? 0 : err_set(err, MLOPS_EINVALID, "'%s' is no key of a remote", key);
}

/* Each thread takes the next index until none is left. */
struct each {
	struct remote *remote;
	size_t n;
	atomic_size_t next;
	int (*one)(struct remote *remote, size_t i, void *arg, struct mlops_error *err);
	void *arg;
};

static int run_each(void *arg, struct mlops_error *err)
{
	struct each *e = arg;
	size_t i;

	while ((i = atomic_fetch_add(&e->next, 1)) < e->n) {
		if (!e->one(e->remote, i, e->arg, err))
			continue;
		atomic_store(&e->next, e->n);
		return -1;
	}
	return 0;
}

int remote_each(struct remote *remote, size_t n,
		int (*one)(struct remote *, size_t, void *, struct mlops_error *), void *arg,
		struct mlops_error *err)
{
	struct each e = { .remote = remote, .n = n, .one = one, .arg = arg };
	size_t threads = remote->jobs > 0 ? (size_t)remote->jobs : DEFAULT_THREADS;
	struct pool *pool;

	threads = threads < MAX_THREADS ? threads : MAX_THREADS;
	if (threads > n)
		threads = n;
	if (threads <= 1)
		return run_each(&e, err);
	if (pool_new((unsigned)threads, threads, &pool, err))
		return -1;
	for (size_t i = 0; i < threads; i++)
		pool_add(pool, run_each, &e);
	int rc = pool_wait(pool, err);
	pool_free(pool);
	return rc;
}

static int put_one(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	const struct key_put *puts = arg;

	return r->transport->put(r->conn, &puts[i], err);
}

int remote_put_keys(struct remote *r, const struct key_put *puts, size_t n, struct mlops_error *err)
{
	if (r->transport->put_many)
		return r->transport->put_many(r->conn, puts, n, err);
	return remote_each(r, n, put_one, (void *)puts, err);
}

struct reading {
	struct strbuf *out;
	size_t max;
};

static int read_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct reading *r = arg;

	if (n > r->max - r->out->len)
		return err_set(err, MLOPS_ECORRUPT, "it is longer than %zu bytes", r->max);
	strbuf_add(r->out, buf, n);
	return 0;
}

int remote_read_key(struct remote *r, const char *key, size_t max, struct strbuf *out,
		    struct mlops_error *err)
{
	struct reading reading = { out, out->len + max };
	const struct byte_sink sink = { read_piece, &reading };

	if (r->transport->get(r->conn, key, RANGE_ALL, &sink, err))
		return err_wrap(err, "cannot read '%s' of remote '%s'", key, r->name);
	return 0;
}
