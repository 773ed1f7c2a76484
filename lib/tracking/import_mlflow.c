/* Reading a file store of MLflow: a folder an experiment, a folder a run, a file a value. */
#include "tracking/taking.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "fmt/yaml.h"
#include "tracking/import.h"
#include "tracking/private.h"

#define VALUE_MAX   ((size_t)64 << 10)
#define POINT_MAX   4096 /* bytes of a line */
#define POINTS_ONCE 10000

struct importing {
	struct db *db; /* the project's */
	struct store *store;
	const char *dir;
	bool trash; /* what is in it was deleted */
	struct runs_imported *out;
};

/* ---- values ---- */

static int add_value(const char *path, const char *key, const struct taking *t,
		     int (*take)(const struct taking *t, const char *place, const char *key, const char *value,
				 struct mlops_error *err),
		     struct mlops_error *err)
{
	autobuf value = { 0 };

	if (fs_read(path, VALUE_MAX, &value, err))
		return take_or_warn(path, -1, err);
	return take(t, path, key, value.buf ? value.buf : "", err);
}

static int add_param(const char *path, const char *key, void *arg, struct mlops_error *err)
{
	return add_value(path, key, arg, take_param, err);
}

static int add_tag(const char *path, const char *key, void *arg, struct mlops_error *err)
{
	return add_value(path, key, arg, take_tag, err);
}

/* "TIMESTAMP VALUE STEP"; what stands behind is of models and data sets, and old ones have no step. */
static bool read_point(struct str line, struct run_metric *m)
{
	struct str rest, when = str_split(line, ' ', &rest), value = str_split(rest, ' ', &rest);
	struct str step = str_split(rest, ' ', &rest);
	autofree char *ms = xstrndup(when.p, when.n), *number = xstrndup(value.p, value.n);
	autofree char *at = step.n ? xstrndup(step.p, step.n) : xstrdup("0");

	return num_parse_i64(ms, &m->timestamp_ms) && num_parse_double(number, &m->value) &&
	       num_parse_i64(at, &m->step);
}

struct metric_file {
	const struct taking *t;
	const char *path, *key;
	FILE *f;
};

/* Another point, or none at the end: 1, 0, -1. */
static int next_point(const struct metric_file *m, struct run_metric *out, struct mlops_error *err)
{
	char buf[POINT_MAX];

	while (fgets(buf, sizeof(buf), m->f)) {
		struct str line = str_trim(str_of(buf));

		*out = (struct run_metric){ .key = (char *)m->key };
		if (line.n && !read_point(line, out))
			return err_set(err, MLOPS_EINVALID, "'%.*s' is no point of a metric",
				       line.n < 60 ? (int)line.n : 60, line.p);
		if (line.n)
			return 1;
	}
	return ferror(m->f) ? err_sys(err, "cannot read '%s'", m->path) : 0;
}

/* The file is read as a stream, for it has a line for each point of a long training. */
static int add_points(struct db *db, void *arg, struct mlops_error *err)
{
	const struct metric_file *m = arg;
	VEC(struct run_metric) points = { 0 };
	struct run_metric point;
	int rc;

	do {
		rc = next_point(m, &point, err);
		if (rc > 0)
			vec_push(&points, point);
		if (points.n && (!rc || points.n == POINTS_ONCE)) {
			if (run_add_metrics(db, m->t->key.row, points.v, points.n, err))
				rc = -1;
			points.n = 0;
		}
	} while (rc > 0);
	vec_free(&points);
	return rc;
}

/* Within a transaction of its own: all of its points, or none. */
static int add_metric(const char *path, const char *key, void *arg, struct mlops_error *err)
{
	struct metric_file m = { .t = arg, .path = path, .key = key };

	if (key_check("name of a metric", key, err))
		return take_or_warn(path, -1, err);
	m.f = fopen(path, "re");
	if (!m.f)
		return err_sys(err, "cannot read '%s'", path);
	int rc = db_transaction(m.t->db, add_points, &m, err);
	fclose(m.f);
	return take_or_warn(path, rc, err);
}

/* ---- a run ---- */

static int each_below(struct taking *t, const char *part,
		      int (*fn)(const char *path, const char *name, void *arg, struct mlops_error *err),
		      struct mlops_error *err)
{
	autofree char *dir = path_join(t->arg, part);

