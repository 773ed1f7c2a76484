/* The tracking API of one project, without a server's folder around it. */
#include "mlops/listener.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/thread.h"
#include "http/listen.h"
#include "project/project.h"
#include "serve/objects.h"
#include "serve/token.h"
#include "serve/tracker.h"

#define DRAIN_MS    10000
#define THREADS     4
#define TOKEN_BYTES 32

struct listener {
	struct object_server server; /* the first: handlers get its address */
	char *folder; /* of the project's database */
	char *run;    /* or NULL */
	char *address, *url;
	int fd;      /* that listens; -1 once the server has it */
	int stop_fd; /* ends the wait for the first client */
	pthread_t waiter;
	bool waits;  /* the thread is there to be joined */
	struct http_server *http; /* NULL until somebody came */
	char token[RAND_HEX_SIZE(TOKEN_BYTES)];
};

/* In the same time whatever differs. */
static bool is_same(const char *a, const char *b, size_t n)
{
	unsigned char differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return !differ;
}

static int authorize(struct http_call *call, void *arg, struct mlops_error *err)
{
	const struct object_server *server = arg;
	const struct listener *l = (const struct listener *)server;
	const char *header = http_call_header(call, "Authorization");
	autofree char *token = header ? token_of_header(header) : NULL;

	if (http_call_is_open(call) ||
	    (token && strlen(token) == strlen(l->token) && is_same(token, l->token, strlen(token))))
		return 0;
	return err_set(err, MLOPS_EAUTH, "a token is needed: MLFLOW_TRACKING_TOKEN");
}

static int start_server(struct listener *l, struct mlops_error *err)
{
	const struct http_server_how how = {
		.listen = l->address,
		.listen_fd = l->fd,
		.routes = mlflow_routes,
		.arg = &l->server,
		.authorize = authorize,
		.threads = THREADS,
	};

	if (tracker_open(l->folder, l->server.store, &l->server.tracker, err))
		return -1;
	l->server.tracker->run = l->run;
	l->fd = -1;
	return http_server_start(&how, &l->http, err);
}

static void close_socket(struct listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* Most commands never come: the database and the threads are for those that do. */
static void *wait_for_client(void *arg)
{
	struct listener *l = arg;
	struct pollfd fds[] = { { .fd = l->fd, .events = POLLIN }, { .fd = l->stop_fd, .events = POLLIN } };
	autoerr err = ERR_INIT;

	while (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno == EINTR)
		;
	if (!fds[1].revents && start_server(l, &err)) {
		log_warn("MLflow's clients cannot log to the project: %s", err.msg);
		close_socket(l); /* so that they are told */
	}
	return NULL;
}

static int listen_here(struct listener *l, struct mlops_error *err)
{
	int port;

	if (listen_tcp("127.0.0.1:0", &l->fd, &port, &l->address, err))
		return -1;
	l->url = xasprintf("http://%s", l->address);
	l->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (l->stop_fd < 0)
		return err_sys(err, "cannot make an event descriptor");
	return thread_start(&l->waiter, wait_for_client, l, err);
}

int mlops_listener_start(struct project *project, const char *run, struct listener **out, struct mlops_error *err)
{
	autofree char *database = project_shared_file(project, "mlops.db");
	struct listener *l = xcalloc(1, sizeof(*l));

	l->folder = path_dir(database);
	l->run = run ? xstrdup(run) : NULL;
	l->fd = l->stop_fd = -1;
	rand_hex(l->token, TOKEN_BYTES);
	if (mlops_store_of(project, &l->server.store, err) || listen_here(l, err)) {
		mlops_listener_stop(l);
		return err_wrap(err, "cannot listen to MLflow's clients");
	}
	l->waits = true;
	*out = l;
	return 0;
}

const char *mlops_listener_url(const struct listener *l)
{
	return l->url;
}

const char *mlops_listener_token(const struct listener *l)
{
	return l->token;
}

void mlops_listener_stop(struct listener *l)
{
	if (!l)
		return;
	if (l->waits) {
		eventfd_write(l->stop_fd, 1);
		pthread_join(l->waiter, NULL);
	}
	if (l->http)
		http_server_stop(l->http, DRAIN_MS);
	tracker_free(l->server.tracker);
	close_socket(l);
	if (l->stop_fd >= 0)
		close(l->stop_fd);
	explicit_bzero(l->token, sizeof(l->token));
	free(l->folder);
	free(l->run);
	free(l->address);
	free(l->url);
	free(l);
}
