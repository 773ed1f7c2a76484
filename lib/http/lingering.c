/* One thread polls the sockets; they are handed to it through a pipe, whose end is the end. */
#include "http/lingering.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#define MAX_KEPT  256
#define IDLE_MS   2000  /* without a byte */
#define WHOLE_MS  10000 /* in all */
#define MAX_BYTES ((int64_t)64 << 20)
#define TICK_MS   1000
#define END_MS    1000 /* that the end waits at most */
#define BUFFER    ((size_t)64 << 10)

struct kept {
	int fd;
	int64_t idle_until_ms, until_ms;
	int64_t left; /* bytes that may still come */
};

struct lingering {
	pthread_t thread;
	void (*tick)(void *arg);
	void *arg;
	int in, out; /* the pipe's ends; `in` is the thread's */
	/* Of the thread: */
	struct kept kept[MAX_KEPT];
	size_t n;
	int64_t end_ms; /* INT64_MAX: not yet */
	int64_t ticked_ms;
	char buf[BUFFER];
};

/* Whether the client has closed its side and everything it sent was read. */
static bool is_over(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return !n || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void lingering_add(struct lingering *l, int fd)
{
	autoclose int own = is_over(fd) ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0)
		return;
	shutdown(own, SHUT_WR);
	if (write(l->out, &own, sizeof(own)) == sizeof(own))
		steal_fd(&own);
}

static void keep(struct lingering *l, int fd, int64_t now)
{
	if (l->n == MAX_KEPT)
		close(fd);
	else
		l->kept[l->n++] = (struct kept){ fd, now + IDLE_MS, now + WHOLE_MS, MAX_BYTES };
}

static void take_added(struct lingering *l, int64_t now)
{
	int fds[64]; /* a pipe gives none of them in part */
	ssize_t n;

	while ((n = read(l->in, fds, sizeof(fds))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(*fds); i++)
			keep(l, fds[i], now);
	if (!n && l->end_ms == INT64_MAX)
		l->end_ms = now + END_MS;
}

/* Reads and drops; false when the connection is done with. */
static bool drop(struct lingering *l, struct kept *k, int64_t now)
{
	ssize_t n = recv(k->fd, l->buf, sizeof(l->buf), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	k->left -= n;
	k->idle_until_ms = now + IDLE_MS;
	return n && k->left > 0;
}

static int wait_ms(const struct lingering *l, int64_t now)
{
	int64_t first = l->ticked_ms + TICK_MS;

	first = l->end_ms < first ? l->end_ms : first;

	for (size_t i = 0; i < l->n; i++) {
		first = l->kept[i].idle_until_ms < first ? l->kept[i].idle_until_ms : first;
		first = l->kept[i].until_ms < first ? l->kept[i].until_ms : first;
	}
	return first > now ? (int)(first - now) : 0;
}

/* Once the pipe has ended it would only wake us again and again. */
static void run_round(struct lingering *l)
{
	bool ending = l->end_ms != INT64_MAX;
	struct pollfd fds[MAX_KEPT + 1];
	size_t n = l->n;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = l->kept[i].fd, .events = POLLIN };
	fds[n] = (struct pollfd){ .fd = ending ? -1 : l->in, .events = POLLIN };
	poll(fds, n + 1, wait_ms(l, clock_mono_ms()));

	int64_t now = clock_mono_ms();
	if (now - l->ticked_ms >= TICK_MS) {
		l->ticked_ms = now;
		l->tick(l->arg);
	}
	l->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct kept k = l->kept[i];

		if ((!fds[i].revents || drop(l, &k, now)) && now < k.until_ms &&
		    now < k.idle_until_ms)
			l->kept[l->n++] = k;
		else
			close(k.fd);
	}
	if (!ending)
		take_added(l, now);
}

static void *run(void *arg)
{
	struct lingering *l = arg;

	while (l->end_ms == INT64_MAX || (l->n && clock_mono_ms() < l->end_ms))
		run_round(l);
	for (size_t i = 0; i < l->n; i++)
		close(l->kept[i].fd);
	return NULL;
}

int lingering_new(void (*tick)(void *arg), void *arg, struct lingering **out,
		  struct mlops_error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return err_sys(err, "cannot make a pipe");
	struct lingering *l = xcalloc(1, sizeof(*l));
	l->in = ends[0];
	l->out = ends[1];
	l->end_ms = INT64_MAX;
	l->tick = tick;
	l->arg = arg;
	l->ticked_ms = clock_mono_ms();
	if (thread_start(&l->thread, run, l, err)) {
		close(l->in);
		close(l->out);
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

void lingering_free(struct lingering *l)
{
	if (!l)
		return;
	close(l->out);
	pthread_join(l->thread, NULL);
	close(l->in);
	free(l);
}
