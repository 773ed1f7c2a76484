/* Our client against our server, in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "http/client.h"
#include "http/server.h"

#define BIG ((size_t)3 << 20)

struct fixture {
	struct http_server *server;
	struct http_client *client;
	struct http_response r;
	struct mlops_error err;
	atomic_int begun, ended, answered;
	atomic_uint_fast64_t piece_bytes;
};

static int echo(struct http_call *c, void *arg, struct mlops_error *err)
{
	struct str body = http_call_body(c);

	(void)arg, (void)err;
	http_reply_header(c, "X-Test", "yes");
	return http_reply(c, 200, "text/plain", body.p, body.n);
}

static int greet(struct http_call *c, void *arg, struct mlops_error *err)
{
	struct json *v = js_obj();

	(void)arg, (void)err;
	js_set(v, "name", js_str(http_call_param(c, "name")));
	js_set(v, "q", js_str(http_call_query(c, "q")));
	return http_reply_json(c, 200, v);
}

static int refuse(struct http_call *c, void *arg, struct mlops_error *err)
{
	(void)arg;
	if (http_call_query(c, "io"))
		return err_set(err, MLOPS_EIO, "cannot read '/secret/place'");
	return err_set(err, MLOPS_ENOTFOUND, "no model named 'x'");
}

static int begin(struct http_call *c, void *arg, struct mlops_error *err)
{
	struct fixture *f = arg;

	(void)err;
	f->begun++;
	http_call_set_state(c, f);
	return 0;
}

static int piece(struct http_call *c, const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct fixture *f = http_call_state(c);

	(void)arg;
	if (!f->piece_bytes && *(const char *)buf == '!')
		return err_set(err, MLOPS_EINVALID, "the body begins badly");
	f->piece_bytes += n;
	return 0;
}

static void end(struct http_call *c, void *arg)
{
	struct fixture *f = arg;

	(void)c;
	f->ended++;
}

static int uploaded(struct http_call *c, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return http_reply(c, 201, NULL, "", 0);
}

struct countdown {
	size_t left, fail_at;
};

static ssize_t read_zeros(void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct countdown *d = arg;

	if (d->left <= d->fail_at)
		return err_set(err, MLOPS_EIO, "no more");
	if (n > d->left)
		n = d->left;
	d->left -= n;
	memset(buf, 0, n);
	return (ssize_t)n;
}

static int download(struct http_call *c, void *arg, struct mlops_error *err)
{
	struct countdown *d = arena_alloc(http_call_arena(c), sizeof(*d));

	(void)arg, (void)err;
	*d = (struct countdown){ BIG, http_call_query(c, "cut") ? BIG / 2 : 0 };
	return http_reply_stream(c, 200, "application/octet-stream", BIG, read_zeros, d);
}

static int send_self(struct http_call *c, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return http_reply_file(c, 206, "text/plain", open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
			       1, 3);
}

static int sleepy(struct http_call *c, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	clock_sleep_ms(http_call_query(c, "ms") ? 1500 : 300);
	return http_reply(c, 200, NULL, "late", 4);
}

static const struct http_route routes[] = {
	{ .method = "POST", .path = "/echo", .handle = echo, .max_body = 1 << 20 },
	{ .method = "GET", .path = "/greet/{name}", .handle = greet },
	{ .method = "GET", .path = "/fail", .handle = refuse },
	{ .method = "PUT",
	  .path = "/up",
	  .handle = uploaded,
	  .max_body = BIG,
	  .begin = begin,
	  .piece = piece,
	  .end = end },
	{ .method = "GET", .path = "/down", .handle = download },
	{ .method = "GET", .path = "/self", .handle = send_self },
	{ .method = "GET", .path = "/sleepy", .handle = sleepy },
	{ .method = "GET", .path = "/private", .handle = echo },
	{ .method = NULL },
};

static int authorize(struct http_call *c, void *arg, struct mlops_error *err)
{
	const char *header = http_call_header(c, "Authorization");

	(void)arg;
	if (strcmp(http_call_path(c), "/private") && strcmp(http_call_path(c), "/up"))
		return 0;
	if (header && !strcmp(header, "Bearer good"))
		return 0;
	return err_set(err, header ? MLOPS_ENO : MLOPS_EAUTH, "a token is needed");
}

static void count_answer(const struct http_call *call, void *arg)
{
	struct fixture *f = arg;

	assert_non_null(http_call_method(call));
	assert_true(http_call_duration_ns(call) >= 0);
	if (!http_call_status(call)) {
		assert_false(http_call_is_whole(call));
		return;
	}
	assert_true(http_call_status(call) != 200 || http_call_form(call));
	f->answered++;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct http_server_how how = { .listen = "127.0.0.1:0",
					     .routes = routes,
					     .arg = f,
					     .authorize = authorize,
					     .done = count_answer };

	assert_int_equal(http_server_start(&how, &f->server, &f->err), 0);
	assert_int_equal(http_client_new(&f->client, &f->err), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	http_client_free(f->client);
	http_server_stop(f->server, 1000);
	http_response_clear(&f->r);
	mlops_error_clear(&f->err);
	free(f);
	return 0;
}

/* One exchange; returns the status, or -1. */
static int ask(struct fixture *f, struct http_request req, const char *path)
{
	autofree char *url = xasprintf("%s%s", http_server_url(f->server), path);

	http_response_clear(&f->r);
	mlops_error_clear(&f->err);
	req.url = url;
	if (!req.method)
		req.method = "GET";
	return http_exchange(f->client, &req, &f->r, &f->err) ? -1 : f->r.status;
}

