/*
 * The engine's thread and its callers. A caller hands its job over under the engine's lock and
 * waits; body bytes pass through the job's two streams, under the job's lock. When a stream is
 * full or empty, curl is told to pause that transfer, and the caller wakes it up again.
 */
#include "http/engine.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/thread.h"
#include "http/exchange.h"
#include "http/stream.h"
#include "http/window.h"

#define STREAM_BYTES ((size_t)512 << 10)
#define TICK_MS      250 /* how often stalled transfers are looked for */
#define IDLE_MS      60000
#define THROTTLED_MS 20
#define BURST_MS     250 /* of unused rate that may be made up for */
#define MAX_CONNECTS 128L

struct job {
	struct exchange x; /* first: callbacks get it */
	struct http_engine *engine;
	struct mlops_error err; /* of the engine's thread */
	struct job *next;       /* in the queue */
	pthread_mutex_t lock;   /* guards what follows */
	pthread_cond_t changed;
	struct stream down, up;
	bool down_paused, up_paused, done;
	int rc;
	atomic_bool cancel, wake; /* set by the caller */
	bool throttled;           /* of the engine's thread */
};

typedef VEC(struct job *) job_vec;

struct http_engine {
	struct http_engine_how how;
	pthread_mutex_t lock; /* guards what follows */
	pthread_t thread;
	bool running, stopping;
	struct job *first, **last;
	CURLM *multi; /* made before the thread starts */
	/* Of the engine's thread: */
	job_vec active;
	VEC(CURL *) idle;
	struct http_window window;
	double budget; /* bytes that may be moved now */
	int64_t refilled_ms, looked_ms;
};

struct http_engine *http_engine_new(const struct http_engine_how *how)
{
	struct http_engine *e = xcalloc(1, sizeof(*e));

	e->how = *how;
	e->last = &e->first;
	pthread_mutex_init(&e->lock, NULL);
	return e;
}

static bool may_move(const struct http_engine *e)
{
	return !e->how.rate || e->budget > 0;
}

/* Bytes from the network on their way to the caller: all of them, or none and a pause. */
static size_t deliver(struct exchange *x, const char *buf, size_t n)
{
	struct job *j = (struct job *)x;
	size_t part, done = 0;

	j->throttled = !may_move(j->engine);
	if (j->throttled)
		return CURL_WRITEFUNC_PAUSE;
	pthread_mutex_lock(&j->lock);
	j->down_paused = j->down.cap - j->down.n < n;
	while (!j->down_paused && done < n) {
		char *room = stream_room(&j->down, &part);

		part = part < n - done ? part : n - done;
		memcpy(room, buf + done, part);
		stream_added(&j->down, part);
		done += part;
	}
	pthread_cond_signal(&j->changed);
	pthread_mutex_unlock(&j->lock);
	if (!done)
		return CURL_WRITEFUNC_PAUSE;
	j->engine->budget -= (double)n;
	return n;
}

static size_t supply(struct exchange *x, char *buf, size_t n)
{
	struct job *j = (struct job *)x;
	size_t part;

	j->throttled = !may_move(j->engine);
	if (j->throttled)
		return CURL_READFUNC_PAUSE;
	pthread_mutex_lock(&j->lock);
	const char *from = stream_filled(&j->up, &part);
	part = part < n ? part : n;
	if (from) {
		memcpy(buf, from, part);
		stream_taken(&j->up, part);
	}
	j->up_paused = !from && !j->up.ended;
	pthread_cond_signal(&j->changed);
	bool paused = j->up_paused;
	pthread_mutex_unlock(&j->lock);
	j->engine->budget -= (double)part;
	return paused ? CURL_READFUNC_PAUSE : part;
}

static const struct exchange_ways ways = { deliver, supply };

static bool is_overload(const struct job *j)
{
	if (j->rc)
		return j->err.kind == MLOPS_EREMOTE && j->x.out->why == HTTP_FAILED;
	return j->x.out->status == 429 || j->x.out->status == 503;
}

