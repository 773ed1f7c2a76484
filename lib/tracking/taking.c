/* Taking over one run, with its files. */
#include "tracking/taking.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "tracking/artifact.h"
#include "tracking/private.h"

#define DEPTH_MAX 32

/* An artifact that is in the store. */
struct placed_artifact {
	char *path; /* in the run's folder of artifacts */
	struct object_ref ref;
};

int take_or_warn(const char *place, int rc, struct mlops_error *err)
{
	if (!rc || err->kind != MLOPS_EINVALID)
		return rc;
	log_warn("'%s' is left out: %s", place, err->msg);
	mlops_error_clear(err);
	return 0;
}

static int check(const char *key, const char *value, struct mlops_error *err)
{
	return key_check("name of a value", key, err) || value_check("value", value, err) ? -1 : 0;
}

int take_param(const struct taking *t, const char *place, const char *key, const char *value, struct mlops_error *err)
{
	int rc = check(key, value, err) || run_put_param(t->db, &t->key, key, value, err) ? -1 : 0;

	return take_or_warn(place, rc, err);
}

int take_tag(const struct taking *t, const char *place, const char *key, const char *value, struct mlops_error *err)
{
	int rc = check(key, value, err) || run_put_tag(t->db, t->key.row, key, value, err) ? -1 : 0;

	return take_or_warn(place, rc, err);
}

/* ---- files ---- */

struct walk {
	const char *dir, *below; /* `below` is the folder's own name from where the walk began: "" */
	int depth;
	int (*fn)(const char *path, const char *name, void *arg, struct mlops_error *err);
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

int take_each_file(const char *dir,
		   int (*fn)(const char *path, const char *name, void *arg, struct mlops_error *err), void *arg,
		   struct mlops_error *err)
{
	const struct walk w = { dir, "", 0, fn, arg };

	return walk_files(&w, err);
}

static int put_artifact(const char *path, const char *name, void *arg, struct mlops_error *err)
{
	struct taking *t = arg;
	struct placed_artifact p = { .ref = { .kind = OBJECT_FILE, .files = 1 } };

	if (artifact_path_check(name, err))
		return take_or_warn(path, -1, err);
	if (mlops_store_put_file(t->store, path, &p.ref.oid, &p.ref.size, err))
		return -1;
	p.path = xstrdup(name);
	vec_push(&t->placed, p);
	return 0;
}

static int name_artifacts(const struct taking *t, struct mlops_error *err)
{
	struct experiment e;

	if (experiment_load(t->db, t->experiment, &e, err))
		return -1;
	const char *base = artifact_path_of_uri(e.location);
	int rc = base || !t->placed.n ? 0 :
					err_set(err, MLOPS_EINVALID,
						"artifacts of experiment '%s' lie at '%s', not here", e.name,
						e.location);
	for (size_t i = 0; !rc && i < t->placed.n; i++) {
		autofree char *path = xasprintf("%s/%s/artifacts/%s", base, t->id, t->placed.v[i].path);

		rc = artifact_put(t->db, path, &t->placed.v[i].ref, err);
	}
	experiment_clear(&e);
	return rc;
}

/* ---- a run ---- */

/* With the time of its experiment, so that one that is restored has its runs again. */
static int set_deleted(const struct taking *t, struct mlops_error *err)
{
	return db_change(t->db, err,
			 "UPDATE runs SET deleted_ms = ifnull(deleted_ms, ifnull((SELECT e.deleted_ms"
			 " FROM experiments e WHERE e.id = experiment_id), ?)) WHERE id = ?", "ii",
			 clock_now_ms(), t->key.row);
}

/* One that is here gets what it has not. */
static int write_run(struct db *db, void *arg, struct mlops_error *err)
{
	struct taking *t = arg;
	const struct run_create how = { .experiment = t->experiment,
					.id = t->id,
					.name = t->name,
					.user = t->user,
					.start_ms = t->start_ms };

	if ((!t->present && run_create(db, &how, &t->key, err)) ||
	    run_change(db, t->key.row, (int)t->status, t->end_ms, NULL, err) || t->add_values(t, err) ||
	    name_artifacts(t, err))
		return -1;
	return t->deleted ? set_deleted(t, err) : 0;
}

/* The run as it is here, in whichever experiment that is by now. */
static int find_present(struct taking *t, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(t->db, &stmt, err, "SELECT id, experiment_id FROM runs WHERE uuid = ?", "s", t->id);

	if (rc <= 0)
		return rc;
	t->present = true;
	t->key.row = db_int(stmt, 0);
	snprintf(t->key.id, sizeof(t->key.id), "%s", t->id);
	t->experiment = db_int(stmt, 1);
	db_done(stmt);
	return 0;
}

static int take(struct taking *t, struct mlops_error *err)
{
	if (find_present(t, err) || (t->artifacts && take_each_file(t->artifacts, put_artifact, t, err)) ||
	    (t->placed.n && mlops_store_flush(t->store, err)) || db_transaction(t->db, write_run, t, err))
		return -1;
	if (t->present) {
		t->out->present++;
		return 0;
	}
	t->out->runs++;
	t->out->artifacts += t->placed.n;
	return 0;
}

int run_take(struct taking *t, struct mlops_error *err)
{
	int rc = take(t, err);

	for (size_t i = 0; i < t->placed.n; i++)
		free(t->placed.v[i].path);
	vec_free(&t->placed);
	return rc;
}

bool is_run_id(const char *id)
{
	return strlen(id) == MLOPS_RUN_ID - 1 && strspn(id, "0123456789abcdef") == MLOPS_RUN_ID - 1;
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

int experiment_take(struct db *db, const char *name, bool deleted, int64_t *id, struct mlops_error *err)
{
	struct wanted wanted = { .name = name, .deleted = deleted };

	if (key_check("name of an experiment", name, err) || db_transaction(db, ensure, &wanted, err))
		return -1;
	*id = wanted.id;
	return 0;
}
