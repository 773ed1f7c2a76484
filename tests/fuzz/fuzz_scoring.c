/* Models that are scored: the first byte says which reader gets the rest, which then predicts. */
#include "fuzz.h"

#include "registry/scoring/scorer.h"

#define MAX_VALUES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct scorer_format *const formats[] = {
		&scorer_xgboost_json, &scorer_xgboost_ubj, &scorer_lightgbm, &scorer_onnx,
	};
	static double row[MAX_VALUES], out[2 * MAX_VALUES];
	autoerr err = ERR_INIT;
	autosource src = { .fd = -1 };

	if (!n)
		return -1;
	const struct scorer_format *format = formats[data[0] % ARRAY_LEN(formats)];
	struct scorer *s = xcalloc(1, sizeof(*s));
	s->format = format->name;
	source_mem(&src, "model", data + 1, n - 1);
	if (!refused(format->read(&src, s, &err), &err) && s->n_features <= MAX_VALUES && s->n_sums <= MAX_VALUES)
		mlops_scorer_predict(s, row, 1, out);
	mlops_scorer_free(s);
	return 0;
}
