/* Reading a file store of MLflow: a folder an experiment, a folder a run, a file a value. */
#include "mlops/import_runs.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/num.h"
#include "base/path.h"
#include "base/vec.h"
#include "fmt/yaml.h"
#include "mlops/store.h"
#include "tracking/artifact.h"
#include "tracking/private.h"
#include "tracking/record.h"

#define DEPTH_MAX   32
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

/* An artifact that is in the store. */
struct placed {
	char *path; /* in the run's folder of artifacts */
	struct object_ref ref;
};

/* One run: its folder, and what of it is read before its transaction. */
struct reading {
	struct importing *all;
	const char *id;
	char *dir;
	int64_t experiment;
	bool present;       /* before */
	struct run_key key; /* once it is there */
	struct arena arena;
	const struct yaml_node *meta;
	VEC(struct placed) artifacts;
};

/* ---- walking ---- */

typedef int (*each_file)(const char *path, const char *name, void *arg, struct mlops_error *err);

struct walk {
	const char *dir,
		*below; /* `below` is the folder's own name from where the walk began: "" */
	int depth;
	each_file fn;
	void *arg;
};

static int walk_files(const struct walk *w, struct mlops_error *err);

/* Neither links nor anything but files and folders: a link may lead anywhere. */
static int walk_name(const char *name, void *arg, struct mlops_error *err)
{
	const struct walk *w = arg;
	autofree char *path = path_join(w->dir, name);
	autofree char *shown = *w->below ? path_join(w->below, name) : xstrdup(name);
	struct stat st;

	if (lstat(path, &st))
		return err_sys(err, "cannot look at '%s'", path);
	if (S_ISREG(st.st_mode))
		return w->fn(path, shown, w->arg, err);
	if (!S_ISDIR(st.st_mode) || w->depth == DEPTH_MAX) {
		log_warn("'%s' is left out: it is no file", path);
		return 0;
	}
	const struct walk inner = { path, shown, w->depth + 1, w->fn, w->arg };
	return walk_files(&inner, err);
}

static int walk_files(const struct walk *w, struct mlops_error *err)
{
	return fs_is_dir(w->dir) ? fs_each_name(w->dir, walk_name, (void *)w, err) : 0;
}

static int each_below(const struct reading *r, const char *part, each_file fn,
		      struct mlops_error *err)
{
	autofree char *dir = path_join(r->dir, part);
	const struct walk w = { dir, "", 0, fn, (void *)r };

	return walk_files(&w, err);
}

/* ---- values ---- */

/* What tracking cannot take is told of, and the rest is taken. */
static int or_warn(const char *path, int rc, struct mlops_error *err)
{
	if (!rc || err->kind != MLOPS_EINVALID)
		return rc;
	log_warn("'%s' is left out: %s", path, err->msg);
	mlops_error_clear(err);
	return 0;
}

static int read_value(const char *path, const char *key, struct strbuf *out,
		      struct mlops_error *err)
{
	if (fs_read(path, VALUE_MAX, out, err))
		return -1;
	return key_check("name of a value", key, err) ||
			       value_check("value", out->buf ? out->buf : "", err) ?
		       -1 :
		       0;
}

static int add_param(const char *path, const char *key, void *arg, struct mlops_error *err)
{
	const struct reading *r = arg;
	autobuf value = { 0 };
	int rc = read_value(path, key, &value, err);

	if (!rc)
		rc = run_put_param(r->all->db, &r->key, key, value.buf ? value.buf : "", err);
	return or_warn(path, rc, err);
}

static int add_tag(const char *path, const char *key, void *arg, struct mlops_error *err)
{
	const struct reading *r = arg;
	autobuf value = { 0 };
	int rc = read_value(path, key, &value, err);

	if (!rc)
		rc = run_put_tag(r->all->db, r->key.row, key, value.buf ? value.buf : "", err);
	return or_warn(path, rc, err);
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
	const struct reading *r;
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
			if (run_add_metrics(db, m->r->key.row, points.v, points.n, err))
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
	struct metric_file m = { .r = arg, .path = path, .key = key };

	if (key_check("name of a metric", key, err))
		return or_warn(path, -1, err);
	m.f = fopen(path, "re");
	if (!m.f)
		return err_sys(err, "cannot read '%s'", path);
	int rc = db_transaction(m.r->all->db, add_points, &m, err);
	fclose(m.f);
	return or_warn(path, rc, err);
}