static void assert_body_has(const struct fixture *f, const char *text)
{
	assert_non_null(f->r.body.buf);
	if (!strstr(f->r.body.buf, text))
		fail_msg("'%s' is not in: %s", text, f->r.body.buf);
}

static void test_echo(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		ask(f, (struct http_request){ .method = "POST", .body = "hello", .body_len = 5 },
		    "/echo"),
		200);
	assert_string_equal(f->r.body.buf, "hello");
	assert_string_equal(f->r.content_type, "text/plain");
	assert_int_equal(ask(f, (struct http_request){ .method = "POST" }, "/echo"), 200);
	assert_int_equal(f->r.body.len, 0);
}

static void test_params(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, (struct http_request){ 0 }, "/greet/a%2Fb?q=x+y%26z"), 200);
	assert_string_equal(f->r.body.buf, "{\"name\":\"a/b\",\"q\":\"x y&z\"}\n");
	assert_int_equal(ask(f, (struct http_request){ .method = "HEAD" }, "/greet/you"), 200);
	assert_int_equal(f->r.body.len, 0);
	assert_int_equal(ask(f, (struct http_request){ 0 }, "/greet/%00"), 404);
}

static void test_errors(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, (struct http_request){ 0 }, "/nowhere"), 404);
	assert_int_equal(ask(f, (struct http_request){ .method = "DELETE" }, "/echo"), 405);
	assert_int_equal(ask(f, (struct http_request){ 0 }, "/fail"), 404);
	assert_body_has(f,
			"{\"error\":{\"kind\":\"not-found\",\"message\":\"no model named 'x'\"}}");
	assert_int_equal(http_status_error(&f->r, "cannot ask", &f->err), -1);
	assert_int_equal(f->err.kind, MLOPS_ENOTFOUND);
	assert_string_equal(f->err.msg, "cannot ask: no model named 'x' (HTTP 404)");
	assert_int_equal(ask(f, (struct http_request){ 0 }, "/fail?io=1"), 500);
	assert_null(strstr(f->r.body.buf, "secret"));
}

static void test_authorize(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, (struct http_request){ 0 }, "/private"), 401);
	assert_int_equal(ask(f, (struct http_request){ .bearer = "bad" }, "/private"), 403);
	assert_int_equal(http_status_error(&f->r, "x", &f->err), -1);
	assert_int_equal(f->err.kind, MLOPS_EAUTH);
	assert_int_equal(ask(f, (struct http_request){ .bearer = "good" }, "/private"), 200);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	autofree char *big = xcalloc(1, BIG);

	assert_int_equal(
		ask(f, (struct http_request){ .method = "POST", .body = big, .body_len = BIG },
		    "/echo"),
		413);
	assert_int_equal(ask(f,
			     (struct http_request){
				     .method = "POST", .body = big, .body_len = (1 << 20) + 1 },
			     "/echo"),
			 413);
	assert_int_equal(
		ask(f, (struct http_request){ .method = "POST", .body = big, .body_len = 1 << 20 },
		    "/echo"),
		200);
	memset(big, 'x', 40000);
	big[40000] = '\0';
	memcpy(big, "/greet/", 7);
	int status = ask(f, (struct http_request){ 0 }, big);
	assert_true(status == 414 || status == 431 || status == 413);
}

