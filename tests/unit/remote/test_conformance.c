/*
 * What every transport promises, over each one we have: a folder, and an mlops server that runs
 * in a child process.
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "crypto/hash.h"
#include "mlops/serve.h"
#include "remote/layout.h"

#define BIG ((size_t)3 << 20)

struct far {
	char *dir;
	struct store *store; /* ours: what is sent, and where what comes goes */
	struct remote *remote;
	pid_t server; /* 0: none */
	char *root;   /* of the objects at the remote, where a test can damage them */
};

static void announce(const char *url, void *arg)
{
	autoerr err = ERR_INIT;

	fs_write_atomic(arg, url, strlen(url), 0600, &err);
}

static void run_server(const char *data, char *ready_file)
{
	autoerr err = ERR_INIT;
	const struct server_how how = {
		.data = data, .listen = "127.0.0.1:0", .ready = announce, .arg = ready_file
	};

	_exit(mlops_server_run(&how, &err) ? 1 : 0);
}

static char *wait_for_url(const char *file)
{
	autoerr err = ERR_INIT;
	autobuf url = { 0 };

	for (int i = 0; i < 500 && fs_read(file, 4096, &url, &err); i++) {
		mlops_error_clear(&err);
		usleep(20000);
	}
	assert_true(url.len > 0);
	return strbuf_steal(&url);
}

static struct far *far_new(void)
{
	struct far *f = xcalloc(1, sizeof(*f));
	autoerr err = ERR_INIT;

	f->dir = unit_scratch();
	autofree char *store = path_join(f->dir, "store");
	assert_success(mlops_store_open(store, &f->store, &err));
	return f;
}

static void connect_to(struct far *f, const char *url)
{
	const struct transport_how how = { .name = "far", .url = url, .timeout_ms = 10000 };
	autoerr err = ERR_INIT;

	assert_success(remote_connect(&how, &f->remote, &err));
}

static int set_up_folder(void **state)
{
	struct far *f = far_new();

	f->root = path_join(f->dir, "far");
	connect_to(f, f->root);
	*state = f;
	return 0;
}

/* As the first version of the format has it: one key an object. */
static int set_up_simple(void **state)
{
	autoerr err = ERR_INIT;

	set_up_folder(state);
	struct far *f = *state;
	autofree char *format = path_join(f->root, "mlops-remote");
	assert_success(fs_mkdirs(f->root, &err));
	assert_success(fs_write_atomic(format, "version 1\n", 10, 0644, &err));
	return 0;
}

static int set_up_server(void **state)
{
	struct far *f = far_new();
	autoerr err = ERR_INIT;
	autofree char *data = path_join(f->dir, "data"), *ready = path_join(f->dir, "ready");
	autofree char *token = NULL;

	assert_success(mlops_server_token_add(data, "tester", "write", NULL, &token, &err));
	f->server = fork();
	assert_true(f->server >= 0);
	if (!f->server)
		run_server(data, ready);
	autofree char *url = wait_for_url(ready);
	setenv("MLOPS_REMOTE_FAR_TOKEN", token, 1);
	connect_to(f, url);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct far *f = *state;
	int status;

	remote_free(f->remote);
	mlops_store_free(f->store);
	if (f->server) {
		kill(f->server, SIGTERM);
		assert_int_equal(waitpid(f->server, &status, 0), f->server);
		assert_int_equal(status, 0);
	}
	unit_scratch_remove(f->dir);
	free(f->root);
	free(f);
	return 0;
}

/* An object of n bytes that differ by seed, in our store. */
static struct remote_item make(struct far *f, size_t n, unsigned seed)
{
	autofree char *buf = xmalloc(n + 1);
	struct remote_item item = { .size = n };
	autoerr err = ERR_INIT;

	for (size_t i = 0; i < n; i++)
		buf[i] = (char)(i * 7 + seed + i / 251);
	assert_success(mlops_store_put(f->store, buf, n, &item.oid, &err));
	return item;
}

/* Takes what comes into a list, each checked by its hash. */
struct taken {
	struct oid_list list;
	struct oid oid;
	struct strbuf bytes;
	uint64_t size;
	bool refuse;
};

static int take_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	struct taken *t = arg;

	(void)err;
	t->oid = *oid;
	t->size = size;
	strbuf_trunc(&t->bytes, 0);
	return 0;
}

static int take_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct taken *t = arg;

	if (t->refuse)
		return err_set(err, MLOPS_EIO, "no room");
	strbuf_add(&t->bytes, buf, n);
	return 0;
}

