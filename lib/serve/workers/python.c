/* predict.py in processes of their own: see workers.h. */
#include "base/fs.h"
#include "base/path.h"
#include "serve/workers/kind.h"

static bool python_takes(const char *model)
{
	autofree char *program = path_join(model, "predict.py");

	return fs_exists(program);
}

static int python_open(const struct workers_how *how, void **out, struct mlops_error *err)
{
	struct workers *w;

	if (workers_start(how, &w, err))
		return -1;
	*out = w;
	return 0;
}

static void python_close(void *state)
{
	workers_stop(state);
}

static enum workers_outcome read_answer(const struct strbuf *answer, struct json **predictions,
					struct mlops_error *err)
{
	autojson *v = NULL;

	if (js_parse(answer->buf, answer->len, "the worker's answer", &v, err))
		return WORKERS_FAILED;
	struct json *list = js_get(v, "predictions");
	if (js_type(list) == JSON_ARR) {
		*predictions = js_ref(list);
		return WORKERS_OK;
	}
	const char *why = js_get_text(v, "error");
	err_set(err, MLOPS_EFAIL, "%s", why ? why : "the worker's answer has no predictions");
	return WORKERS_FAILED;
}

static enum workers_outcome python_predict(void *state, const struct json *rows,
					   struct json **predictions, struct mlops_error *err)
{
	autobuf answer = { 0 };
	enum workers_outcome outcome = workers_predict(state, rows, &answer);

	return outcome ? outcome : read_answer(&answer, predictions, err);
}

static unsigned python_ready(void *state)
{
	return workers_ready(state);
}

const struct worker_kind worker_python = {
	.name = "python",
	.help = "a folder with predict.py, which defines predict(rows)",
	.takes = python_takes,
	.open = python_open,
	.close = python_close,
	.predict = python_predict,
	.ready = python_ready,
};