/* Gives the job back to its caller; it must not be touched after. */
static void finish(struct http_engine *e, size_t i, CURLcode code)
{
	struct job *j = e->active.v[i];
	int64_t now = clock_mono_ms();

	curl_multi_remove_handle(e->multi, j->x.curl);
	j->rc = exchange_end(&j->x, code);
	vec_push(&e->idle, j->x.curl);
	e->active.v[i] = e->active.v[--e->active.n];
	if (j->x.req->body)
		e->budget -= (double)j->x.req->body_len;
	if (!atomic_load(&j->cancel) && is_overload(j))
		window_overload(&e->window, now);
	window_done(&e->window, j->x.received + j->x.req->body_len, now);
	pthread_mutex_lock(&j->lock);
	j->done = true;
	pthread_cond_signal(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

static void begin(struct http_engine *e, struct job *j)
{
	j->x.curl = e->idle.n ? e->idle.v[--e->idle.n] : curl_easy_init();
	vec_push(&e->active, j);
	if (!j->x.curl)
		abort(); /* no memory */
	exchange_begin(&j->x);
	curl_easy_setopt(j->x.curl, CURLOPT_PRIVATE, j);
	if (curl_multi_add_handle(e->multi, j->x.curl))
		finish(e, e->active.n - 1, CURLE_FAILED_INIT);
}

/* Starts what has a place; false when the engine is to stop. */
static bool take_jobs(struct http_engine *e)
{
	pthread_mutex_lock(&e->lock);
	while (e->first && e->active.n < e->window.size && may_move(e)) {
		struct job *j = e->first;

		e->first = j->next;
		if (!e->first)
			e->last = &e->first;
		begin(e, j);
	}
	if (e->first)
		window_wait(&e->window);
	bool go_on = !e->stopping;
	pthread_mutex_unlock(&e->lock);
	return go_on;
}

static void refill(struct http_engine *e, int64_t now)
{
	double rate = (double)e->how.rate / 1000, burst = rate * BURST_MS;

	e->budget += rate * (double)(now - e->refilled_ms);
	e->budget = e->budget < burst ? e->budget : burst;
	e->refilled_ms = now;
}

static bool is_paused(struct job *j)
{
	pthread_mutex_lock(&j->lock);
	bool paused = j->down_paused || j->up_paused || j->throttled;
	pthread_mutex_unlock(&j->lock);
	return paused;
}

static void look_for_stalled(struct http_engine *e, int64_t now)
{
	if (now - e->looked_ms < TICK_MS)
		return;
	e->looked_ms = now;
	for (size_t i = e->active.n; i-- > 0;) {
		struct job *j = e->active.v[i];

		if (is_paused(j))
			j->x.moved_at_ms = now;
		else if (exchange_is_stalled(&j->x, now))
			finish(e, i, CURLE_OPERATION_TIMEDOUT);
	}
}

/* What the callers asked for since: to end a transfer, or to go on with it. */
static void heed_callers(struct http_engine *e)
{
	for (size_t i = e->active.n; i-- > 0;) {
		struct job *j = e->active.v[i];

		if (atomic_load(&j->cancel))
			finish(e, i, CURLE_ABORTED_BY_CALLBACK);
		else if (atomic_exchange(&j->wake, false) || (j->throttled && may_move(e)))
			curl_easy_pause(j->x.curl, CURLPAUSE_CONT);
	}
}

static void reap(struct http_engine *e)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(e->multi, &left))) {
		for (size_t i = 0; msg->msg == CURLMSG_DONE && i < e->active.n; i++) {
			if (e->active.v[i]->x.curl != msg->easy_handle)
				continue;
			finish(e, i, msg->data.result);
			break;
		}
	}
}

/* What ended just now may have made a place for what waits, and nothing else would tell. */
static int wait_ms(struct http_engine *e)
{
	pthread_mutex_lock(&e->lock);
	bool queued = e->first != NULL;
	pthread_mutex_unlock(&e->lock);
	if (!may_move(e))
		return THROTTLED_MS;
	if (queued && e->active.n < e->window.size)
		return 0;
	return e->active.n ? TICK_MS : IDLE_MS;
}

static void *run(void *arg)
{
	struct http_engine *e = arg;
	int running;

	e->refilled_ms = clock_mono_ms();
	window_init(&e->window, e->how.jobs, e->refilled_ms);
	while (take_jobs(e)) {
		int64_t now = clock_mono_ms();

		refill(e, now);
		heed_callers(e);
		look_for_stalled(e, now);
		curl_multi_perform(e->multi, &running);
		reap(e);
		curl_multi_poll(e->multi, NULL, 0, wait_ms(e), NULL);
	}
	return NULL;
}

static int start_thread(struct http_engine *e, struct mlops_error *err)
{
	e->multi = curl_multi_init();
	if (!e->multi)
		return err_set(err, MLOPS_EFAIL, "cannot start libcurl");
	curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, MAX_CONNECTS);
	if (thread_start(&e->thread, run, e, err))
		return -1;
	e->running = true;
	return 0;
}

static int submit(struct http_engine *e, struct job *j, struct mlops_error *err)
{
	pthread_mutex_lock(&e->lock);
	int rc = e->running ? 0 : start_thread(e, err);
	if (!rc) {
		*e->last = j;
		e->last = &j->next;
	}
	pthread_mutex_unlock(&e->lock);
	if (!rc)
		curl_multi_wakeup(e->multi);
	return rc;
}

static void wake(struct job *j)
{
	atomic_store(&j->wake, true);
	curl_multi_wakeup(j->engine->multi);
}

