/* Starting a thread of our own. */
#pragma once

#include <pthread.h>

#include "base/err.h"

/* All signals are blocked in it: they are for the threads that the program started with. */
int thread_start(pthread_t *out, void *(*run)(void *arg), void *arg, struct mlops_error *err);
