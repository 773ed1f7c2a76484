/* Starting and stopping the daemon, and handing its callbacks on to the calls. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#include "base/vec.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "http/call.h"
#include "http/lingering.h"
#include "http/listen.h"
#include "http/waiting.h"

#define DEFAULT_BUFFER      ((size_t)16 << 10)
#define DEFAULT_CONNECTIONS 1024
#define DEFAULT_IDLE_MS     30000
#define MIN_THREADS         4u
#define MAX_THREADS         16u
#define TLS_PRIORITIES      "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

static void set_busy(struct http_server *s, struct MHD_Connection *conn, bool busy)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	if (info && info->socket_context)
		waiting_set_busy(s->waiting, info->socket_context, busy);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *buf,
				  size_t *n, void **state)
{
	struct http_call *c = *state;

	(void)version;
	if (!c) {
		set_busy(arg, conn, true);
		*state = c = call_new(arg, conn, method, url);
		return call_begin(c);
	}
	if (!*n)
		return call_finish(c);
	enum MHD_Result result = call_piece(c, buf, *n);
	*n = 0;
	return result;
}

static void on_completed(void *arg, struct MHD_Connection *conn, void **state,
			 enum MHD_RequestTerminationCode why)
{
	if (*state)
		call_free(*state, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	*state = NULL;
	set_busy(arg, conn, false);
}

/* When it is closed, the socket is still open; an idle one needs no care when all are closed. */
static void on_connection(void *arg, struct MHD_Connection *conn, void **state,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_server *s = arg;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*state = info ? waiting_add(s->waiting, info->connect_fd) : NULL;
		return;
	}
	if (*state)
		waiting_remove(s->waiting, *state);
	*state = NULL;
	if (info && !atomic_load(&s->stopping))
		lingering_add(s->lingering, info->connect_fd);
}

static void end_late(void *arg)
{
	struct http_server *s = arg;

	waiting_end_late(s->waiting, s->how.idle_timeout_ms);
}

/* Paths and queries stay encoded until they are matched: "%2F" is no slash. */
static size_t keep_escaped(void *arg, struct MHD_Connection *conn, char *s)
{
	(void)arg, (void)conn;
	return strlen(s);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *arg, const char *fmt, va_list ap)
{
	char line[256];

	(void)arg;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	log_debug("http: %s", line);
}

static unsigned default_threads(void)
{
	unsigned n = pool_cpus();

	return n < MIN_THREADS ? MIN_THREADS : n > MAX_THREADS ? MAX_THREADS : n;
}

static void fill_defaults(struct http_server_how *how)
{
	if (!how->threads)
		how->threads = default_threads();
	if (!how->max_connections)
		how->max_connections = DEFAULT_CONNECTIONS;
	if (how->max_connections < how->threads)
		how->max_connections = how->threads;
	if (!how->idle_timeout_ms)
		how->idle_timeout_ms = DEFAULT_IDLE_MS;
	if (!how->buffer)
		how->buffer = DEFAULT_BUFFER;
}

static int open_listener(struct http_server *s, int *fd, struct mlops_error *err)
{
	autofree char *address = NULL;

	if (s->how.listen_fd > 0) {
		*fd = s->how.listen_fd;
		address = xstrdup(s->how.listen);
	}
	if (!s->how.unix_socket) {
		if (!address && listen_tcp(s->how.listen, fd, &s->port, &address, err))
			return -1;
		s->url = xasprintf("%s://%s", s->how.certificate ? "https" : "http", address);
		return 0;
	}
	if (listen_unix(s->how.unix_socket, fd, err))
		return -1;
	s->unix_socket = xstrdup(s->how.unix_socket);
	s->url = xstrdup("http://localhost");
	return 0;
}

static struct MHD_Daemon *start_daemon(struct http_server *s, int fd)
{
	const struct http_server_how *how = &s->how;
	unsigned idle_s = (unsigned)((how->idle_timeout_ms + 999) / 1000);
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			 (how->certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem more[5];
	size_t n = 0;

	if (how->threads > 1)
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE,
						     (intptr_t)how->threads, NULL };
	if (how->certificate) {
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
						     (void *)how->certificate };
		more[n++] =
			(struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)how->key };
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
						     (void *)TLS_PRIORITIES };
	}
	more[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	return MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escaped, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, how->buffer,
		MHD_OPTION_CONNECTION_LIMIT, how->max_connections, MHD_OPTION_CONNECTION_TIMEOUT,
		idle_s, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
}

static void server_free(struct http_server *s)
{
	lingering_free(s->lingering);
	waiting_free(s->waiting);
	if (s->unix_socket)
		unlink(s->unix_socket);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->idle);
	free(s->unix_socket);
	free(s->url);
	free(s);
}

struct http_route *http_routes_join(const struct http_route *const *tables, size_t n)
{
	VEC(struct http_route) all = { 0 };

	for (size_t i = 0; i < n; i++)
		for (const struct http_route *r = tables[i]; r->method; r++)
			vec_push(&all, *r);
	vec_push(&all, { .method = NULL });
	return all.v;
}

int http_server_start(const struct http_server_how *how, struct http_server **out,
		      struct mlops_error *err)
{
	autoclose int fd = -1;

	if (microhttpd_lazy_load(err))
		return -1;
	struct http_server *s = xcalloc(1, sizeof(*s));
	s->how = *how;
	s->tls = how->certificate;
	fill_defaults(&s->how);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->idle, NULL);
	s->waiting = waiting_new();
	int rc = lingering_new(end_late, s, &s->lingering, err) || open_listener(s, &fd, err) ? -1 :
												0;
	if (!rc && !(s->daemon = start_daemon(s, fd)))
		rc = err_set(err, MLOPS_EFAIL, "cannot start an HTTP server on '%s'%s", s->url,
			     how->certificate ? ": its certificate and key do not do" : "");
	if (rc) {
		server_free(s);
		return -1;
	}
	s->listen_fd = steal_fd(&fd); /* closed by the daemon */
	*out = s;
	return 0;
}

const char *http_server_url(const struct http_server *s)
{
	return s->url;
}

static void wait_until_idle(struct http_server *s, int64_t drain_ms)
{
	int64_t end_ns = clock_mono_ns() + drain_ms * 1000000;
	struct timespec end = { end_ns / 1000000000, end_ns % 1000000000 };
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	while (s->in_flight && rc != ETIMEDOUT)
		rc = pthread_cond_clockwait(&s->idle, &s->lock, CLOCK_MONOTONIC, &end);
	pthread_mutex_unlock(&s->lock);
}

/*
 * New connections are refused from here on: a socket on which nothing ever comes takes the place of
 * the listening one. MHD_quiesce_daemon() would do it, and races with its own threads: the one that
 * is second to take the socket out of epoll aborts the program.
 */
static void stop_listening(struct http_server *s)
{
	autoclose int silent = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (silent >= 0)
		dup3(silent, s->listen_fd, O_CLOEXEC);
}

void http_server_stop(struct http_server *s, int64_t drain_ms)
{
	if (!s)
		return;
	atomic_store(&s->stopping, true);
	stop_listening(s);
	wait_until_idle(s, drain_ms);
	MHD_stop_daemon(s->daemon);
	server_free(s);
}

int http_server_version(char *buf, size_t n, struct mlops_error *err)
{
	if (microhttpd_lazy_load(err))
		return -1;
	snprintf(buf, n, "%s", MHD_get_version());
	return 0;
}