static int take_end(void *arg, struct mlops_error *err)
{
	struct taken *t = arg;
	struct oid got;

	assert_int_equal(hash_buf(t->bytes.buf ? t->bytes.buf : "", t->bytes.len, &got, err), 0);
	if (!mlops_oid_equal(&got, &t->oid))
		return err_set(err, MLOPS_ECORRUPT, "it came damaged");
	assert_int_equal(t->bytes.len, t->size);
	vec_push(&t->list, got);
	return 0;
}

static void taken_clear(struct taken *t)
{
	vec_free(&t->list);
	strbuf_clear(&t->bytes);
}

static int get(struct far *f, const struct remote_item *items, size_t n, struct taken *t,
	       struct mlops_error *err)
{
	const struct frame_sink sink = {
		.begin = take_begin, .piece = take_piece, .end = take_end, .arg = t
	};

	return remote_get(f->remote, items, n, &sink, err);
}

static int put(struct far *f, const struct remote_item *items, size_t n, struct mlops_error *err)
{
	const struct remote_provider from = { remote_source_open, f->store };

	bool again;

	return remote_put(f->remote, items, n, true, &from, err) ||
			       remote_finish(f->remote, &again, err) ?
		       -1 :
		       0;
}

static bool is_there(struct far *f, struct remote_item item)
{
	autoerr err = ERR_INIT;
	bool there = false;

	assert_success(remote_has(f->remote, &item, 1, &there, &err));
	return there;
}

static void test_put_and_get(void **state)
{
	struct far *f = *state;
	const struct remote_item items[] = { make(f, 10, 1),           make(f, 0, 0),
					     make(f, BIG, 2),          make(f, 70000, 3),
					     make(f, BIG + 1, 4),      make(f, 1 << 20, 5),
					     make(f, (1 << 20) - 1, 6) };
	size_t n = ARRAY_LEN(items);
	struct taken t = { 0 };
	autoerr err = ERR_INIT;

	for (size_t i = 0; i < n; i++)
		assert_false(is_there(f, items[i]));
	assert_success(put(f, items, n, &err));
	for (size_t i = 0; i < n; i++)
		assert_true(is_there(f, items[i]));
	assert_success(remote_check(f->remote, &err));
	assert_success(get(f, items, n, &t, &err));
	assert_int_equal(t.list.n, n);
	assert_true(f->remote->moved >= 2 * (2 * BIG + 70000));
	taken_clear(&t);
	assert_success(put(f, items, n, &err)); /* again is fine */
}

static void test_many(void **state)
{
	enum { N = 2500 };
	struct far *f = *state;
	autofree struct remote_item *items = xcalloc(N, sizeof(*items));
	autofree bool *present = xcalloc(N, sizeof(*present));
	struct taken t = { 0 };
	autoerr err = ERR_INIT;

	for (size_t i = 0; i < N; i++)
		items[i] = make(f, 20 + i, (unsigned)i);
	assert_success(put(f, items + 500, N - 500, &err));
	assert_success(remote_has(f->remote, items, N, present, &err));
	for (size_t i = 0; i < N; i++)
		assert_int_equal(present[i], i >= 500);
	assert_success(get(f, items, N, &t, &err));
	assert_int_equal(t.list.n, N - 500);
	taken_clear(&t);
}

static void test_absent(void **state)
{
	struct far *f = *state;
	struct remote_item items[] = { make(f, 100, 1), make(f, 200, 2), make(f, BIG, 3),
				       make(f, 300, 4) };
	struct taken t = { 0 };
	autoerr err = ERR_INIT;

	assert_success(put(f, &items[1], 1, &err));
	assert_success(get(f, items, ARRAY_LEN(items), &t, &err));
	assert_int_equal(t.list.n, 1);
	assert_true(mlops_oid_equal(&t.list.v[0], &items[1].oid));
	taken_clear(&t);
}

static void test_unknown_size(void **state)
{
	struct far *f = *state;
	struct remote_item items[] = { make(f, 100, 1), make(f, BIG, 3) };
	struct taken t = { 0 };
	autoerr err = ERR_INIT;

	assert_success(put(f, items, 2, &err));
	items[0].size = items[1].size = REMOTE_SIZE_UNKNOWN;
	assert_true(is_there(f, items[0]));
	assert_success(get(f, items, 2, &t, &err));
	assert_int_equal(t.list.n, 2);
	taken_clear(&t);
}

