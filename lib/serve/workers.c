/*
 * A slot's worker belongs to the supervisor thread, except while the slot is SLOT_BUSY: then its
 * channel belongs to the thread that took it. Only the supervisor starts and reaps processes.
 */
#include "serve/workers.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/worker.h"

#define GRACE_MS       2000 /* for workers to end by themselves */
#define BACKOFF_MS     100  /* before the second restart in a row; doubles up to */
#define BACKOFF_MAX_MS 30000
#define PROVEN_MS      10000 /* a worker that was ready this long starts a new row */

enum slot_state {
	SLOT_DOWN,     /* no process; started again at `at_ms` */
	SLOT_STARTING, /* loads the model; must be done by `at_ms` */
	SLOT_IDLE,     /* ready since `at_ms` */
	SLOT_BUSY,
	SLOT_BROKEN, /* the supervisor is to end it */
};

struct slot {
	struct worker worker;
	enum slot_state state;
	int64_t at_ms;
	unsigned failures; /* in a row */
};

struct workers {
	struct workers_how how;
	char *model_dir;
	pthread_t supervisor;
	int wake_fd; /* eventfd: tells the supervisor to look at the slots */
	struct pollfd *polled;
	pthread_mutex_t lock; /* guards what follows, and the slots' states */
	pthread_cond_t changed;
	struct slot *slots;
	bool stopping;
	bool started;               /* all were ready once: from now on failures are retried */
	struct mlops_error failure; /* of the first start */
};

