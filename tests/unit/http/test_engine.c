/* Many threads over one engine: bodies both ways, callbacks that fail, limits, and an end at any time. */
#include "unit.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/pool.h"
#include "http/engine.h"
#include "http/server.h"

#define BODY ((size_t)3 << 20)

struct fixture {
	struct http_server *server;
	struct http_engine *engine;
	char *url;
	atomic_size_t received; /* by the server */
};

static char byte_at(size_t i)
{
	return (char)(i * 7 + i / 251);
}

static ssize_t make_bytes(void *buf, size_t n, void *arg, struct mlops_error *err)
{
	size_t *at = arg;

	(void)err;
	for (size_t i = 0; i < n; i++)
		((char *)buf)[i] = byte_at(*at + i);
	*at += n;
	return (ssize_t)n;
}

static int download(struct http_call *c, void *arg, struct mlops_error *err)
{
	size_t *at = arena_alloc(http_call_arena(c), sizeof(*at));

	(void)arg, (void)err;
	*at = 0;
	return http_reply_stream(c, 200, "application/octet-stream", BODY, make_bytes, at);
}

static int begin(struct http_call *c, void *arg, struct mlops_error *err)
{
	(void)err;
	http_call_set_state(c, arg);
	return 0;
}

static int piece(struct http_call *c, const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)c, (void)buf, (void)err;
	((struct fixture *)arg)->received += n;
	return 0;
}

static int uploaded(struct http_call *c, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return http_reply(c, 201, NULL, "", 0);
}

static int small(struct http_call *c, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	http_reply_header(c, "X-Small", "  yes ");
	return http_reply(c, 200, "text/plain", "hello", 5);
}

static const struct http_route routes[] = {
	{ .method = "GET", .path = "/down", .handle = download },
	{ .method = "GET", .path = "/small", .handle = small },
	{ .method = "PUT",
	  .path = "/up",
	  .handle = uploaded,
	  .max_body = BODY,
	  .begin = begin,
	  .piece = piece },
	{ 0 },
};

static int set_up_with(void **state, unsigned jobs, uint64_t rate)
{
	const struct http_engine_how engine = { .jobs = jobs, .rate = rate };
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct http_server_how how = { .listen = "127.0.0.1:0", .routes = routes, .arg = f };
	autoerr err = ERR_INIT;

	assert_success(http_server_start(&how, &f->server, &err));
	f->url = xstrdup(http_server_url(f->server));
	f->engine = http_engine_new(&engine);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, 0, 0);
}

static int set_up_slow(void **state)
{
	return set_up_with(state, 0, 4 << 20);
}

static int set_up_single(void **state)
{
	return set_up_with(state, 1, 0);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	http_engine_free(f->engine);
	http_server_stop(f->server, 1000);
	free(f->url);
	free(f);
	return 0;
}

struct body {
	size_t n, fail_at;
	bool wrong;
};

static int check_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct body *b = arg;

	for (size_t i = 0; i < n; i++)
		b->wrong |= ((const char *)buf)[i] != byte_at(b->n + i);
	b->n += n;
	return b->fail_at && b->n >= b->fail_at ? err_set(err, MLOPS_EIO, "no room") : 0;
}

static int get(struct fixture *f, struct body *b, struct mlops_error *err)
{
	autofree char *url = xasprintf("%s/down", f->url);
	const struct http_request req = {
		.method = "GET", .url = url, .write = check_piece, .write_arg = b
	};
	auto_response r = { 0 };

	if (http_engine_exchange(f->engine, &req, &r, err))
		return -1;
	return r.status == 200 && r.length == (int64_t)BODY && b->n == BODY && !b->wrong ?
		       0 :
		       err_set(err, MLOPS_ECORRUPT, "%d, %zu bytes", r.status, b->n);
}

static ssize_t give(void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct body *b = arg;

	if (b->fail_at && b->n + n > b->fail_at)
		return err_set(err, MLOPS_EIO, "cannot read");
	memset(buf, 'x', n);
	b->n += n;
	return (ssize_t)n;
}

