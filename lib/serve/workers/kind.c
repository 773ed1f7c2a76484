/* The table of what makes predictions. */
#include "serve/workers/kind.h"

/* A folder's own program goes first: it may well load the model that lies beside it. */
static const struct worker_kind *const kinds[] = { &worker_python, &worker_native };

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
