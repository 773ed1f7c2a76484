/* Predictions that are made beside the ones that are answered, and compared with them. */
#include <math.h>

#include "base/clock.h"
#include "serve/gateway.h"
#include "serve/gateway/front.h"
#include "serve/gateway/job.h"

#define TOLERANCE 1e-6 /* relative, and absolute below 1 */

static bool is_same(struct json *a, struct json *b);

static bool same_lists(const struct json *a, const struct json *b)
{
	if (js_len(a) != js_len(b))
		return false;
	for (size_t i = 0; i < js_len(a); i++)
		if (!is_same(js_at(a, i), js_at(b, i)))
			return false;
	return true;
}

static bool same_objects(struct json *a, struct json *b)
{
	const char *name;
	struct json *value;

	if (js_len(a) != js_len(b))
		return false;
	for (void *i = NULL; js_next(a, &i, &name, &value);)
		if (!js_get(b, name) || !is_same(value, js_get(b, name)))
			return false;
	return true;
}

static bool is_same(struct json *a, struct json *b)
{
	double x, y;

	if (js_to_num(a, &x) && js_to_num(b, &y))
		return fabs(x - y) <= TOLERANCE * fmax(1, fmax(fabs(x), fabs(y)));
	if (js_type(a) != js_type(b))
		return false;
	switch (js_type(a)) {
	case JSON_ARR:
		return same_lists(a, b);
	case JSON_OBJ:
		return same_objects(a, b);
	case JSON_STR:
		return !strcmp(js_text(a), js_text(b));
	default:
		return true;
	}
}

static void compare(struct job *j)
{
	struct live_revision *r = j->revision;

	if (j->prediction.outcome)
		atomic_fetch_add(&r->failed, 1);
	else
		atomic_fetch_add(is_same(j->prediction.values, j->expected) ? &r->same : &r->different, 1);
	metrics_time(&r->times, clock_mono_ns() - j->started_ns);
	job_end(j);
}

static void compare_task(struct task *t)
{
	compare((struct job *)t);
}

void shadow_start(struct front *f, struct live_revision *revision, struct json *rows,
		  struct json *values)
{
	struct job *j = xcalloc(1, sizeof(*j));

	*j = (struct job){
		.task.run = compare_task,
		.front = f,
		.revision = revision,
		.expected = js_ref(values),
		.started_ns = clock_mono_ns(),
		.prediction = { .rows = js_ref(rows),
				.deadline_ms = f->loop.now_ms + f->gateway->request_timeout_ms,
				.done = job_done_elsewhere },
	};
	atomic_fetch_add(&f->gateway->metrics->in_flight, 1);
	if (revision->kind->predict(revision->workers, &j->prediction))
		compare(j);
}
