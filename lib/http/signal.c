/* Waiting for the signal that ends a service. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "base/mem.h"
#include "http/server.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int event_fd = -1; /* written once, under `once` */

/* Any thread may get the signal, so it is passed on through a descriptor. */
static void on_signal(int number)
{
	int saved = errno;
	uint64_t one = 1;

	(void)number;
	if (write(event_fd, &one, sizeof(one)) < 0)
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

void http_wait_for_signal(void)
{
	uint64_t count;

	http_catch_signals();
	while (read(event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}
