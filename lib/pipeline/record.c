/* Telling lib/tracking what stages did. */
#include "pipeline/record.h"

#include "base/log.h"
#include "db/db.h"
#include "fmt/json.h"
#include "pipeline/metrics.h"
#include "project/project.h"

int recorder_start(struct recorder *r, struct mlops_error *err)
{
	const struct run_new how = { .experiment = r->how->experiment, .name = r->how->name };

	if (*r->id)
		return 0;
	if (mlops_runs_reap(r->project, err))
		return -1;
	return mlops_run_start(r->project, &how, r->id, err);
}

/* Turns what is only a loss of this one record into a warning. */
static int tolerate(int rc, const char *what, struct mlops_error *err)
{
	if (!rc || (err->kind != MLOPS_EINVALID && err->kind != MLOPS_EEXISTS))
		return rc;
	log_warn("%s is not recorded: %s", what, err->msg);
	mlops_error_clear(err);
	return 0;
}

/* Text without the quotes that it has as JSON. */
static char *param_text(const struct lock_param *param)
{
	autojson *value = NULL;
	autoerr ignored = ERR_INIT;

	if (param->value[0] == '"' &&
	    !js_parse(param->value, strlen(param->value), param->key, &value, &ignored))
		return xstrndup(js_text(value), js_text_len(value));
	return xstrdup(param->value);
}

static int add_param(struct recorder *r, const struct lock_param *param, struct mlops_error *err)
{
	bool usual = !strcmp(param->file, PARAMS_FILE);
	autofree char *key =
		usual ? xstrdup(param->key) : xasprintf("%s:%s", param->file, param->key);
	autofree char *value = param_text(param);
	autofree char *what = xasprintf("parameter '%s'", key);

	return tolerate(mlops_run_log_param(r->project, r->id, key, value, err), what, err);
}

static int add_object(struct recorder *r, const struct spec_stage *spec,
		      const struct lock_item *item, bool is_output, struct mlops_error *err)
{
	if (!r->keep->has_objects)
		return 0;
	const struct run_object object = {
		.path = item->path,
		.stage = (char *)spec->name,
		.ref = item->ref,
		.place = item->place,
		.is_model = item->is_model,
		.not_cached = item->not_cached,
	};

	return mlops_run_add_object(r->project, r->id, is_output, &object, err);
}

static int add_metrics(struct recorder *r, const char *file, struct mlops_error *err)
{
	autofree char *what = xasprintf("metrics file '%s'", file);
	struct run_metric *metrics = NULL;
	size_t n = 0;
	int rc = metrics_read(r->project, file, &metrics, &n, err);

	if (!rc && n)
		rc = mlops_run_log_metrics(r->project, r->id, metrics, n, err);
	mlops_metrics_free(metrics, n);
	return tolerate(rc, what, err);
}

static int add_inputs(struct recorder *r, const struct spec_stage *spec,
		      const struct lock_stage *result, struct mlops_error *err)
{
	for (size_t i = 0; i < spec->deps.n; i++) {
		const struct spec_dep *dep = &spec->deps.v[i];
		const struct lock_item *item =
			lock_items_find(result->deps, result->n_deps, dep->path);

		if (dep->made || !item || map_put(&r->inputs, dep->path, r))
			continue;
		if (add_object(r, spec, item, false, err))
			return -1;
	}
	for (size_t i = 0; i < result->n_params; i++)
		if (add_param(r, &result->params[i], err))
			return -1;
	return 0;
}

static int add_results(struct recorder *r, const struct spec_stage *spec,
		       const struct lock_stage *result, struct mlops_error *err)
{
	for (size_t i = 0; i < result->n_outs; i++)
		if (add_object(r, spec, &result->outs[i], true, err))
			return -1;
	for (size_t i = 0; i < spec->outs.n; i++) {
		const struct spec_out *out = &spec->outs.v[i];

		if (out->is_metrics && lock_items_find(result->outs, result->n_outs, out->path) &&
		    add_metrics(r, out->path, err))
			return -1;
	}
	return 0;
}

static int add_stage(struct recorder *r, const struct record *record, struct mlops_error *err)
{
	const struct state *s = record->s;
	const struct run_stage stage = {
		.name = (char *)s->spec->name,
		.start_ms = s->start_ms,
		.duration_ms = s->duration_ms,
		.exit_status = s->exit_status,
		.cached = s->outcome == STAGE_UNCHANGED || s->outcome == STAGE_RESTORED,
		.usage = s->usage,
	};

	if (mlops_run_add_stage(r->project, r->id, &stage, err) ||
	    add_inputs(r, s->spec, record->result, err))
		return -1;
	if (s->outcome == STAGE_FAILED)
		return 0;
	if (s->outcome == STAGE_RUN && r->keep->put_result(r->project, s->spec, record->result, err))
		return -1;
	return add_results(r, s->spec, record->result, err);
}

struct addition {
	struct recorder *r;
	const struct record *records;
	size_t n;
};

static int add_stages(struct db *db, void *arg, struct mlops_error *err)
{
	const struct addition *a = arg;

	(void)db;
	for (size_t i = 0; i < a->n; i++)
		if (add_stage(a->r, &a->records[i], err))
			return -1;
	return 0;
}

int recorder_add(struct recorder *r, const struct record *records, size_t n,
		 struct mlops_error *err)
{
	struct addition a = { r, records, n };
	struct db *db;

	if (project_db(r->project, &db, err))
		return -1;
	return db_transaction(db, add_stages, &a, err);
}

int recorder_end(struct recorder *r, enum run_status status, int exit_status,
		 struct mlops_error *err)
{
	return *r->id ? mlops_run_end(r->project, r->id, status, exit_status, err) : 0;
}

void recorder_clear(struct recorder *r)
{
	map_clear(&r->inputs);
}
