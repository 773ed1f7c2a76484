/* The queue, its threads, and how many predictions these take at a time. */
#include "serve/workers/queue.h"

#include "base/clock.h"
#include "base/thread.h"

#define TRY_AGAIN 32

struct queue {
	struct queue_how how;
	pthread_t *threads;
	unsigned n_threads;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct prediction *first, **last;
	unsigned waiting;
	size_t limit; /* rows that go together, now */
	unsigned alone; /* predictions made while that is less than two */
	bool stopping;
};

static void finish(struct prediction *p, enum workers_outcome outcome)
{
	p->outcome = outcome;
	p->done(p);
}

static struct prediction *pop(struct queue *q)
{
	struct prediction *p = q->first;

	q->first = p->next;
	if (!q->first)
		q->last = &q->first;
	q->waiting--;
	p->next = NULL;
	return p;
}

/* The first that waits, and those behind it that fit in. */
static struct prediction *take(struct queue *q, size_t *rows)
{
	struct prediction *list = pop(q), **end = &list->next;

	*rows = js_len(list->rows);
	atomic_store(&list->begun, true);
	while (q->first && *rows + js_len(q->first->rows) <= q->limit) {
		struct prediction *p = pop(q);

		*rows += js_len(p->rows);
		atomic_store(&p->begun, true);
		*end = p;
		end = &p->next;
	}
	return list;
}

/*
 * Half as many after predictions that took too long together; a quarter more after those that did not,
 * when they were as many as may be. What a single one takes is not the batch's doing; two are tried
 * again now and then.
 */
static void learn(struct queue *q, size_t rows, bool together, int64_t ns)
{
	if (together && ns > q->how.batch_ms * 1000000)
		q->limit = rows / 2;
	else if (together && 2 * rows > q->limit)
		q->limit += q->limit / 4 + 1;
	else if (q->limit < 2 && ++q->alone % TRY_AGAIN == 0)
		q->limit = 2;
	if (q->limit > q->how.batch_rows)
		q->limit = q->how.batch_rows;
}

/* Those that nobody waits for any more are not worth the work. */
static struct prediction *drop_unwanted(struct prediction *list)
{
	struct prediction *kept = NULL, **end = &kept;
	int64_t now = clock_mono_ms();

	while (list) {
		struct prediction *p = list;

		list = p->next;
		p->next = NULL;
		if (now >= p->deadline_ms || atomic_load(&p->cancelled)) {
			finish(p, WORKERS_BUSY);
			continue;
		}
		*end = p;
		end = &p->next;
	}
	return kept;
}

static void work(struct queue *q, struct prediction *list)
{
	list = drop_unwanted(list);
	if (list)
		q->how.work(list, q->how.arg);
	while (list) {
		struct prediction *next = list->next; /* done() may free it */

		list->done(list);
		list = next;
	}
}

static void *run(void *arg)
{
	struct queue *q = arg;
	size_t rows;

	pthread_mutex_lock(&q->lock);
	while (!q->stopping) {
		if (!q->first) {
			pthread_cond_wait(&q->changed, &q->lock);
			continue;
		}
		struct prediction *list = take(q, &rows);
		pthread_mutex_unlock(&q->lock);
		bool together = list->next;
		int64_t began = clock_mono_ns();
		work(q, list);
		int64_t took = clock_mono_ns() - began;
		pthread_mutex_lock(&q->lock);
		learn(q, rows, together, took);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

int queue_start(const struct queue_how *how, struct queue **out, struct mlops_error *err)
{
	struct queue *q = xcalloc(1, sizeof(*q));

	q->how = *how;
	q->last = &q->first;
	q->limit = how->batch_rows;
	q->threads = xcalloc(how->threads, sizeof(*q->threads));
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	for (; q->n_threads < how->threads; q->n_threads++)
		if (thread_start(&q->threads[q->n_threads], run, q, err)) {
			queue_stop(q);
			return -1;
		}
	*out = q;
	return 0;
}

void queue_stop(struct queue *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->stopping = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	for (unsigned i = 0; i < q->n_threads; i++)
		pthread_join(q->threads[i], NULL);
	while (q->first)
		finish(pop(q), WORKERS_BUSY);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->changed);
	free(q->threads);
	free(q);
}

bool queue_add(struct queue *q, struct prediction *p)
{
	p->next = NULL;
	pthread_mutex_lock(&q->lock);
	bool fits = q->waiting < q->how.max_waiting;
	if (fits) {
		*q->last = p;
		q->last = &p->next;
		q->waiting++;
		pthread_cond_signal(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return fits;
}
