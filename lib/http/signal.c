/* Waiting for the signal that ends a service. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "base/mem.h"
#include "http/server.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int event_fd = -1; /* written once, under `once`; counts END and HANGUP */
static void (*on_hangup)(void *arg);
static void *hangup_arg;

#define HANGUP ((uint64_t)1)
#define END    ((uint64_t)1 << 32)

/* Any thread may get the signal, so it is passed on through a descriptor. */
static void on_signal(int number)
{
	int saved = errno;
	uint64_t what = number == SIGHUP ? HANGUP : END;

	if (write(event_fd, &what, sizeof(what)) < 0)
		_exit(1);
	errno = saved;
}

static void install(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_RESETHAND };

	event_fd = eventfd(0, EFD_CLOEXEC);
	if (event_fd < 0)
		abort();
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

void http_catch_signals(void)
{
	pthread_once(&once, install);
}

void http_catch_hangup(void (*fn)(void *arg), void *arg)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	http_catch_signals();
	on_hangup = fn;
	hangup_arg = arg;
	sigaction(SIGHUP, &sa, NULL);
}

void http_wait_for_signal(void)
{
	uint64_t count;

	http_catch_signals();
	for (;;) {
		if (read(event_fd, &count, sizeof(count)) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (count >= END)
			return;
		on_hangup(hangup_arg);
	}
}