static int put(struct fixture *f, struct body *b, struct mlops_error *err)
{
	autofree char *url = xasprintf("%s/up", f->url);
	const struct http_request req = {
		.method = "PUT", .url = url, .read = give, .read_arg = b, .body_len = BODY
	};
	auto_response r = { 0 };

	if (http_engine_exchange(f->engine, &req, &r, err))
		return -1;
	return r.status == 201 ? 0 : err_set(err, MLOPS_EREMOTE, "%d", r.status);
}

static int one_of_many(size_t i, void *arg, struct mlops_error *err)
{
	struct fixture *f = arg;
	autofree char *url = xasprintf("%s/small", f->url);
	const struct http_request req = { .method = "GET", .url = url };
	struct body b = { 0 };
	auto_response r = { 0 };

	if (i % 8 == 0)
		return get(f, &b, err);
	if (i % 8 == 1)
		return put(f, &b, err);
	if (http_engine_exchange(f->engine, &req, &r, err))
		return -1;
	return r.status == 200 && r.body.len == 5 &&
			       str_eq(http_response_header(&r, "x-small"), "yes") ?
		       0 :
		       err_set(err, MLOPS_ECORRUPT, "%d", r.status);
}

static void test_many(void **state)
{
	struct fixture *f = *state;
	autoerr err = ERR_INIT;

	assert_success(pool_each(40, 400, one_of_many, f, &err));
	assert_int_equal(f->received, 50 * BODY);
}

/* One that waits for its place starts when the one before it ends, not when something else happens. */
static void test_one_at_a_time(void **state)
{
	int64_t start = clock_mono_ms();
	autoerr err = ERR_INIT;

	assert_success(pool_each(8, 64, one_of_many, *state, &err));
	assert_true(clock_mono_ms() - start < 50000);
}

static void test_callbacks_fail(void **state)
{
	struct fixture *f = *state;
	struct body late = { .fail_at = BODY / 2 }, early = { .fail_at = 1 }, fine = { 0 };
	autoerr err = ERR_INIT;

	assert_error(get(f, &late, &err), MLOPS_EIO, "no room");
	assert_error(put(f, &early, &err), MLOPS_EIO, "cannot read");
	late.n = 0;
	assert_error(put(f, &late, &err), MLOPS_EIO, "cannot read");
	assert_success(get(f, &fine, &err));
}

static void test_unreachable(void **state)
{
	struct fixture *f = *state;
	const struct http_request req = { .method = "GET", .url = "http://127.0.0.1:1/" };
	auto_response r = { 0 };
	autoerr err = ERR_INIT;

	assert_error(http_engine_exchange(f->engine, &req, &r, &err), MLOPS_EREMOTE, "connect");
	assert_int_equal(r.why, HTTP_UNREACHED);
}

static void test_too_long(void **state)
{
	struct fixture *f = *state;
	autofree char *url = xasprintf("%s/down", f->url);
	struct body b = { 0 };
	const struct http_request req = {
		.method = "GET", .url = url, .write = check_piece, .write_arg = &b, .max_body = 1000
	};
	auto_response r = { 0 };
	autoerr err = ERR_INIT;

	assert_error(http_engine_exchange(f->engine, &req, &r, &err), MLOPS_EREMOTE, "longer than");
	assert_true(b.n <= 1000);
}

/* 6 MiB at 4 MiB a second, of which a quarter of a second may be moved at once. */
static void test_rate(void **state)
{
	struct fixture *f = *state;
	struct body in = { 0 }, out = { 0 };
	int64_t start = clock_mono_ms();
	autoerr err = ERR_INIT;

	assert_success(get(f, &in, &err));
	assert_success(put(f, &out, &err));
	assert_true(clock_mono_ms() - start >= 1000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_many),
		cmocka_unit_test_setup_teardown(test_one_at_a_time, set_up_single, tear_down),
		CASE(test_callbacks_fail),
		CASE(test_unreachable),
		CASE(test_too_long),
		cmocka_unit_test_setup_teardown(test_rate, set_up_slow, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
