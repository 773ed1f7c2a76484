/* A thread that gets no signals. */
#include "base/thread.h"

#include <signal.h>
#include <string.h>

int thread_start(pthread_t *out, void *(*run)(void *arg), void *arg, struct mlops_error *err)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int code = pthread_create(out, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return code ? err_set(err, MLOPS_EFAIL, "cannot start a thread: %s", strerror(code)) : 0;
}