/* What a caller does next: it owns `from` or `room` until it says so. */
struct work {
	char *from, *room;
	size_t n;
	bool done;
};

static struct work wait_for_work(struct job *j, uint64_t left)
{
	struct work w = { 0 };

	pthread_mutex_lock(&j->lock);
	for (;;) {
		w.from = stream_filled(&j->down, &w.n);
		if (w.from || j->done)
			break;
		if (left && j->up.n <= j->up.cap / 2)
			w.room = stream_room(&j->up, &w.n);
		if (w.room)
			break;
		pthread_cond_wait(&j->changed, &j->lock);
	}
	w.done = j->done && !w.from;
	pthread_mutex_unlock(&j->lock);
	return w;
}

static int drain(struct job *j, const struct work *w, struct mlops_error *err)
{
	int rc = j->x.req->write(w->from, w->n, j->x.req->write_arg, err);

	pthread_mutex_lock(&j->lock);
	stream_taken(&j->down, w->n);
	bool resume = j->down_paused && j->down.n <= j->down.cap / 2;
	if (resume)
		j->down_paused = false;
	pthread_mutex_unlock(&j->lock);
	if (resume)
		wake(j);
	return rc;
}

static int fill(struct job *j, const struct work *w, uint64_t *left, struct mlops_error *err)
{
	size_t want = w->n < *left ? w->n : (size_t)*left;
	ssize_t got = j->x.req->read(w->room, want, j->x.req->read_arg, err);

	if (!got)
		return err_set(err, MLOPS_EFAIL, "the body ends before its length");
	if (got < 0)
		return -1;
	*left -= (uint64_t)got;
	pthread_mutex_lock(&j->lock);
	stream_added(&j->up, (size_t)got);
	j->up.ended = !*left;
	bool resume = j->up_paused;
	j->up_paused = false;
	pthread_mutex_unlock(&j->lock);
	if (resume)
		wake(j);
	return 0;
}

/* Moves body bytes until the engine is done with the job; -1 when a callback failed. */
static int pump(struct job *j, uint64_t left, struct mlops_error *err)
{
	int rc = 0;

	for (;;) {
		struct work w = wait_for_work(j, left);

		if (w.done)
			return rc;
		if (rc && w.from) {
			pthread_mutex_lock(&j->lock);
			stream_taken(&j->down, w.n);
			pthread_mutex_unlock(&j->lock);
			continue;
		}
		rc = w.from ? drain(j, &w, err) : fill(j, &w, &left, err);
		if (!rc)
			continue;
		left = 0;
		atomic_store(&j->cancel, true);
		wake(j);
	}
}

static size_t at_most(size_t n)
{
	return n < STREAM_BYTES ? n : STREAM_BYTES;
}

static int run_job(struct http_engine *e, struct job *j, struct mlops_error *err)
{
	const struct http_request *req = j->x.req;
	uint64_t left = req->read ? req->body_len : 0;

	j->up.ended = !left;
	if (left) {
		struct work w = { 0 };

		w.room = stream_room(&j->up, &w.n);
		if (fill(j, &w, &left, err))
			return -1;
	}
	if (submit(e, j, err))
		return -1;
	if (pump(j, left, err))
		return -1;
	return j->rc ? err_move(err, &j->err) : 0;
}

int http_engine_exchange(struct http_engine *e, const struct http_request *req,
			 struct http_response *out, struct mlops_error *err)
{
	struct job j = { .x = { .req = req, .out = out, .ways = &ways }, .engine = e };

	*out = (struct http_response){ .length = -1 };
	if (exchange_start_curl(err))
		return -1;
	j.x.err = &j.err;
	j.down.cap = at_most(req->max_body ? req->max_body : STREAM_BYTES);
	j.up.cap = at_most(req->body_len);
	pthread_mutex_init(&j.lock, NULL);
	pthread_cond_init(&j.changed, NULL);
	int rc = run_job(e, &j, err);
	pthread_mutex_destroy(&j.lock);
	pthread_cond_destroy(&j.changed);
	mlops_error_clear(&j.err);
	free(j.down.buf);
	free(j.up.buf);
	return rc;
}

void http_engine_free(struct http_engine *e)
{
	if (!e)
		return;
	if (e->running) {
		pthread_mutex_lock(&e->lock);
		e->stopping = true;
		pthread_mutex_unlock(&e->lock);
		curl_multi_wakeup(e->multi);
		pthread_join(e->thread, NULL);
	}
	for (size_t i = 0; i < e->idle.n; i++)
		curl_easy_cleanup(e->idle.v[i]);
	vec_free(&e->idle);
	vec_free(&e->active);
	if (e->multi)
		curl_multi_cleanup(e->multi);
	pthread_mutex_destroy(&e->lock);
	free(e);
}
