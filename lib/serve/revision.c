/* Counting references to revisions, and retiring the old ones on a thread of its own. */
#include "serve/revision.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"

#define SAMPLE_MAX     (4u << 20)
#define WORKERS_MAX    256
#define TIMEOUT_MAX_MS 86400000
#define NAME_CHARS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

struct revision_holder {
	struct metrics *metrics;
	pthread_t retirer;
	pthread_mutex_t switching; /* held while one is being started */
	pthread_mutex_t lock;      /* guards what follows, and the revisions' refs */
	pthread_cond_t changed;
	struct live_revision *current;
	struct live_revision *retired;
	int64_t starting;
	bool closing;
};

static void revision_free(struct live_revision *r)
{
	r->kind->close(r->workers);
	free(r->name);
	free(r);
}

/* Takes one that nobody uses out of the retired list. */
static struct live_revision *take_unused(struct revision_holder *h)
{
	struct live_revision **at = &h->retired;

	while (*at && (*at)->refs)
		at = &(*at)->next;
	struct live_revision *r = *at;
	if (r)
		*at = r->next;
	return r;
}

static void *retire(void *arg)
{
	struct revision_holder *h = arg;

	pthread_mutex_lock(&h->lock);
	while (!h->closing || h->retired) {
		struct live_revision *r = take_unused(h);

		if (!r) {
			pthread_cond_wait(&h->changed, &h->lock);
			continue;
		}
		pthread_mutex_unlock(&h->lock);
		revision_free(r);
		pthread_mutex_lock(&h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

int revision_holder_new(struct metrics *metrics, struct revision_holder **out,
			struct mlops_error *err)
{
	struct revision_holder *h = xcalloc(1, sizeof(*h));

	h->metrics = metrics;
	pthread_mutex_init(&h->switching, NULL);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	if ((errno = pthread_create(&h->retirer, NULL, retire, h))) {
		err_sys(err, "cannot start a thread");
		free(h);
		return -1;
	}
	*out = h;
	return 0;
}

/* Makes `r` (or nothing) the current one; the one before is retired. */
static void make_current(struct revision_holder *h, struct live_revision *r)
{
	pthread_mutex_lock(&h->lock);
	struct live_revision *old = h->current;
	h->current = r;
	if (old) {
		old->refs--;
		old->next = h->retired;
		h->retired = old;
	}
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

void revision_holder_free(struct revision_holder *h)
{
	if (!h)
		return;
	make_current(h, NULL);
	pthread_mutex_lock(&h->lock);
	h->closing = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->retirer, NULL);
	pthread_mutex_destroy(&h->switching);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->changed);
	free(h);
}

struct live_revision *revision_current(struct revision_holder *h)
{
	pthread_mutex_lock(&h->lock);
	struct live_revision *r = h->current;
	if (r)
		r->refs++;
	pthread_mutex_unlock(&h->lock);
	return r;
}

struct live_revision *revision_hold(struct live_revision *r)
{
	pthread_mutex_lock(&r->holder->lock);
	r->refs++;
	pthread_mutex_unlock(&r->holder->lock);
	return r;
}

void revision_release(struct live_revision *r)
{
	struct revision_holder *h = r->holder;

	pthread_mutex_lock(&h->lock);
	if (!--r->refs)
		pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

int64_t revision_starting(struct revision_holder *h)
{
	pthread_mutex_lock(&h->lock);
	int64_t number = h->starting;
	pthread_mutex_unlock(&h->lock);
	return number;
}

static void set_starting(struct revision_holder *h, int64_t number)
{
	pthread_mutex_lock(&h->lock);
	h->starting = number;
	pthread_mutex_unlock(&h->lock);
}

static int predict_sample(const struct live_revision *r, struct json *rows, int64_t timeout_ms,
			  struct mlops_error *err)
{
	struct prediction p = { .rows = js_ref(rows), .deadline_ms = clock_mono_ms() + timeout_ms };

	worker_predict(r->kind, r->workers, &p);
	if (p.outcome == WORKERS_FAILED)
		err_set(err, MLOPS_ENO, "the model fails on 'sample.json': %s", p.err.msg);
	else if (p.outcome)
		err_set(err, MLOPS_ENO, "the worker gave no answer for 'sample.json'");
	prediction_clear(&p);
	return p.outcome ? -1 : 0;
}

/* The rows of sample.json, when the model's folder has one, must have predictions. */
static int check_sample(const struct live_revision *r, const struct revision_how *how,
			struct mlops_error *err)
{
	autofree char *path = path_join(how->model_dir, "sample.json");
	autobuf text = { 0 };
	autojson *rows = NULL;

	if (!r->kind->predict || !fs_exists(path))
		return 0;
	if (fs_read(path, SAMPLE_MAX, &text, err) ||
	    js_parse(text.buf, text.len, "sample.json", &rows, err))
		return -1;
	if (js_type(rows) != JSON_ARR)
		return err_set(err, MLOPS_ENO, "'sample.json' is not a list of rows");
	return predict_sample(r, rows, how->gateway->request_timeout_ms, err);
}

static int start(struct revision_holder *h, const struct revision_how *how,
		 struct live_revision **out, struct mlops_error *err)
{
	const struct workers_how workers_how = {
		.model_dir = how->model_dir,
		.count = (unsigned)how->workers,
		.max_waiting = (unsigned)how->gateway->queue,
		.batch_rows = (size_t)how->gateway->batch,
		.batch_ms = how->gateway->batch_ms,
		.start_timeout_ms = how->start_timeout_ms,
		.restarts = &h->metrics->restarts,
	};
	struct live_revision r = { .model = how->model, .holder = h, .refs = 1 /* the holder's */ };

	if (worker_kind_find(how->model_dir, &r.kind, err) ||
	    r.kind->open(&workers_how, &r.workers, err))
		return -1;
	if (check_sample(&r, how, err)) {
		r.kind->close(r.workers);
		return -1;
	}
	r.model.name = r.name = xstrdup(how->model.name);
	*out = xmemdup(&r, sizeof(r));
	return 0;
}

static bool is_timeout(int64_t ms)
{
	return ms >= 1 && ms <= TIMEOUT_MAX_MS;
}

/* The model's name goes into the paths of requests and the labels of metrics. */
static int check_how(const struct revision_how *how, struct mlops_error *err)
{
	size_t n = strlen(how->model.name);

	if (!n || strspn(how->model.name, NAME_CHARS) != n) {
		err_set(err, MLOPS_EUSAGE, "'%s' cannot name a model", how->model.name);
		return err_hint(err,
				"take letters, digits, '.', '_' and '-', and give it with --name");
	}
	if (how->workers < 1 || how->workers > WORKERS_MAX)
		return err_set(err, MLOPS_EUSAGE, "the number of workers is from 1 to %d",
			       WORKERS_MAX);
	if (!is_timeout(how->start_timeout_ms))
		return err_set(err, MLOPS_EUSAGE, "a time-out is from 1 ms to 1 day");
	return 0;
}

int revision_switch(struct revision_holder *h, const struct revision_how *how,
		    struct mlops_error *err)
{
	struct live_revision *r;

	if (check_how(how, err))
		return -1;
	pthread_mutex_lock(&h->switching);
	set_starting(h, how->model.revision);
	int rc = start(h, how, &r, err);
	if (!rc)
		make_current(h, r);
	else
		err->kind = MLOPS_ENO; /* whatever kept it from serving, its gate did not pass */
	set_starting(h, 0);
	pthread_mutex_unlock(&h->switching);
	return rc;
}
