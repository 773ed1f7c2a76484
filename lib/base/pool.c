/* A bounded queue and the threads that empty it. */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

struct job {
	int (*run)(void *, struct mlops_error *);
	void *arg;
};

struct pool {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct job *queue; /* ring */
	size_t cap, head, waiting, running;
	bool closing;
	struct mlops_error first;
	unsigned n_threads;
	pthread_t threads[];
};

unsigned pool_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned)CPU_COUNT(&set);
}

static void run_next(struct pool *p)
{
	struct job job = p->queue[p->head];
	bool skip = p->first.kind != MLOPS_OK;
	autoerr err = ERR_INIT;
	int rc = 0;

	p->head = (p->head + 1) % p->cap;
	p->waiting--;
	p->running++;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	if (!skip)
		rc = job.run(job.arg, &err);
	pthread_mutex_lock(&p->lock);
	p->running--;
	if (rc && !p->first.kind)
		err_move(&p->first, &err);
	pthread_cond_broadcast(&p->changed);
}

static void *worker(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->closing) {
		if (p->waiting)
			run_next(p);
		else
			pthread_cond_wait(&p->changed, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int pool_new(unsigned threads, size_t queue, struct pool **out, struct mlops_error *err)
{
	unsigned want = threads ? threads : pool_cpus();
	struct pool *p = xcalloc(1, sizeof(*p) + want * sizeof(p->threads[0]));

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	p->cap = queue ? queue : 1;
	p->queue = xcalloc(p->cap, sizeof(*p->queue));
	for (; p->n_threads < want; p->n_threads++) {
		int rc = pthread_create(&p->threads[p->n_threads], NULL, worker, p);

		if (rc) {
			pool_free(p);
			return err_set(err, MLOPS_EFAIL, "cannot start a thread: %s", strerror(rc));
		}
	}
	*out = p;
	return 0;
}

void pool_add(struct pool *p, int (*run)(void *, struct mlops_error *), void *arg)
{
	pthread_mutex_lock(&p->lock);
	while (p->waiting == p->cap)
		pthread_cond_wait(&p->changed, &p->lock);
	p->queue[(p->head + p->waiting++) % p->cap] = (struct job){ run, arg };
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

bool pool_wait_for(struct pool *p, int64_t ms)
{
	int64_t end_ns = clock_mono_ns() + ms * 1000000;
	struct timespec end = { end_ns / 1000000000, end_ns % 1000000000 };
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	while ((p->waiting || p->running) && rc != ETIMEDOUT)
		rc = pthread_cond_clockwait(&p->changed, &p->lock, CLOCK_MONOTONIC, &end);
	bool ended = !p->waiting && !p->running;
	pthread_mutex_unlock(&p->lock);
	return ended;
}

int pool_wait(struct pool *p, struct mlops_error *err)
{
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	while (p->waiting || p->running)
		pthread_cond_wait(&p->changed, &p->lock);
	if (p->first.kind)
		rc = err_move(err, &p->first);
	pthread_mutex_unlock(&p->lock);
	return rc;
}

void pool_free(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
	mlops_error_clear(&p->first);
	free(p->queue);
	free(p);
}

/* Each thread takes the next index until none is left. */
struct each {
	size_t n;
	atomic_size_t next;
	int (*one)(size_t i, void *arg, struct mlops_error *err);
	void *arg;
};

static int run_each(void *arg, struct mlops_error *err)
{
	struct each *e = arg;
	size_t i;

	while ((i = atomic_fetch_add(&e->next, 1)) < e->n) {
		if (!e->one(i, e->arg, err))
			continue;
		atomic_store(&e->next, e->n);
		return -1;
	}
	return 0;
}

int pool_each(unsigned threads, size_t n, int (*one)(size_t, void *, struct mlops_error *),
	      void *arg, struct mlops_error *err)
{
	struct each e = { .n = n, .one = one, .arg = arg };
	struct pool *pool;

	if (threads > n)
		threads = (unsigned)n;
	if (threads <= 1)
		return run_each(&e, err);
	if (pool_new(threads, threads, &pool, err))
		return -1;
	for (unsigned i = 0; i < threads; i++)
		pool_add(pool, run_each, &e);
	int rc = pool_wait(pool, err);
	pool_free(pool);
	return rc;
}