/* ---- a run ---- */

static int put_artifact(const char *path, const char *name, void *arg, struct mlops_error *err)
{
	struct reading *r = arg;
	struct placed p = { .ref = { .kind = OBJECT_FILE, .files = 1 } };

	if (artifact_path_check(name, err))
		return or_warn(path, -1, err);
	if (mlops_store_put_file(r->all->store, path, &p.ref.oid, &p.ref.size, err))
		return -1;
	p.path = xstrdup(name);
	vec_push(&r->artifacts, p);
	return 0;
}

static int name_artifacts(const struct reading *r, struct mlops_error *err)
{
	struct experiment e;

	if (experiment_load(r->all->db, r->experiment, &e, err))
		return -1;
	const char *base = artifact_path_of_uri(e.location);
	int rc = base || !r->artifacts.n ?
			 0 :
			 err_set(err, MLOPS_EINVALID,
				 "artifacts of experiment '%s' lie at '%s', not here", e.name,
				 e.location);
	for (size_t i = 0; !rc && i < r->artifacts.n; i++) {
		autofree char *path =
			xasprintf("%s/%s/artifacts/%s", base, r->id, r->artifacts.v[i].path);

		rc = artifact_put(r->all->db, path, &r->artifacts.v[i].ref, err);
	}
	experiment_clear(&e);
	return rc;
}

/* As RunStatus of MLflow's protocol buffers numbers them, from 1. */
static enum run_status status_of(int64_t n)
{
	static const enum run_status known[] = { RUN_RUNNING, RUN_SCHEDULED, RUN_FINISHED,
						 RUN_FAILED, RUN_KILLED };

	return n >= 1 && n <= (int64_t)ARRAY_LEN(known) ? known[n - 1] : RUN_KILLED;
}

/* With the time of its experiment, so that one that is restored has its runs again. */
static int set_deleted(const struct reading *r, struct mlops_error *err)
{
	return db_change(r->all->db, err,
			 "UPDATE runs SET deleted_ms = ifnull(deleted_ms, ifnull((SELECT e.deleted_ms"
			 " FROM experiments e WHERE e.id = experiment_id), ?)) WHERE id = ?", "ii",
			 clock_now_ms(), r->key.row);
}

/* One that is here gets what it has not. */
static int write_run(struct db *db, void *arg, struct mlops_error *err)
{
	struct reading *r = arg;
	struct run_create how = { .experiment = r->experiment, .id = r->id, .user = "" };
	int64_t status = 0, end_ms = 0;
	const char *stage = "active";

	if (yaml_get_text(r->meta, "run_name", &how.name, err) ||
	    yaml_get_text(r->meta, "user_id", &how.user, err) ||
	    yaml_get_text(r->meta, "lifecycle_stage", &stage, err) ||
	    yaml_get_int(r->meta, "status", &status, err))
		return -1;
	if ((!yaml_is_null(yaml_get(r->meta, "start_time")) &&
	     yaml_get_int(r->meta, "start_time", &how.start_ms, err)) ||
	    (!yaml_is_null(yaml_get(r->meta, "end_time")) &&
	     yaml_get_int(r->meta, "end_time", &end_ms, err)))
		return -1;
	if ((!r->present && run_create(db, &how, &r->key, err)) ||
	    run_change(db, r->key.row, (int)status_of(status), end_ms, NULL, err) ||
	    each_below(r, "params", add_param, err) || each_below(r, "metrics", add_metric, err) ||
	    each_below(r, "tags", add_tag, err) || name_artifacts(r, err))
		return -1;
	return strcmp(stage, "deleted") && !r->all->trash ? 0 : set_deleted(r, err);
}

/* The run as it is here, in whichever experiment that is by now. */
static int find_present(struct reading *r, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(r->all->db, &stmt, err, "SELECT id, experiment_id FROM runs WHERE uuid = ?",
			"s", r->id);

	if (rc <= 0)
		return rc;
	r->present = true;
	r->key.row = db_int(stmt, 0);
	snprintf(r->key.id, sizeof(r->key.id), "%s", r->id);
	r->experiment = db_int(stmt, 1);
	db_done(stmt);
	return 0;
}

