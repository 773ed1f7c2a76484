/*
 * What every transport promises of keys. Run over a folder, or over the remote whose URL is in
 * MLOPS_TEST_REMOTE (tests/peers/transports.sh has one real server after another).
 */
#include "unit.h"

#include "base/rand.h"
#include "crypto/hash.h"
#include "remote/private.h"

#define LARGE ((size_t)40 << 20)
#define MANY  1100 /* more than a page of a listing */

struct far {
	char *dir, *url, *base; /* base: what our keys start with, so that runs do not meet */
	struct remote *remote;
};

static int set_up(void **state)
{
	const char *url = getenv("MLOPS_TEST_REMOTE");
	struct far *f = xcalloc(1, sizeof(*f));
	char id[RAND_HEX_SIZE(8)];
	autoerr err = ERR_INIT;

	f->dir = unit_scratch();
	f->url = url ? xstrdup(url) : path_join(f->dir, "far");
	f->base = xasprintf("t/%s", rand_hex(id, 8));
	autofree char *uploads = path_join(f->dir, "uploads");
	const struct transport_how how = {
		.name = "far", .url = f->url, .state_dir = uploads, .timeout_ms = 20000
	};
	assert_success(remote_connect(&how, &f->remote, &err));
	*state = f;
	return 0;
}

static int remove_key(const char *key, const struct key_info *info, void *arg,
		      struct mlops_error *err)
{
	struct strlist *list = arg;

	(void)info, (void)err;
	strlist_add(list, key);
	return 0;
}

static int remove_listed(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	const struct strlist *list = arg;

	return r->transport->remove(r->conn, list->v[i], err);
}

static int tear_down(void **state)
{
	struct far *f = *state;
	autofree char *prefix = xasprintf("%s/", f->base);
	autostrlist list = { 0 };
	autoerr err = ERR_INIT;

	assert_success(
		f->remote->transport->list(f->remote->conn, prefix, remove_key, &list, &err));
	assert_success(remote_each(f->remote, list.n, remove_listed, &list, &err));
	remote_free(f->remote);
	unit_scratch_remove(f->dir);
	free(f->url);
	free(f->base);
	free(f);
	return 0;
}

static char *key_of(const struct far *f, const char *name)
{
	return xasprintf("%s/%s", f->base, name);
}

/* Bytes that differ by seed. */
static char *make(size_t n, unsigned seed)
{
	char *buf = xmalloc(n + 1);
	uint64_t x = seed + 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		buf[i] = (char)(x >> 56);
	}
	return buf;
}

static int put_bytes(struct far *f, const char *name, const char *buf, size_t n, bool if_absent,
		     struct mlops_error *err)
{
	autofree char *key = key_of(f, name);
	const struct remote_source from = { .buf = (char *)buf, .fd = -1, .size = n };
	struct key_put put = { .key = key, .from = &from, .if_absent = if_absent };
	struct oid oid;

	if (hash_buf(buf, n, &oid, err))
		return -1;
	put.oid = &oid;
	return f->remote->transport->put(f->remote->conn, &put, err);
}

struct got {
	struct strbuf bytes;
	size_t fail_at; /* 0: never */
};

static int take(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct got *g = arg;

	strbuf_add(&g->bytes, buf, n);
	return g->fail_at && g->bytes.len >= g->fail_at ? err_set(err, MLOPS_EIO, "no room") : 0;
}

static int get(struct far *f, const char *name, struct byte_range range, struct got *g,
	       struct mlops_error *err)
{
	autofree char *key = key_of(f, name);
	const struct byte_sink sink = { take, g };

	return f->remote->transport->get(f->remote->conn, key, range, &sink, err);
}

static void assert_range(struct far *f, const char *name, struct byte_range range, const char *want,
			 size_t n)
{
	struct got g = { 0 };
	autoerr err = ERR_INIT;

	assert_success(get(f, name, range, &g, &err));
	assert_int_equal(g.bytes.len, n);
	if (n)
		assert_memory_equal(g.bytes.buf, want, n);
	strbuf_clear(&g.bytes);
}

static struct key_info stat_of(struct far *f, const char *name)
{
	autofree char *key = key_of(f, name);
	struct key_info info;
	autoerr err = ERR_INIT;

	assert_success(f->remote->transport->stat(f->remote->conn, key, &info, &err));
	return info;
}

