/* The table of formats, finding the model file, and scoring rows. */
#include "registry/scoring/scorer.h"

#include <inttypes.h>

#include "base/fs.h"
#include "base/path.h"
#include "mlops/inspect.h"

#define MAX_SUMS 100000
#define ON_STACK 256 /* sums or features of a row that need no allocation */

static const struct scorer_format *const formats[] = {
	&scorer_xgboost_json, &scorer_xgboost_ubj, &scorer_lightgbm, &scorer_onnx,
};

int scorer_refuse(const struct source *src, struct mlops_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *why = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(err, MLOPS_EINVALID, "'%s' cannot be scored here: %s", src->name, why);
}

int scorer_size(struct scorer *s, const struct source *src, uint64_t n_features, uint64_t n_sums,
		struct mlops_error *err)
{
	if (!n_features || n_features > FOREST_MAX_FEATURES || !n_sums || n_sums > MAX_SUMS)
		return scorer_refuse(src, err, "it has %" PRIu64 " features and %" PRIu64 " outputs",
				     n_features, n_sums);
	s->n_features = n_features;
	s->n_sums = n_sums;
	s->base = xcalloc(n_sums, sizeof(*s->base));
	s->divide = s->logistic_scale = 1;
	forest_init(&s->forest, n_features, n_sums, s->single);
	return 0;
}

void mlops_scorer_free(struct scorer *s)
{
	if (!s)
		return;
	free(s->objective);
	strlist_clear(&s->names);
	free(s->offset);
	free(s->scale);
	free(s->base);
	free(s->factors);
	forest_clear(&s->forest);
	free(s);
}
DEFINE_CLEANUP(scorer, mlops_scorer_free)

static const struct scorer_format *find_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

static int open_file(const char *path, struct scorer **out, struct mlops_error *err)
{
	__attribute__((cleanup(cleanup_scorer))) struct scorer *s = xcalloc(1, sizeof(*s));
	autosource src = { .fd = -1 };
	struct model_info *info;

	if (mlops_inspect(path, &info, err))
		return -1;
	const struct scorer_format *format = find_format(info->format);
	if (!format)
		err_set(err, MLOPS_ENOTFOUND, "'%s' (%s) is of no kind that is scored without Python",
			path, info->format);
	mlops_model_info_free(info);
	if (!format)
		return -1;
	s->format = format->name;
	if (source_open(&src, path, err) || format->read(&src, s, err))
		return -1;
	*out = steal_ptr(&s);
	return 0;
}

struct candidates {
	const char *dir;
	struct strlist paths;
};

/* What models are called by those who save them. */
static bool is_model_name(const char *name)
{
	static const char *const suffixes[] = { ".json", ".ubj", ".xgb", ".lgb", ".txt", ".onnx", ".model" };

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_ends(name, suffixes[i]))
			return true;
	return false;
}

static int add_candidate(const char *name, void *arg, struct mlops_error *err)
{
	struct candidates *c = arg;
	autofree char *path = path_join(c->dir, name);
	struct model_info *info;
	autoerr ignored = ERR_INIT;

	(void)err;
	if (!is_model_name(name) || fs_is_dir(path) || mlops_inspect(path, &info, &ignored))
		return 0;
	if (find_format(info->format))
		strlist_add(&c->paths, path);
	mlops_model_info_free(info);
	return 0;
}

static int open_folder(const char *dir, struct scorer **out, struct mlops_error *err)
{
	struct candidates c = { .dir = dir };
	int rc = fs_each_name(dir, add_candidate, &c, err);

	if (!rc && c.paths.n != 1)
		rc = err_set(err, MLOPS_ENOTFOUND,
			     c.paths.n ? "folder '%s' has several models that could be scored" :
					 "folder '%s' has no model that is scored without Python",
			     dir);
	if (!rc)
		rc = open_file(c.paths.v[0], out, err);
	strlist_clear(&c.paths);
	return rc;
}

int mlops_scorer_open(const char *path, struct scorer **out, struct mlops_error *err)
{
	return fs_is_dir(path) ? open_folder(path, out, err) : open_file(path, out, err);
}

const char *mlops_scorer_format(const struct scorer *s)
{
	return s->format;
}

const char *mlops_scorer_objective(const struct scorer *s)
{
	return s->objective;
}

size_t mlops_scorer_features(const struct scorer *s)
{
	return s->n_features;
}

const char *mlops_scorer_feature(const struct scorer *s, size_t i)
{
	return i < s->names.n ? s->names.v[i] : NULL;
}

size_t mlops_scorer_outputs(const struct scorer *s)
{
	return link_outputs(s);
}

static void prepare(const struct scorer *s, const double *row, double *x)
{
	for (size_t i = 0; i < s->n_features; i++) {
		double v = s->single ? (double)(float)row[i] : row[i];

		x[i] = s->scale ? (v - s->offset[i]) * s->scale[i] : v;
	}
}

static void add_linear(const struct scorer *s, const double *x, double *sums)
{
	for (size_t k = 0; k < s->n_sums; k++)
		for (size_t i = 0; i < s->n_features; i++)
			sums[k] += s->factors[k * s->n_features + i] * x[i];
}

static void predict_row(const struct scorer *s, const double *row, double *x, double *sums, double *out)
{
	prepare(s, row, x);
	for (size_t k = 0; k < s->n_sums; k++)
		sums[k] = s->base[k];
	if (s->factors)
		add_linear(s, x, sums);
	forest_sum(&s->forest, x, sums);
	for (size_t k = 0; k < s->n_sums; k++)
		sums[k] /= s->divide;
	link_apply(s, sums, out);
}

void mlops_scorer_predict(const struct scorer *s, const double *rows, size_t n, double *out)
{
	double some_x[ON_STACK], some_sums[ON_STACK];
	autofree double *more_x = s->n_features > ON_STACK ? xcalloc(s->n_features, sizeof(double)) : NULL;
	autofree double *more_sums = s->n_sums > ON_STACK ? xcalloc(s->n_sums, sizeof(double)) : NULL;
	size_t n_out = link_outputs(s);

	for (size_t i = 0; i < n; i++)
		predict_row(s, rows + i * s->n_features, more_x ? more_x : some_x,
			    more_sums ? more_sums : some_sums, out + i * n_out);
}
