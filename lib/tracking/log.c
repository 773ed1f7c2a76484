/* What a run records of itself: parameters, tags, objects, stages. Metrics are in metric.c. */
#include "tracking/private.h"

#include "base/path.h"
#include "tracking/record.h"

struct pair {
	const char *run_id, *key, *value;
};

/* 1: the parameter has this value already. */
static int compare_param(struct db *db, int64_t run, const struct pair *p, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT value FROM params WHERE run_id = ? AND key = ?", "is",
			run, p->key);

	if (rc <= 0)
		return rc;
	autofree char *value = db_text_dup(stmt, 0);
	db_done(stmt);
	if (!strcmp(value, p->value))
		return 1;
	err_set(err, MLOPS_EEXISTS, "parameter '%s' of run %.8s is '%s' already, not '%s'", p->key,
		p->run_id, value, p->value);
	return err_hint(err, "a parameter is set once; record what changes as a tag or metric");
}

static int add_param(struct db *db, void *arg, struct mlops_error *err)
{
	const struct pair *p = arg;
	int64_t run;

	if (run_row(db, p->run_id, &run, err))
		return -1;
	int rc = compare_param(db, run, p, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	return db_change(db, err, "INSERT INTO params (run_id, key, value) VALUES (?, ?, ?)", "iss",
			 run, p->key, p->value);
}

int mlops_run_log_param(struct project *project, const char *id, const char *key, const char *value,
			struct mlops_error *err)
{
	struct pair p = { id, key, value };
	struct db *db;

	if (key_check("name of a parameter", key, err) ||
	    value_check("value of a parameter", value, err) || project_db(project, &db, err))
		return -1;
	return db_transaction(db, add_param, &p, err);
}

static int set_tag(struct db *db, void *arg, struct mlops_error *err)
{
	const struct pair *p = arg;
	int64_t run;

	if (run_row(db, p->run_id, &run, err))
		return -1;
	return db_change(db, err, "INSERT OR REPLACE INTO tags (run_id, key, value) VALUES (?, ?, ?)",
			 "iss", run, p->key, p->value);
}

int mlops_run_set_tag(struct project *project, const char *id, const char *key, const char *value,
		      struct mlops_error *err)
{
	struct pair p = { id, key, value };
	struct db *db;

	if (key_check("name of a tag", key, err) || value_check("value of a tag", value, err) ||
	    project_db(project, &db, err))
		return -1;
	return db_transaction(db, set_tag, &p, err);
}

static int delete_tag(struct db *db, void *arg, struct mlops_error *err)
{
	const struct pair *p = arg;
	int64_t row;

	return run_row(db, p->run_id, &row, err) || run_delete_tag(db, row, p->key, err) ? -1 : 0;
}

int mlops_run_delete_tag(struct project *project, const char *id, const char *key,
			 struct mlops_error *err)
{
	struct pair p = { id, key, NULL };
	struct db *db;

	return project_db(project, &db, err) || db_transaction(db, delete_tag, &p, err) ? -1 : 0;
}

struct deletion {
	const char *id;
	bool deleted;
};

static int change_deletion(struct db *db, void *arg, struct mlops_error *err)
{
	const struct deletion *d = arg;
	int64_t row;

	return run_row(db, d->id, &row, err) || run_set_deleted(db, row, d->deleted, err) ? -1 : 0;
}

int mlops_run_set_deleted(struct project *project, const char *id, bool deleted,
			  struct mlops_error *err)
{
	struct deletion d = { id, deleted };
	struct db *db;

	return project_db(project, &db, err) || db_transaction(db, change_deletion, &d, err) ? -1 : 0;
}

struct add_object {
	const char *run_id;
	bool is_output;
	const struct run_object *object;
};

static int add_object(struct db *db, void *arg, struct mlops_error *err)
{
	const struct add_object *a = arg;
	const struct run_object *o = a->object;
	int64_t run;

	if (run_row(db, a->run_id, &run, err))
		return -1;
	return db_change(db, err,
			 "INSERT OR REPLACE INTO run_objects (run_id, is_output, stage, path, is_model,"
			 " not_cached, remote, no_push, " REF_COLUMNS
			 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "iissiisi" REF_FORMAT, run, (int64_t)a->is_output, o->stage ? o->stage : "",
			 o->path, (int64_t)o->is_model, (int64_t)o->not_cached, o->place.remote,
			 (int64_t)o->place.no_push,			 REF_VALUES(&o->ref));
}

int mlops_run_add_object(struct project *project, const char *id, bool is_output,
			 const struct run_object *object, struct mlops_error *err)
{
	struct add_object a = { id, is_output, object };
	struct db *db;

	if (!path_is_safe(object->path))
		return err_set(err, MLOPS_EINVALID, "'%s' is not a path inside the project",
			       object->path);
	if (project_db(project, &db, err))
		return -1;
	return db_transaction(db, add_object, &a, err);
}

struct add_stage {
	const char *run_id;
	const struct run_stage *stage;
};

static int add_stage(struct db *db, void *arg, struct mlops_error *err)
{
	const struct add_stage *a = arg;
	const struct run_stage *s = a->stage;
	const struct run_gpu_usage *gpu = &s->usage.gpu;
	int64_t run;

	if (run_row(db, a->run_id, &run, err))
		return -1;
	return db_change(db, err,
			 "INSERT OR REPLACE INTO run_stages (run_id, name, start_ms, duration_ms,"
			 " exit_status, cached, cpu_ms, peak_bytes, read_bytes, written_bytes,"
			 " gpu_samples, gpu_percent, gpu_peak_percent, gpu_bytes, gpu_peak_bytes)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "isiiiiiiiiiddii", run, s->name, s->start_ms, s->duration_ms,
			 (int64_t)s->exit_status, (int64_t)s->cached, s->usage.cpu_ms,
			 s->usage.peak_bytes, s->usage.read_bytes, s->usage.written_bytes,
			 gpu->samples, gpu->mean_percent, gpu->peak_percent, gpu->mean_bytes,
			 gpu->peak_bytes);
}

int mlops_run_add_stage(struct project *project, const char *id, const struct run_stage *stage,
			struct mlops_error *err)
{
	struct add_stage a = { id, stage };
	struct db *db;

	if (key_check("name of a stage", stage->name, err) || project_db(project, &db, err))
		return -1;
	return db_transaction(db, add_stage, &a, err);
}