static void test_sink_fails(void **state)
{
	struct far *f = *state;
	const struct remote_item items[] = { make(f, 100, 1), make(f, BIG, 3) };
	struct taken t = { .refuse = true };
	autoerr err = ERR_INIT;

	assert_success(put(f, items, 2, &err));
	assert_error(get(f, &items[0], 1, &t, &err), MLOPS_EIO, "no room");
	assert_error(get(f, &items[1], 1, &t, &err), MLOPS_EIO, "no room");
	taken_clear(&t);
}

static int open_nothing(const struct remote_item *item, struct remote_source *out, void *arg,
			struct mlops_error *err)
{
	(void)item, (void)out, (void)arg;
	return err_set(err, MLOPS_EIO, "cannot read it");
}

static void test_source_fails(void **state)
{
	const struct remote_provider from = { open_nothing, NULL };
	struct far *f = *state;
	const struct remote_item item = make(f, 100, 1);
	autoerr err = ERR_INIT;

	assert_error(remote_put(f->remote, &item, 1, true, &from, &err), MLOPS_EIO,
		     "cannot read it");
	assert_false(is_there(f, item));
}

/* Bytes that do not have the name they are put under. */
static int open_other(const struct remote_item *item, struct remote_source *out, void *arg,
		      struct mlops_error *err)
{
	(void)arg, (void)err;
	out->buf = xcalloc(1, item->size);
	out->size = item->size;
	return 0;
}

static void test_server_checks_names(void **state)
{
	const struct remote_provider from = { open_other, NULL };
	struct far *f = *state;
	const struct remote_item small = make(f, 100, 1), big = make(f, BIG, 2);
	autoerr err = ERR_INIT;

	assert_error(remote_put(f->remote, &small, 1, true, &from, &err), MLOPS_EREMOTE,
		     "HTTP 400");
	assert_error(remote_put(f->remote, &big, 1, true, &from, &err), MLOPS_EREMOTE, "HTTP 400");
	assert_false(is_there(f, small));
	assert_false(is_there(f, big));
}

static void test_damaged_folder(void **state)
{
	struct far *f = *state;
	const struct remote_item item = make(f, 100, 1);
	char hex[MLOPS_OID_HEX + 1];
	struct taken t = { 0 };
	autoerr err = ERR_INIT;

	assert_success(put(f, &item, 1, &err));
	mlops_oid_hex(&item.oid, hex);
	autofree char *path = xasprintf("%s/objects/%.2s/%s", f->root, hex, hex + 2);
	assert_success(fs_write_atomic(path, "short", 5, 0444, &err));
	assert_false(is_there(f, item)); /* another size: to be sent again */
	assert_error(get(f, &item, 1, &t, &err), MLOPS_ECORRUPT, "damaged");
	assert_success(put(f, &item, 1, &err));
	assert_true(is_there(f, item));
	taken_clear(&t);
}

static void test_folder_out_of_reach(void **state)
{
	struct far *f = *state;
	const struct remote_item item = make(f, 100, 1);
	autofree char *url = path_join(f->dir, "no/such"),
		      *format = path_join(f->root, "mlops-remote");
	struct taken t = { 0 };
	autoerr err = ERR_INIT;

	assert_error(remote_check(f->remote, &err), MLOPS_EREMOTE, "is not there");
	assert_error(get(f, &item, 1, &t, &err), MLOPS_EREMOTE, "is not there");
	assert_success(put(f, &item, 1, &err));
	assert_success(fs_write_atomic(format, "version 3\n", 10, 0644, &err));
	assert_error(remote_check(f->remote, &err), MLOPS_EINVALID, "newer");
	remote_free(f->remote);
	connect_to(f, url);
	assert_error(put(f, &item, 1, &err), MLOPS_EREMOTE, "is not there");
}

#define CONFORM(name)                                                                              \
	{ "folder: " #name, name, set_up_folder, tear_down, NULL },                                \
		{ "simple: " #name, name, set_up_simple, tear_down, NULL },                        \
	{                                                                                          \
		"server: " #name, name, set_up_server, tear_down, NULL                             \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFORM(test_put_and_get),
		CONFORM(test_many),
		CONFORM(test_absent),
		CONFORM(test_unknown_size),
		CONFORM(test_sink_fails),
		CONFORM(test_source_fails),
		cmocka_unit_test_setup_teardown(test_server_checks_names, set_up_server, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged_folder, set_up_simple, tear_down),
		cmocka_unit_test_setup_teardown(test_folder_out_of_reach, set_up_folder, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