static int take_run(struct reading *r, struct mlops_error *err)
{
	if (find_present(r, err) || each_below(r, "artifacts", put_artifact, err) ||
	    (r->artifacts.n && mlops_store_flush(r->all->store, err)) ||
	    db_transaction(r->all->db, write_run, r, err))
		return -1;
	if (r->present) {
		r->all->out->present++;
		return 0;
	}
	r->all->out->runs++;
	r->all->out->artifacts += r->artifacts.n;
	return 0;
}

static bool is_run_id(const char *id)
{
	return strlen(id) == MLOPS_RUN_ID - 1 && strspn(id, "0123456789abcdef") == MLOPS_RUN_ID - 1;
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

struct experiment_dir {
	struct importing *all;
	const char *dir;
	int64_t id;
};

static int import_run(const char *name, void *arg, struct mlops_error *err)
{
	const struct experiment_dir *e = arg;
	struct reading r = { .all = e->all, .id = name, .experiment = e->id };
	struct yaml_node *meta;

	if (!is_run_id(name)) /* tags, datasets, traces, models */
		return 0;
	r.dir = path_join(e->dir, name);
	int rc = read_meta(&r.arena, r.dir, &meta, err);
	r.meta = meta;
	if (!rc)
		rc = take_run(&r, err);
	rc = or_warn(r.dir, rc, err);
	for (size_t i = 0; i < r.artifacts.n; i++)
		free(r.artifacts.v[i].path);
	vec_free(&r.artifacts);
	arena_clear(&r.arena);
	free(r.dir);
	return rc;
}

/* ---- an experiment ---- */

struct wanted {
	const char *name;
	bool deleted; /* when it is new */
	int64_t id;
};

static int ensure(struct db *db, void *arg, struct mlops_error *err)
{
	struct wanted *w = arg;
	int rc = experiment_find(db, w->name, &w->id, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (experiment_id(db, w->name, &w->id, err))
		return -1;
	return w->deleted ? experiment_set_deleted(db, w->id, true, err) : 0;
}

static int import_experiment(const char *name, void *arg, struct mlops_error *err)
{
	struct importing *all = arg;
	autofree char *dir = path_join(all->dir, name);
	struct experiment_dir e = { .all = all, .dir = dir };
	autofree char *file = path_join(dir, "meta.yaml");
	autoarena arena = { 0 };
	struct yaml_node *meta;
	struct wanted wanted = { .deleted = all->trash };

	if (!strcmp(name, "models") || !fs_is_dir(dir) || !fs_exists(file))
		return 0;
	if (read_meta(&arena, dir, &meta, err) || yaml_get_text(meta, "name", &wanted.name, err) ||
	    key_check("name of an experiment", wanted.name ? wanted.name : "", err))
		return or_warn(dir, -1, err);
	if (db_transaction(all->db, ensure, &wanted, err))
		return -1;
	e.id = wanted.id;
	return fs_each_name(dir, import_run, &e, err);
}

int mlops_runs_import_mlflow(struct project *project, const char *dir, struct runs_imported *out,
			     struct mlops_error *err)
{
	struct importing all = { .dir = dir, .out = out };

	*out = (struct runs_imported){ 0 };
	if (!fs_is_dir(dir))
		return err_set(err, MLOPS_ENOTFOUND, "there is no folder '%s'", dir);
	autofree char *trash = path_join(dir, ".trash");
	struct importing deleted = { .dir = trash, .trash = true, .out = out };

	if (project_db(project, &all.db, err) || mlops_store_of(project, &all.store, err) ||
	    fs_each_name(dir, import_experiment, &all, err))
		return -1;
	deleted.db = all.db;
	deleted.store = all.store;
	if (fs_is_dir(trash) && fs_each_name(trash, import_experiment, &deleted, err))
		return -1;
	if (out->runs || out->present)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "'%s' holds no runs of MLflow", dir);
	return err_hint(
		err,
		"give the folder that MLflow calls mlruns: it has a folder for each experiment");
}
