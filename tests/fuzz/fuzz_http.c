/*
 * A whole server that gets the input as one connection's bytes: the request line, headers and
 * bodies go through libmicrohttpd and our handlers, a collected body as JSON, a streamed one in
 * pieces. It must neither crash nor leak, and be ready for the next connection.
 */
#include "fuzz.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "http/server.h"

static struct http_server *server;
static char socket_path[64];

static int echo(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct str body = http_call_body(call);
	struct json *reply = NULL;

	(void)arg;
	if (js_parse(body.p ? body.p : "", body.n, "the body", &reply, err))
		return -1;
	return http_reply_json(call, 200, reply);
}

static int show(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct json *reply = js_obj();
	const char *query = http_call_query(call, "q"), *header = http_call_header(call, "Range");

	(void)arg, (void)err;
	js_set(reply, "name", js_str(http_call_param(call, "name")));
	js_set(reply, "query", js_str(query));
	js_set(reply, "header", js_str(header));
	return http_reply_json(call, 200, reply);
}

static int begin(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	http_call_set_state(call, xcalloc(1, sizeof(size_t)));
	return 0;
}

static int piece(struct http_call *call, const void *buf, size_t n, void *arg,
		 struct mlops_error *err)
{
	(void)buf, (void)arg, (void)err;
	*(size_t *)http_call_state(call) += n;
	return 0;
}

static int count(struct http_call *call, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return http_reply_json(call, 200, js_int((int64_t) * (size_t *)http_call_state(call)));
}

static void end(struct http_call *call, void *arg)
{
	(void)arg;
	free(http_call_state(call));
}

static void stop(void)
{
	http_server_stop(server, 1000);
	unlink(socket_path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct http_route routes[] = {
		{ .method = "GET", .path = "/show/{name}", .handle = show },
		{ .method = "POST",
		  .path = "/echo/{name}:predict",
		  .handle = echo,
		  .max_body = 4096 },
		{ .method = "PUT",
		  .path = "/stream",
		  .handle = count,
		  .max_body = 1 << 20,
		  .begin = begin,
		  .piece = piece,
		  .end = end },
		{ .method = NULL },
	};
	autoerr err = ERR_INIT;

	(void)argc, (void)argv;
	snprintf(socket_path, sizeof(socket_path), "/tmp/mlops-fuzz.%d", (int)getpid());
	const struct http_server_how how = { .unix_socket = socket_path,
					     .routes = routes,
					     .threads = 1 };
	if (http_server_start(&how, &server, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
	atexit(stop);
	return 0;
}

static int connect_server(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	MUST(fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)));
	return fd;
}

/* Sends, and reads until the server hangs up or has nothing to say for so long; bytes that came. */
static size_t exchange(const void *data, size_t n, int patience_ms)
{
	autoclose int fd = connect_server();
	struct pollfd ready = { fd, POLLIN, 0 };
	char reply[4096];
	size_t total = 0;
	ssize_t got = 1;

	if (send(fd, data, n, MSG_NOSIGNAL) < 0)
		return 0;
	shutdown(fd, SHUT_WR);
	while (got > 0 && poll(&ready, 1, patience_ms) == 1) {
		got = recv(fd, reply, sizeof(reply), 0);
		total += got > 0 ? (size_t)got : 0;
	}
	return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char good[] = "GET /show/x HTTP/1.0\r\n\r\n";
	static unsigned inputs;

	exchange(data, n, 10);
	if (++inputs % 64 == 0) /* it is alive and well */
		MUST(exchange(good, sizeof(good) - 1, 10000) > 0);
	return 0;
}
