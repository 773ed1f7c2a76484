/* The table of what makes predictions. */
#include "serve/workers/kind.h"

#include <pthread.h>

/*
 * A folder's own program goes before a model that lies beside it, which it may well load; and what is
 * scored here before what Python would do.
 */
static const struct worker_kind *const kinds[] = { &worker_upstream, &worker_python,
							&worker_native, &worker_mlflow };

int worker_kind_find(const char *model, const struct worker_kind **out, struct mlops_error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i]->takes(model)) {
			*out = kinds[i];
			return 0;
		}
	err_set(err, MLOPS_ENOTFOUND, "'%s' has no predict.py, and no model that is scored here", model);
	return err_hint(err, "predict.py defines predict(rows), which gives one prediction a row; see "
			     "mlops-serve(1) for models that need none");
}

/* ---- for threads that wait ---- */

struct waiting {
	struct prediction p; /* first; what is asked for is moved here, and back */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
};

static void wake(struct prediction *p)
{
	struct waiting *w = (struct waiting *)p;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void worker_predict(const struct worker_kind *kind, void *state, struct prediction *p)
{
	struct waiting w = {
		.p = { .rows = p->rows, .deadline_ms = p->deadline_ms, .done = wake },
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};

	if (!kind->predict(state, &w.p)) {
		pthread_mutex_lock(&w.lock);
		while (!w.done)
			pthread_cond_wait(&w.changed, &w.lock);
		pthread_mutex_unlock(&w.lock);
	}
	p->outcome = w.p.outcome;
	p->values = w.p.values;
	p->err = w.p.err;
}

void prediction_clear(struct prediction *p)
{
	js_free(p->rows);
	js_free(p->values);
	mlops_error_clear(&p->err);
}
