/* Many keys at once, and small things that every layout does with keys. */
#include "base/pool.h"
#include "base/path.h"
#include "base/url.h"
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

const char *remote_key_below(const char *prefix, const char *full)
{
	size_t n = strlen(prefix);
	autoerr ignored = ERR_INIT;

	if (strncmp(full, prefix, n) || (n && full[n] != '/'))
		return NULL;
	const char *key = full + n + (n ? 1 : 0);
	return remote_key_check(key, &ignored) ? NULL : key;
}

struct each {
	struct remote *remote;
	int (*one)(struct remote *remote, size_t i, void *arg, struct mlops_error *err);
	void *arg;
};

static int run_one(size_t i, void *arg, struct mlops_error *err)
{
	const struct each *e = arg;

	return e->one(e->remote, i, e->arg, err);
}

int remote_each(struct remote *remote, size_t n,
		int (*one)(struct remote *, size_t, void *, struct mlops_error *), void *arg,
		struct mlops_error *err)
{
	struct each e = { remote, one, arg };
	int64_t threads = remote->jobs > 0 ? remote->jobs : DEFAULT_THREADS;

	return pool_each((unsigned)(threads < MAX_THREADS ? threads : MAX_THREADS), n, run_one, &e,
			 err);
}

/* The path of a URL as the prefix of keys. */
int remote_prefix(const char *path, char **out, struct mlops_error *err)
{
	autobuf plain = { 0 };
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		n--;
	for (; n && *path == '/'; path++)
		n--;
	if (!url_decode(&plain, path, n) || (plain.len && remote_key_check(plain.buf, err)))
		return err_set(err, MLOPS_EINVALID, "'%.*s' is no prefix of keys", (int)n, path);
	*out = strbuf_steal(&plain);
	return 0;
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

int remote_read_key(struct remote *r, const char *key, size_t max, struct strbuf *out,
		    struct mlops_error *err)
{
	struct limited_buf limited = { out, out->len + max };
	const struct byte_sink sink = { limited_buf_add, &limited };

	if (r->transport->get(r->conn, key, RANGE_ALL, &sink, err))
		return err_wrap(err, "cannot read '%s' of remote '%s'", key, r->name);
	return 0;
}
