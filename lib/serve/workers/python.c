/*
 * predict.py, or an MLflow model, in processes of their own (workers.h), each with a thread that brings it predictions.
 * Those of several requests go as one, and come apart again by their number of rows; when that
 * fails, each goes by itself, so that one request cannot spoil another.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "serve/workers/queue.h"

struct python {
	struct workers *workers;
	struct queue *queue;
};

static bool python_takes(const char *model)
{
	autofree char *program = path_join(model, "predict.py");

	return fs_exists(program);
}

static enum workers_outcome read_answer(const struct strbuf *answer, struct json **values,
					struct mlops_error *err)
{
	autojson *v = NULL;

	if (js_parse(answer->buf, answer->len, "the worker's answer", &v, err))
		return WORKERS_FAILED;
	struct json *list = js_get(v, "predictions");
	if (js_type(list) == JSON_ARR) {
		*values = js_ref(list);
		return WORKERS_OK;
	}
	const char *why = js_get_text(v, "error");
	err_set(err, MLOPS_EFAIL, "%s", why ? why : "the worker's answer has no predictions");
	return WORKERS_FAILED;
}

static enum workers_outcome ask(struct python *y, const struct json *rows, int64_t deadline_ms,
				struct json **values, struct mlops_error *err)
{
	autobuf answer = { 0 };
	enum workers_outcome outcome = workers_predict(y->workers, rows, deadline_ms, &answer);

	return outcome ? outcome : read_answer(&answer, values, err);
}

static void predict_one(struct python *y, struct prediction *p)
{
	p->outcome = ask(y, p->rows, p->deadline_ms, &p->values, &p->err);
}

/* Gives each its part of the values. */
static void take_apart(struct prediction *list, const struct json *values)
{
	size_t at = 0;

	for (struct prediction *p = list; p; p = p->next) {
		p->outcome = WORKERS_OK;
		p->values = js_arr();
		for (size_t i = 0; i < js_len(p->rows); i++)
			js_push(p->values, js_ref(js_at(values, at++)));
	}
}

static bool predict_together(struct python *y, struct prediction *list)
{
	autojson *rows = js_arr(), *values = NULL;
	int64_t deadline_ms = 0;
	autoerr ignored = ERR_INIT;

	for (struct prediction *p = list; p; p = p->next) {
		deadline_ms = p->deadline_ms > deadline_ms ? p->deadline_ms : deadline_ms;
		for (size_t i = 0; i < js_len(p->rows); i++)
			js_push(rows, js_ref(js_at(p->rows, i)));
	}
	if (ask(y, rows, deadline_ms, &values, &ignored) || js_len(values) != js_len(rows))
		return false;
	take_apart(list, values);
	return true;
}

static void work(struct prediction *list, void *arg)
{
	if (list->next && predict_together(arg, list))
		return;
	for (struct prediction *p = list; p; p = p->next)
		predict_one(arg, p);
}

static int python_open(const struct workers_how *how, void **out, struct mlops_error *err)
{
	struct python *y = xcalloc(1, sizeof(*y));
	const struct queue_how queue_how = {
		.threads = how->count,
		.max_waiting = how->max_waiting,
		.batch_rows = how->batch_rows,
		.batch_ms = how->batch_ms,
		.work = work,
		.arg = y,
	};

	if (workers_start(how, &y->workers, err)) {
		free(y);
		return -1;
	}
	if (queue_start(&queue_how, &y->queue, err)) {
		workers_stop(y->workers);
		free(y);
		return -1;
	}
	*out = y;
	return 0;
}

static void python_close(void *state)
{
	struct python *y = state;

	queue_stop(y->queue);
	workers_stop(y->workers);
	free(y);
}

static bool python_predict(void *state, struct prediction *p)
{
	struct python *y = state;

	p->outcome = WORKERS_BUSY;
	return !queue_add(y->queue, p);
}

static unsigned python_ready(void *state)
{
	return workers_ready(((struct python *)state)->workers);
}

static bool mlflow_takes(const char *model)
{
	autofree char *about = path_join(model, "MLmodel");

	return fs_exists(about);
}

const struct worker_kind worker_mlflow = {
	.name = "mlflow",
	.help = "a folder with an MLflow model, by MLflow's python_function",
	.takes = mlflow_takes,
	.open = python_open,
	.close = python_close,
	.predict = python_predict,
	.ready = python_ready,
};

const struct worker_kind worker_python = {
	.name = "python",
	.help = "a folder with predict.py, which defines predict(rows)",
	.takes = python_takes,
	.open = python_open,
	.close = python_close,
	.predict = python_predict,
	.ready = python_ready,
};
