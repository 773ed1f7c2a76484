/* The signal handler, which wakes poll() through an eventfd. */
#include "pipeline/stop.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PATIENCE 2 /* signals that are taken as requests */

static const int signals[STOP_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };
static atomic_int first_signal, count;
static int event_fd = -1; /* opened before the handler is installed */

static void on_signal(int number)
{
	int saved = errno, none = 0;
	uint64_t one = 1;

	atomic_compare_exchange_strong(&first_signal, &none, number);
	if (atomic_fetch_add(&count, 1) >= PATIENCE || write(event_fd, &one, sizeof(one)) < 0)
		_exit(128 + number);
	errno = saved;
}

int stop_catch(struct stop *s, struct mlops_error *err)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return err_sys(err, "cannot watch for signals");
	first_signal = count = 0;
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		sigaction(signals[i], &sa, &s->old[i]);
		if (s->old[i].sa_handler == SIG_IGN && signals[i] != SIGTERM)
			sigaction(signals[i], &s->old[i], NULL);
	}
	return 0;
}

void stop_release(struct stop *s)
{
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		sigaction(signals[i], &s->old[i], NULL);
	close(event_fd);
	event_fd = -1;
}

int stop_signal(void)
{
	return first_signal;
}

enum mlops_error_kind stop_kind(void)
{
	return first_signal == SIGINT ? MLOPS_EINTERRUPTED : MLOPS_ETERMINATED;
}

int stop_count(void)
{
	return count;
}

int stop_fd(void)
{
	return event_fd;
}

void stop_drain(void)
{
	uint64_t n;

	(void)!read(event_fd, &n, sizeof(n));
}
