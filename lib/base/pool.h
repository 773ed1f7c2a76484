/*
 * The one thread pool. Jobs are handed over, not shared: a job owns what it points to until it
 * has run. The first error of any job is kept and later jobs are skipped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pool;

/* `threads` 0: one a processor. At most `queue` jobs wait; pool_add() blocks beyond that. */
int pool_new(unsigned threads, size_t queue, struct pool **out, struct mlops_error *err);
void pool_add(struct pool *p, int (*job)(void *arg, struct mlops_error *), void *arg);
/* Waits at most `ms` for all jobs; true when they have ended, whether well or not. */
bool pool_wait_for(struct pool *p, int64_t ms);
/* Waits for all jobs; 0, or -1 with the first error. The pool can be used again. */
int pool_wait(struct pool *p, struct mlops_error *err);
void pool_free(struct pool *p); /* waits for what runs, drops what waits */
/* Number of processors this process may use. */
unsigned pool_cpus(void);
/* Calls one(0 .. n - 1) in at most `threads` threads; the first error ends it and is returned. */
int pool_each(unsigned threads, size_t n, int (*one)(size_t i, void *arg, struct mlops_error *err),
	      void *arg, struct mlops_error *err);