static int connect_to(const struct fixture *f)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t port;

	assert_true(num_parse_u64(strrchr(http_server_url(f->server), ':') + 1, &port));
	to.sin_port = htons((uint16_t)port);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Sends a whole request, whatever the server does meanwhile, and only then reads the answer. */
static void ask_late(const struct fixture *f, const char *head, size_t body, char *answer, size_t n)
{
	autofree char *bytes = memset(xmalloc(body), 'x', body);
	autoclose int fd = connect_to(f);
	struct mlops_error err = { 0 };
	size_t got = 0;
	ssize_t part;

	assert_int_equal(fs_write_all(fd, head, strlen(head), "the request", &err), 0);
	assert_int_equal(fs_write_all(fd, bytes, body, "the request", &err), 0);
	while (got < n - 1 && (part = read(fd, answer + got, n - 1 - got)) > 0)
		got += (size_t)part;
	assert_true(part == 0);
	answer[got] = '\0';
}

/* A refusal is not lost to a client that looks for it late. */
static void test_late_reader(void **state)
{
	struct fixture *f = *state;
	char answer[1000];

	ask_late(f, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 20971520\r\n\r\n",
		 (size_t)20 << 20, answer, sizeof(answer));
	assert_true(str_starts(answer, "HTTP/1.1 413 "));
	ask_late(f, "GET /greet/you HTTP/1.1\r\nHost: x\r\nX: ", 200000, answer, sizeof(answer));
	assert_true(str_starts(answer, "HTTP/1.1 4"));
}

static void test_upload(void **state)
{
	struct fixture *f = *state;
	struct countdown d = { BIG, 0 };
	struct http_request req = { .method = "PUT",
				    .body_len = BIG,
				    .read = read_zeros,
				    .read_arg = &d,
				    .bearer = "good" };

	assert_int_equal(ask(f, req, "/up"), 201);
	assert_int_equal(f->piece_bytes, BIG);
	f->piece_bytes = 0;
	d.left = BIG;
	req.bearer = NULL;
	assert_int_equal(ask(f, req, "/up"), 401);
	assert_int_equal(f->piece_bytes, 0);
	assert_int_equal(
		ask(f,
		    (struct http_request){
			    .method = "PUT", .body = "!bad", .body_len = 4, .bearer = "good" },
		    "/up"),
		400);
	assert_body_has(f, "begins badly");
	d = (struct countdown){ BIG, BIG / 2 };
	req.bearer = "good";
	assert_int_equal(ask(f, req, "/up"), -1);
	assert_string_equal(f->err.msg, "no more");
	http_server_stop(f->server, 1000);
	f->server = NULL;
	assert_in_range(f->begun, 2, 3); /* the last may have ended before the server looked */
	assert_int_equal(f->ended, f->begun);
}

static int count_bytes(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	size_t *total = arg;

	(void)buf, (void)err;
	*total += n;
	return 0;
}

static void test_download(void **state)
{
	struct fixture *f = *state;
	size_t total = 0;
	struct http_request req = { .write = count_bytes, .write_arg = &total };

	assert_int_equal(ask(f, req, "/down"), 200);
	assert_int_equal(total, BIG);
	assert_int_equal(ask(f, req, "/down?cut=1"), -1);
	assert_int_equal(f->err.kind, MLOPS_EREMOTE);
	req.max_body = BIG - 1;
	assert_int_equal(ask(f, req, "/down"), -1);
	assert_int_equal(f->err.kind, MLOPS_EREMOTE);
	total = 0;
	assert_int_equal(ask(f, req, "/nowhere"), 404);
	assert_int_equal(total, 0);
	assert_true(f->r.body.len > 0);
	assert_int_equal(ask(f, (struct http_request){ 0 }, "/self"), 206);
	assert_string_equal(f->r.body.buf, "ELF");
}

static void *ask_sleepy(void *arg)
{
	struct fixture *f = arg;

	return (void *)(intptr_t)ask(f, (struct http_request){ 0 }, "/sleepy");
}

