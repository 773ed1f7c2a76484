/* Reading metrics files, JSON or YAML. */
#include "pipeline/metrics.h"

#include "base/fs.h"
#include "pipeline/values.h"
#include "project/project.h"

struct collector {
	VEC(struct run_metric) metrics;
};

static int add_metric(const char *key, const struct json *value, void *arg, struct mlops_error *err)
{
	struct collector *c = arg;
	double number;

	(void)err;
	if (*key && js_to_num(value, &number))
		vec_push(&c->metrics, { .key = xstrdup(key), .value = number });
	return 0;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct run_metric *)a)->key, ((const struct run_metric *)b)->key);
}

int metrics_parse(const char *file, const char *text, size_t n_text, struct run_metric **out,
		  size_t *n, struct mlops_error *err)
{
	struct collector c = { 0 };
	autojson *root = NULL;

	if (values_parse(file, text, n_text, &root, err) ||
	    values_each(root, "", true, add_metric, &c, err))
		return -1;
	vec_sort(&c.metrics, by_key);
	*out = c.metrics.v;
	*n = c.metrics.n;
	return 0;
}

static int load(struct project *project, const char *file, struct json **out,
		struct mlops_error *err)
{
	autofree char *path = project_abspath(project, file);
	autobuf text = { 0 };

	if (fs_read(path, VALUES_MAX, &text, err))
		return -1;
	return values_parse(file, text.buf, text.len, out, err);
}

static int value_in(struct project *project, const char *file, const char *key, struct json **out,
		    struct mlops_error *err)
{
	autojson *root = NULL;
	struct json *value;

	if (load(project, file, &root, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	value = values_find(root, key);
	*out = value ? js_ref(value) : NULL;
	return 0;
}

int metrics_value(struct project *project, const struct pipeline *p, const char *key,
		  struct json **out, struct mlops_error *err)
{
	const char *colon = strchr(key, ':');
	size_t n = colon ? (size_t)(colon - key) : 0;

	*out = NULL;
	for (size_t k = 0; k < p->stages.n; k++) {
		const struct spec_stage *stage = &p->stages.v[p->order[k]];

		for (size_t i = 0; i < stage->outs.n && !*out; i++) {
			const char *file = stage->outs.v[i].path;

			if (!stage->outs.v[i].is_metrics ||
			    (colon && (strlen(file) != n || strncmp(file, key, n) != 0)))
				continue;
			if (value_in(project, file, colon ? colon + 1 : key, out, err))
				return -1;
		}
	}
	return 0;
}

int metrics_read(struct project *project, const char *file, struct run_metric **out, size_t *n,
		 struct mlops_error *err)
{
	autofree char *path = project_abspath(project, file);
	autobuf text = { 0 };

	if (fs_read(path, VALUES_MAX, &text, err))
		return -1;
	return metrics_parse(file, text.buf, text.len, out, n, err);
}