static void test_put_and_get(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, 70000, 3 << 20 };
	struct far *f = *state;
	autoerr err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		autofree char *buf = make(sizes[i], (unsigned)i);

		assert_false(stat_of(f, "a/b").found && !i);
		assert_success(put_bytes(f, "a/b", buf, sizes[i], false, &err));
		struct key_info info = stat_of(f, "a/b");
		assert_true(info.found);
		assert_int_equal(info.size, sizes[i]);
		assert_range(f, "a/b", RANGE_ALL, buf, sizes[i]);
	}
	assert_success(f->remote->transport->check(f->remote->conn, &err));
	assert_true(f->remote->moved >= 2 * (size_t)(3 << 20));
}

static void test_ranges(void **state)
{
	struct far *f = *state;
	autofree char *buf = make(500000, 1);
	autoerr err = ERR_INIT;

	assert_success(put_bytes(f, "r", buf, 500000, false, &err));
	assert_range(f, "r", (struct byte_range){ 0, 1 }, buf, 1);
	assert_range(f, "r", (struct byte_range){ 1000, 5000 }, buf + 1000, 5000);
	assert_range(f, "r", (struct byte_range){ 499990, 100 }, buf + 499990, 10);
	assert_range(f, "r", (struct byte_range){ 400000, UINT64_MAX }, buf + 400000, 100000);
	assert_range(f, "r", (struct byte_range){ 500000, 10 }, buf, 0);
	assert_range(f, "r", (struct byte_range){ 10, 0 }, buf, 0);
}

static void test_absent(void **state)
{
	struct far *f = *state;
	struct got g = { 0 };
	autoerr err = ERR_INIT;
	autofree char *key = key_of(f, "no/such");

	assert_success(put_bytes(f, "other", "x", 1, false, &err));
	assert_false(stat_of(f, "no/such").found);
	assert_error(get(f, "no/such", RANGE_ALL, &g, &err), MLOPS_ENOTFOUND, "");
	assert_int_equal(g.bytes.len, 0);
	assert_success(f->remote->transport->remove(f->remote->conn, key, &err));
}

static void test_remove(void **state)
{
	struct far *f = *state;
	autofree char *key = key_of(f, "x");
	autoerr err = ERR_INIT;

	assert_success(put_bytes(f, "x", "abc", 3, false, &err));
	assert_success(f->remote->transport->remove(f->remote->conn, key, &err));
	assert_false(stat_of(f, "x").found);
}