static void wake(struct workers *w)
{
	(void)!write(w->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

static void set_state(struct workers *w, struct slot *s, enum slot_state state, int64_t at_ms)
{
	pthread_mutex_lock(&w->lock);
	s->state = state;
	s->at_ms = at_ms;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static enum slot_state get_state(struct workers *w, const struct slot *s)
{
	pthread_mutex_lock(&w->lock);
	enum slot_state state = s->state;
	pthread_mutex_unlock(&w->lock);
	return state;
}

/* ---- the supervisor ---- */

static void keep_failure(struct workers *w, struct mlops_error *why)
{
	pthread_mutex_lock(&w->lock);
	if (!w->started && !w->failure.kind)
		err_move(&w->failure, why);
	pthread_mutex_unlock(&w->lock);
}

/* When to start the next worker of a slot; never when the first ones did not come up. */
static int64_t restart_at(struct workers *w, struct slot *s, int64_t ready_for_ms)
{
	pthread_mutex_lock(&w->lock);
	bool started = w->started;
	pthread_mutex_unlock(&w->lock);
	if (!started)
		return INT64_MAX;
	if (ready_for_ms >= PROVEN_MS)
		s->failures = 0;
	unsigned n = s->failures++;
	int64_t ms = n ? (int64_t)BACKOFF_MS << (n > 16 ? 16 : n - 1) : 0;
	return clock_mono_ms() + (ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS);
}

/* Ends the slot's worker, which failed with `why` (no kind: while it served), and plans the next. */
static void slot_failed(struct workers *w, struct slot *s, struct mlops_error *why)
{
	int64_t ready_for = s->state == SLOT_STARTING ? 0 : clock_mono_ms() - s->at_ms;
	int pid = (int)s->worker.pid;
	autofree char *how = worker_end(&s->worker);

	if (why->kind == MLOPS_EFAIL)
		err_set(why, MLOPS_EFAIL, "%s: it %s", why->msg, how);
	log_warn("worker %d: %s", pid, why->kind ? why->msg : how);
	keep_failure(w, why);
	set_state(w, s, SLOT_DOWN, restart_at(w, s, ready_for));
}

static void slot_start(struct workers *w, struct slot *s)
{
	autoerr err = ERR_INIT;

	if (s->failures)
		atomic_fetch_add(w->how.restarts, 1);
	if (!worker_start(&s->worker, w->model_dir, &err)) {
		set_state(w, s, SLOT_STARTING, clock_mono_ms() + w->how.start_timeout_ms);
		return;
	}
	log_error("%s", err.msg);
	keep_failure(w, &err);
	set_state(w, s, SLOT_DOWN, restart_at(w, s, 0));
}

static void slot_finish_start(struct workers *w, struct slot *s, bool answered)
{
	autoerr err = ERR_INIT;

	if (!answered)
		err_set(&err, MLOPS_EINVALID, "the model did not load within %" PRId64 " ms",
			w->how.start_timeout_ms);
	else if (!worker_read_ready(&s->worker, s->at_ms, &err))
		return set_state(w, s, SLOT_IDLE, clock_mono_ms());
	slot_failed(w, s, &err);
}

/* An idle worker ended; unless a call took it just now, and will see for itself. */
static void slot_died(struct workers *w, struct slot *s)
{
	pthread_mutex_lock(&w->lock);
	if (s->state == SLOT_IDLE)
		s->state = SLOT_BROKEN;
	pthread_mutex_unlock(&w->lock);
}

/* What poll() said of one slot: its log, its process, its channel. */
static void slot_tend(struct workers *w, struct slot *s, const struct pollfd *p)
{
	autoerr died = ERR_INIT;
	bool ended = p[1].revents, spoke = p[2].revents;
	int64_t now = clock_mono_ms();

	if (p[0].revents)
		worker_read_log(&s->worker);
	if (ended)
		slot_died(w, s);
	switch (get_state(w, s)) {
	case SLOT_DOWN:
		if (now >= s->at_ms)
			slot_start(w, s);
		break;
	case SLOT_STARTING:
		if (ended || spoke || now >= s->at_ms)
			slot_finish_start(w, s, ended || spoke);
		break;
	case SLOT_BROKEN:
		slot_failed(w, s, &died);
		break;
	case SLOT_IDLE:
	case SLOT_BUSY:
		break;
	}
}

/* Fills in what to poll for one slot; returns by when it must be looked at in any case. */
static int64_t slot_watch(struct workers *w, const struct slot *s, struct pollfd *p)
{
	enum slot_state state = get_state(w, s);
	bool watched = state == SLOT_STARTING || state == SLOT_IDLE;

	p[0] = (struct pollfd){ .fd = s->worker.log_fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = watched ? s->worker.channel.pidfd : -1, .events = POLLIN };
	p[2] = (struct pollfd){ .fd = state == SLOT_STARTING ? s->worker.channel.fd : -1,
				.events = POLLIN };
	if (state == SLOT_BROKEN)
		return 0;
	return state == SLOT_DOWN || state == SLOT_STARTING ? s->at_ms : INT64_MAX;
}

static int poll_timeout(int64_t at_ms)
{
	int64_t left = at_ms - clock_mono_ms();

	if (at_ms == INT64_MAX)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* One turn of the supervisor; false when it is to stop. */
static bool supervise_once(struct workers *w)
{
	int64_t at_ms = INT64_MAX;
	uint64_t ignored;
	unsigned n = w->how.count;

	for (unsigned i = 0; i < n; i++) {
		int64_t slot_at = slot_watch(w, &w->slots[i], &w->polled[3 * i]);
		at_ms = slot_at < at_ms ? slot_at : at_ms;
	}
	w->polled[3 * n] = (struct pollfd){ .fd = w->wake_fd, .events = POLLIN };
	if (poll(w->polled, 3 * n + 1, poll_timeout(at_ms)) < 0)
		return true;
	if (w->polled[3 * n].revents)
		(void)!read(w->wake_fd, &ignored, sizeof(ignored));
	pthread_mutex_lock(&w->lock);
	bool stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < n && !stopping; i++)
		slot_tend(w, &w->slots[i], &w->polled[3 * i]);
	return !stopping;
}

static void wait_ended(const struct worker *worker, int64_t deadline_ms)
{
	struct pollfd p = { .fd = worker->channel.pidfd, .events = POLLIN };
	int64_t left = deadline_ms - clock_mono_ms();

	if (p.fd >= 0 && left > 0)
		poll(&p, 1, (int)left);
}

/* Workers that have loaded their model end when the channel closes; others are killed. */
static void end_all(struct workers *w)
{
	int64_t deadline = clock_mono_ms() + GRACE_MS;

	for (unsigned i = 0; i < w->how.count; i++)
		if (w->slots[i].state == SLOT_IDLE)
			worker_hang_up(&w->slots[i].worker);
	for (unsigned i = 0; i < w->how.count; i++) {
		struct slot *s = &w->slots[i];

		if (s->state == SLOT_IDLE)
			wait_ended(&s->worker, deadline);
		if (s->state != SLOT_DOWN)
			free(worker_end(&s->worker));
	}
}

static void *supervise(void *arg)
{
	struct workers *w = arg;

	while (supervise_once(w))
		;
	end_all(w);
	return NULL;
}

/* ---- starting and stopping ---- */

static unsigned count_ready(const struct workers *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->how.count; i++)
		n += w->slots[i].state == SLOT_IDLE || w->slots[i].state == SLOT_BUSY;
	return n;
}

static void workers_free(struct workers *w)
{
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
	mlops_error_clear(&w->failure);
	free(w->polled);
	free(w->slots);
	free(w->model_dir);
	free(w);
}

static struct workers *workers_new(const struct workers_how *how)
{
	struct workers *w = xcalloc(1, sizeof(*w));
	pthread_condattr_t attr;

	w->how = *how;
	w->model_dir = xstrdup(how->model_dir);
	w->slots = xcalloc(how->count, sizeof(*w->slots));
	w->polled = xcalloc(3 * (size_t)how->count + 1, sizeof(*w->polled));
	for (unsigned i = 0; i < how->count; i++)
		w->slots[i].worker = (struct worker)WORKER_NONE;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w;
}

static int wait_started(struct workers *w, struct mlops_error *err)
{
	pthread_mutex_lock(&w->lock);
	while (!w->failure.kind && count_ready(w) < w->how.count)
		pthread_cond_wait(&w->changed, &w->lock);
	int rc = w->failure.kind ? err_move(err, &w->failure) : 0;
	w->started = !rc;
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int workers_start(const struct workers_how *how, struct workers **out, struct mlops_error *err)
{
	struct workers *w = workers_new(how);

	if (w->wake_fd < 0 || (errno = pthread_create(&w->supervisor, NULL, supervise, w))) {
		err_sys(err, "cannot start the supervisor of the workers");
		workers_free(w);
		return -1;
	}
	if (wait_started(w, err)) {
		workers_stop(w);
		return -1;
	}
	*out = w;
	return 0;
}

void workers_stop(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_mutex_unlock(&w->lock);
	wake(w);
	pthread_join(w->supervisor, NULL);
	workers_free(w);
}

/* ---- calls ---- */

static bool has_ended(const struct worker *worker)
{
	struct pollfd p = { .fd = worker->channel.pidfd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* A worker that died while idle is passed over: nothing was sent to it yet. */
static struct slot *find_idle(struct workers *w)
{
	for (unsigned i = 0; i < w->how.count; i++) {
		struct slot *s = &w->slots[i];

		if (s->state != SLOT_IDLE)
			continue;
		if (!has_ended(&s->worker))
			return s;
		s->state = SLOT_BROKEN;
		wake(w);
	}
	return NULL;
}

static struct slot *take(struct workers *w, int64_t deadline_ms)
{
	const struct timespec until = { deadline_ms / 1000, deadline_ms % 1000 * 1000000 };
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	struct slot *s = find_idle(w);
	while (!s && !rc) {
		rc = pthread_cond_timedwait(&w->changed, &w->lock, &until);
		s = find_idle(w);
	}
	if (s)
		s->state = SLOT_BUSY;
	pthread_mutex_unlock(&w->lock);
	return s;
}

static void give_back(struct workers *w, struct slot *s, bool intact)
{
	pthread_mutex_lock(&w->lock);
	if (!intact)
		worker_kill(&s->worker);
	s->state = intact ? SLOT_IDLE : SLOT_BROKEN;
	if (intact)
		pthread_cond_signal(&w->changed);
	else
		wake(w);
	pthread_mutex_unlock(&w->lock);
}

static enum frame_outcome exchange(struct slot *s, struct str request, struct strbuf *reply,
				   int64_t deadline_ms)
{
	struct channel ch = s->worker.channel;
	enum frame_outcome rc = frame_send(ch, request.p, request.n, deadline_ms);

	return rc ? rc : frame_receive(ch, reply, deadline_ms);
}

enum workers_outcome workers_call(struct workers *w, struct str request, int64_t deadline_ms,
				  struct strbuf *reply)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		struct slot *s = take(w, deadline_ms);

		if (!s)
			return WORKERS_BUSY;
		enum frame_outcome rc = exchange(s, request, reply, deadline_ms);
		give_back(w, s, rc == FRAME_OK);
		if (rc == FRAME_OK)
			return WORKERS_OK;
		if (rc == FRAME_TIMEOUT)
			return WORKERS_TIMEOUT;
	}
	return WORKERS_CRASHED;
}

enum workers_outcome workers_predict(struct workers *w, const struct json *rows,
				     int64_t deadline_ms, struct strbuf *reply)
{
	autobuf request = { 0 };

	strbuf_adds(&request, "{\"rows\":");
	js_dump(rows, JS_COMPACT, &request);
	strbuf_addc(&request, '}');
	return workers_call(w, (struct str){ request.buf, request.len }, deadline_ms, reply);
}

unsigned workers_ready(struct workers *w)
{
	pthread_mutex_lock(&w->lock);
	unsigned n = count_ready(w);
	pthread_mutex_unlock(&w->lock);
	return n;
}