	return take_each_file(dir, fn, t, err);
}

static int add_values(struct taking *t, struct mlops_error *err)
{
	return each_below(t, "params", add_param, err) || each_below(t, "metrics", add_metric, err) ||
			       each_below(t, "tags", add_tag, err) ?
		       -1 :
		       0;
}

/* As RunStatus of MLflow's protocol buffers numbers them, from 1. */
static enum run_status status_of(int64_t n)
{
	static const enum run_status known[] = { RUN_RUNNING, RUN_SCHEDULED, RUN_FINISHED,
						 RUN_FAILED, RUN_KILLED };

	return n >= 1 && n <= (int64_t)ARRAY_LEN(known) ? known[n - 1] : RUN_KILLED;
}

static int get_time(const struct yaml_node *meta, const char *key, int64_t *out, struct mlops_error *err)
{
	return yaml_is_null(yaml_get(meta, key)) ? 0 : yaml_get_int(meta, key, out, err);
}

static int read_meta(struct arena *arena, const char *dir, struct yaml_node **out,
		     struct mlops_error *err)
{
	autofree char *path = path_join(dir, "meta.yaml");

	return yaml_load(arena, path, path, out, err) ||
			       yaml_want(*out, YAML_MAP, "meta.yaml", err) ?
		       -1 :
		       0;
}

static int read_run(struct arena *arena, const char *dir, struct taking *t, struct mlops_error *err)
{
	const char *stage = "active";
	struct yaml_node *meta;
	int64_t status = 0;

	if (read_meta(arena, dir, &meta, err) || yaml_get_text(meta, "run_name", &t->name, err) ||
	    yaml_get_text(meta, "user_id", &t->user, err) ||
	    yaml_get_text(meta, "lifecycle_stage", &stage, err) ||
	    yaml_get_int(meta, "status", &status, err) || get_time(meta, "start_time", &t->start_ms, err) ||
	    get_time(meta, "end_time", &t->end_ms, err))
		return -1;
	t->status = status_of(status);
	t->deleted = t->deleted || !strcmp(stage, "deleted");
	return 0;
}

struct experiment_dir {
	struct importing *all;
	const char *dir;
	int64_t id;
};

static int import_run(const char *name, void *arg, struct mlops_error *err)
{
	const struct experiment_dir *e = arg;
	autofree char *dir = path_join(e->dir, name), *artifacts = path_join(dir, "artifacts");
	autoarena arena = { 0 };
	struct taking t = { .db = e->all->db,
			    .store = e->all->store,
			    .out = e->all->out,
			    .id = name,
			    .user = "",
			    .experiment = e->id,
			    .deleted = e->all->trash,
			    .artifacts = artifacts,
			    .add_values = add_values,
			    .arg = dir };

	if (!is_run_id(name)) /* tags, datasets, traces, models */
		return 0;
	int rc = read_run(&arena, dir, &t, err) || run_take(&t, err) ? -1 : 0;
	return take_or_warn(dir, rc, err);
}

/* ---- an experiment ---- */

static int import_experiment(const char *name, void *arg, struct mlops_error *err)
{
	struct importing *all = arg;
	autofree char *dir = path_join(all->dir, name);
	struct experiment_dir e = { .all = all, .dir = dir };
	autofree char *file = path_join(dir, "meta.yaml");
	const char *called = "";
	autoarena arena = { 0 };
	struct yaml_node *meta;

	if (!strcmp(name, "models") || !fs_is_dir(dir) || !fs_exists(file))
		return 0;
	if (read_meta(&arena, dir, &meta, err) || yaml_get_text(meta, "name", &called, err) ||
	    experiment_take(all->db, called, all->trash, &e.id, err))
		return take_or_warn(dir, -1, err);
	return fs_each_name(dir, import_run, &e, err);
}

int import_mlflow_files(struct db *db, struct store *store, const char *dir, struct runs_imported *out,
			struct mlops_error *err)
{
	autofree char *trash = path_join(dir, ".trash");
	struct importing all = { db, store, dir, false, out }, deleted = { db, store, trash, true, out };

	if (fs_each_name(dir, import_experiment, &all, err))
		return -1;
	return fs_is_dir(trash) ? fs_each_name(trash, import_experiment, &deleted, err) : 0;
}