static void test_drain(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	void *status;

	pthread_create(&thread, NULL, ask_sleepy, f);
	clock_sleep_ms(100);
	http_server_stop(f->server, 5000);
	f->server = NULL;
	pthread_join(thread, &status);
	assert_int_equal((intptr_t)status, 200);
	assert_string_equal(f->r.body.buf, "late");
	assert_int_equal(f->answered, 1);
}

/* A handler may take longer than a connection may idle. */
static void test_slow_handler(void **state)
{
	struct fixture *f = *state;
	const struct http_server_how how = {
		.listen = "127.0.0.1:0", .routes = routes, .arg = f, .idle_timeout_ms = 1000
	};

	http_server_stop(f->server, 0);
	assert_int_equal(http_server_start(&how, &f->server, &f->err), 0);
	assert_int_equal(ask(f, (struct http_request){ 0 }, "/sleepy?ms=1500"), 200);
	assert_string_equal(f->r.body.buf, "late");
}

/* A byte now and then does not keep a connection whose request never comes to its end. */
static void test_slow_headers(void **state)
{
	struct fixture *f = *state;
	const struct http_server_how how = {
		.listen = "127.0.0.1:0", .routes = routes, .arg = f, .idle_timeout_ms = 1000
	};
	const char *head = "GET /greet/you HTTP/1.1\r\nHost: x\r\nX: ";
	int64_t end_ms = clock_mono_ms() + 20000;
	bool closed = false;

	http_server_stop(f->server, 0);
	assert_int_equal(http_server_start(&how, &f->server, &f->err), 0);
	autoclose int fd = connect_to(f);
	assert_int_equal(fs_write_all(fd, head, strlen(head), "the request", &f->err), 0);
	while (!closed && clock_mono_ms() < end_ms) {
		char byte = 'x';

		closed = send(fd, &byte, 1, MSG_NOSIGNAL) < 0 || !recv(fd, &byte, 1, MSG_DONTWAIT);
		clock_sleep_ms(100);
	}
	assert_true(closed);
}

static void test_unix_socket(void **state)
{
	char dir[] = "/tmp/mlops-http-XXXXXX";
	struct http_server *s, *second;
	struct fixture *f = *state;
	struct stat st;

	assert_non_null(mkdtemp(dir));
	autofree char *path = xasprintf("%s/s", dir);
	const struct http_server_how how = { .unix_socket = path, .routes = routes, .arg = f };
	assert_int_equal(http_server_start(&how, &s, &f->err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(http_server_start(&how, &second, &f->err), -1);
	assert_int_equal(f->err.kind, MLOPS_ELOCKED);
	assert_int_equal(ask(f, (struct http_request){ .unix_socket = path }, "/greet/me"), 200);
	http_server_stop(s, 1000);
	assert_false(fs_exists(path));
	assert_int_equal(rmdir(dir), 0);
}

static void test_unreachable(void **state)
{
	struct fixture *f = *state;
	struct http_request req = { .method = "GET", .url = "http://127.0.0.1:1/" };

	assert_int_equal(http_exchange(f->client, &req, &f->r, &f->err), -1);
	assert_int_equal(f->err.kind, MLOPS_EREMOTE);
}

static void test_bad_listen(void **state)
{
	static const char *const bad[] = {
		"8400", ":80", "host:", "1.2.3.4:99999", "::1:80", "a:x"
	};
	struct fixture *f = *state;
	struct http_server *s;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct http_server_how how = { .listen = bad[i], .routes = routes };

		mlops_error_clear(&f->err);
		assert_int_equal(http_server_start(&how, &s, &f->err), -1);
		assert_int_equal(f->err.kind, MLOPS_EINVALID);
	}
	assert_true(http_listen_is_loopback("127.0.0.1:0"));
	assert_true(http_listen_is_loopback("[::1]:0"));
	assert_false(http_listen_is_loopback("0.0.0.0:0"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_echo),         TEST(test_params),       TEST(test_errors),
		TEST(test_authorize),    TEST(test_limits),       TEST(test_late_reader),
		TEST(test_upload),       TEST(test_download),     TEST(test_drain),
		TEST(test_slow_handler), TEST(test_unix_socket),  TEST(test_unreachable),
		TEST(test_bad_listen),   TEST(test_slow_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