static void test_names(void **state)
{
	static const char *const names[] = { "a b/c", "\xc3\xbc/\xe2\x82\xac", "p+q=r&s", "50%25",
					     "q?x#y", "[1](2)'3'!$*,;:@",      "x.tmp~",  "-dash" };
	struct far *f = *state;
	autoerr err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_success(put_bytes(f, names[i], names[i], strlen(names[i]), false, &err));
		assert_int_equal(stat_of(f, names[i]).size, strlen(names[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_range(f, names[i], RANGE_ALL, names[i], strlen(names[i]));
	autostrlist list = { 0 };
	autofree char *prefix = key_of(f, "");
	assert_success(
		f->remote->transport->list(f->remote->conn, prefix, remove_key, &list, &err));
	assert_int_equal(list.n, ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		autofree char *key = key_of(f, names[i]);

		assert_true(strlist_has(&list, key));
	}
}

static int put_nth(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct far *f = arg;
	char name[32];

	(void)r;
	snprintf(name, sizeof(name), "many/%02zx/%zu", i % 7, i);
	return put_bytes(f, name, name, strlen(name), false, err);
}

static int count(const char *key, const struct key_info *info, void *arg, struct mlops_error *err)
{
	size_t *n = arg;

	(void)err;
	assert_non_null(strstr(key, "/many/"));
	assert_int_equal(info->size, strlen(strstr(key, "many/")));
	++*n;
	return 0;
}

static int stop_at_three(const char *key, const struct key_info *info, void *arg,
			 struct mlops_error *err)
{
	size_t *n = arg;

	(void)key, (void)info, (void)err;
	return ++*n == 3 ? 7 : 0;
}

static void test_list(void **state)
{
	struct far *f = *state;
	const struct transport *t = f->remote->transport;
	autofree char *all = key_of(f, "many/"), *one = key_of(f, "many/03/"),
		      *none = key_of(f, "none/");
	autoerr err = ERR_INIT;
	size_t n = 0;

	assert_success(remote_each(f->remote, MANY, put_nth, f, &err));
	assert_success(put_bytes(f, "manyother", "x", 1, false, &err));
	assert_success(t->list(f->remote->conn, all, count, &n, &err));
	assert_int_equal(n, MANY);
	n = 0;
	assert_success(t->list(f->remote->conn, one, count, &n, &err));
	assert_int_equal(n, (MANY - 3 + 6) / 7);
	n = 0;
	assert_success(t->list(f->remote->conn, none, count, &n, &err));
	assert_int_equal(n, 0);
	assert_int_equal(t->list(f->remote->conn, all, stop_at_three, &n, &err), 7);
	assert_int_equal(n, 3);
}

static void test_if_absent(void **state)
{
	struct far *f = *state;
	autoerr err = ERR_INIT;

	if (!(f->remote->transport->caps & TRANSPORT_IF_ABSENT))
		skip();
	assert_success(put_bytes(f, "once", "first", 5, true, &err));
	assert_error(put_bytes(f, "once", "again", 5, true, &err), MLOPS_EEXISTS, "");
	assert_range(f, "once", RANGE_ALL, "first", 5);
}

static void test_sink_fails(void **state)
{
	struct far *f = *state;
	struct got g = { .fail_at = 100000 };
	autofree char *buf = make(3 << 20, 9);
	autoerr err = ERR_INIT;

	assert_success(put_bytes(f, "s", buf, 3 << 20, false, &err));
	assert_error(get(f, "s", RANGE_ALL, &g, &err), MLOPS_EIO, "no room");
	strbuf_clear(&g.bytes);
	assert_range(f, "s", RANGE_ALL, buf, 3 << 20);
}

/* A source that fails from some byte on. */
struct source {
	const char *buf;
	_Atomic uint64_t fail_from;
};

static int read_some(void *buf, size_t n, uint64_t at, void *arg, struct mlops_error *err)
{
	struct source *s = arg;

	if (at + n > s->fail_from)
		return err_set(err, MLOPS_EIO, "cannot read it");
	memcpy(buf, s->buf + at, n);
	return 0;
}

static int put_source(struct far *f, const char *name, struct source *s, size_t n,
		      struct mlops_error *err)
{
	autofree char *key = key_of(f, name);
	const struct remote_source from = { .fd = -1, .size = n, .read = read_some, .arg = s };
	struct key_put put = { .key = key, .from = &from };
	struct oid oid;

	if (hash_buf(s->buf, n, &oid, err))
		return -1;
	put.oid = &oid;
	return f->remote->transport->put(f->remote->conn, &put, err);
}

static void test_source_fails(void **state)
{
	struct far *f = *state;
	autofree char *buf = make(3 << 20, 5);
	struct source s = { buf, 2 << 20 };
	autoerr err = ERR_INIT;

	assert_error(put_source(f, "half", &s, 3 << 20, &err), MLOPS_EIO, "cannot read it");
	assert_false(stat_of(f, "half").found);
	s.fail_from = UINT64_MAX;
	assert_success(put_source(f, "half", &s, 3 << 20, &err));
	assert_range(f, "half", RANGE_ALL, buf, 3 << 20);
}

static void test_large(void **state)
{
	struct far *f = *state;
	autofree char *buf = make(LARGE, 3);
	autoerr err = ERR_INIT;

	assert_success(put_bytes(f, "large", buf, LARGE, false, &err));
	assert_int_equal(stat_of(f, "large").size, LARGE);
	assert_range(f, "large", RANGE_ALL, buf, LARGE);
	assert_range(f, "large", (struct byte_range){ LARGE / 2, 100 }, buf + LARGE / 2, 100);
}

/* What a try that broke off has sent is not sent again. */
static void test_resume(void **state)
{
	struct far *f = *state;

	if (!(f->remote->transport->caps & TRANSPORT_RESUME) || getenv("MLOPS_TEST_NO_RESUME"))
		skip();
	autofree char *buf = make(LARGE, 4);
	struct source s = { buf, LARGE - 100 };
	autoerr err = ERR_INIT;

	assert_error(put_source(f, "resumed", &s, LARGE, &err), MLOPS_EIO, "cannot read it");
	assert_false(stat_of(f, "resumed").found);
	s.fail_from = UINT64_MAX;
	uint64_t before = f->remote->moved;
	assert_success(put_source(f, "resumed", &s, LARGE, &err));
	assert_true(f->remote->moved - before < LARGE / 2);
	assert_range(f, "resumed", RANGE_ALL, buf, LARGE);
}

#define CONFORM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFORM(test_put_and_get), CONFORM(test_ranges),     CONFORM(test_absent),
		CONFORM(test_remove),      CONFORM(test_names),      CONFORM(test_list),
		CONFORM(test_if_absent),   CONFORM(test_sink_fails), CONFORM(test_source_fails),
		CONFORM(test_large),       CONFORM(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
