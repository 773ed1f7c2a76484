/* Counting references to revisions, and retiring the old ones on a thread of its own. */
#include "serve/revision.h"

#include <errno.h>
#include <inttypes.h>
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
	struct live_revision *live;
	struct live_revision *retired;
	struct traffic traffic;
	uint64_t chance;
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

/* Takes those out that have no part in the traffic; with the lock. */
static void retire_others(struct revision_holder *h)
{
	struct live_revision **at = &h->live, *r;

	while ((r = *at)) {
		if (traffic_has(&h->traffic, r->model.revision)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		r->refs--;
		r->next = h->retired;
		h->retired = r;
	}
	pthread_cond_broadcast(&h->changed);
}

static struct live_revision *find_live(struct revision_holder *h, int64_t number)
{
	struct live_revision *r = h->live;

	while (r && r->model.revision != number)
		r = r->next;
	return r;
}

/* Adds one that has come up; it gets all the traffic, or none. */
static void add_live(struct revision_holder *h, struct live_revision *r, bool beside)
{
	pthread_mutex_lock(&h->lock);
	if (!beside) {
		traffic_clear(&h->traffic);
		retire_others(h);
	}
	if (h->live)
		traffic_add(&h->traffic, r->model.revision, 0);
	else
		traffic_set_all(&h->traffic, r->model.revision);
	r->next = h->live;
	h->live = r;
	pthread_mutex_unlock(&h->lock);
}

void revision_holder_free(struct revision_holder *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	traffic_clear(&h->traffic);
	retire_others(h);
	h->closing = true;
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->retirer, NULL);
	pthread_mutex_destroy(&h->switching);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->changed);
	free(h);
}

static struct live_revision *hold_live(struct revision_holder *h, int64_t number)
{
	struct live_revision *r = find_live(h, number);

	if (r)
		r->refs++;
	return r;
}

/* Knuth's linear congruential generator: its upper half is as even as traffic needs. */
static uint64_t roll(struct revision_holder *h)
{
	h->chance = h->chance * 6364136223846793005u + 1442695040888963407u;
	return h->chance >> 33;
}

struct live_revision *revision_choose(struct revision_holder *h, const struct http_message *m)
{
	pthread_mutex_lock(&h->lock);
	struct live_revision *r = hold_live(h, traffic_choose(&h->traffic, m, roll(h)));
	pthread_mutex_unlock(&h->lock);
	return r;
}

struct live_revision *revision_shadow(struct revision_holder *h)
{
	struct live_revision *r = NULL;

	pthread_mutex_lock(&h->lock);
	if (h->traffic.shadow && (int64_t)(roll(h) % 100) < h->traffic.shadow_percent)
		r = hold_live(h, h->traffic.shadow);
	pthread_mutex_unlock(&h->lock);
	return r;
}

struct live_revision *revision_current(struct revision_holder *h)
{
	pthread_mutex_lock(&h->lock);
	struct live_revision *r = hold_live(h, traffic_main(&h->traffic));
	pthread_mutex_unlock(&h->lock);
	return r;
}

void revision_record(struct live_revision *r, int status, int64_t duration_ns)
{
	if (status >= 100 && status < 600)
		atomic_fetch_add(&r->answers[status / 100 - 1], 1);
	metrics_time(&r->times, duration_ns);
}

static int check_live(struct revision_holder *h, const struct traffic *t, struct mlops_error *err)
{
	for (size_t i = 0; i < t->n; i++)
		if (!find_live(h, t->shares[i].revision))
			return err_set(err, MLOPS_ENOTFOUND, "revision %" PRId64 " does not serve here",
				       t->shares[i].revision);
	const struct live_revision *shadow = find_live(h, t->shadow);
	if (t->shadow && (!shadow || !shadow->kind->predict))
		return err_set(err, MLOPS_ENOTFOUND, "revision %" PRId64 " cannot be a shadow here",
			       t->shadow);
	return 0;
}

int revision_share(struct revision_holder *h, struct traffic *t, struct mlops_error *err)
{
	pthread_mutex_lock(&h->lock);
	int rc = check_live(h, t, err);
	if (!rc) {
		traffic_clear(&h->traffic);
		h->traffic = *t;
		*t = (struct traffic){ 0 };
		retire_others(h);
	}
	pthread_mutex_unlock(&h->lock);
	traffic_clear(t);
	return rc;
}

static int64_t weight_of(const struct traffic *t, int64_t revision)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->shares[i].revision == revision)
			return t->shares[i].weight;
	return 0;
}

void revision_each(struct revision_holder *h,
		   void (*fn)(struct live_revision *r, int64_t weight, bool shadow, void *arg),
		   void *arg)
{
	pthread_mutex_lock(&h->lock);
	for (struct live_revision *r = h->live; r; r = r->next)
		fn(r, weight_of(&h->traffic, r->model.revision), r->model.revision == h->traffic.shadow,
		   arg);
	pthread_mutex_unlock(&h->lock);
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

static int check_beside(struct revision_holder *h, int64_t number, struct mlops_error *err)
{
	size_t n = 0;

	pthread_mutex_lock(&h->lock);
	for (struct live_revision *r = h->live; r; r = r->next)
		n++;
	bool there = find_live(h, number);
	pthread_mutex_unlock(&h->lock);
	if (there)
		return err_set(err, MLOPS_EEXISTS, "revision %" PRId64 " serves already", number);
	return n < TRAFFIC_MAX ? 0 :
				 err_set(err, MLOPS_EINVALID, "%d revisions serve beside each other already",
					 TRAFFIC_MAX);
}

int revision_switch(struct revision_holder *h, const struct revision_how *how,
		    struct mlops_error *err)
{
	struct live_revision *r;

	if (check_how(how, err))
		return -1;
	pthread_mutex_lock(&h->switching);
	if (how->beside && check_beside(h, how->model.revision, err)) {
		pthread_mutex_unlock(&h->switching);
		return -1;
	}
	set_starting(h, how->model.revision);
	int rc = start(h, how, &r, err);
	if (!rc)
		add_live(h, r, how->beside);
	else
		err->kind = MLOPS_ENO; /* whatever kept it from serving, its gate did not pass */
	set_starting(h, 0);
	pthread_mutex_unlock(&h->switching);
	return rc;
}
