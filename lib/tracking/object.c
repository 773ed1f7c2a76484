/* Object refs and the objects of runs, out of the database. */
#include "tracking/private.h"

#include "base/vec.h"

int ref_read(struct db_stmt *stmt, int column, struct object_ref *out, struct mlops_error *err)
{
	int64_t kind = db_int(stmt, column), executable = db_int(stmt, column + 1);
	int64_t size = db_int(stmt, column + 3), files = db_int(stmt, column + 4);
	size_t n;
	const void *oid = db_blob(stmt, column + 2, &n);

	if ((kind != OBJECT_FILE && kind != OBJECT_TREE) || n != sizeof(out->oid.sha256) ||
	    size < 0 || files < 0)
		return err_set(err, MLOPS_ECORRUPT, "the database holds an object name that is none");
	*out = (struct object_ref){ .kind = (enum object_kind)kind, .executable = executable != 0,
				    .size = (uint64_t)size, .files = (uint64_t)files };
	memcpy(out->oid.sha256, oid, n);
	return 0;
}

#define OBJECT_COLUMNS "path, stage, is_model, not_cached, remote, no_push, " REF_COLUMNS
#define OBJECT_N (6 + REF_N)

/* Reads OBJECT_COLUMNS; the texts are lent by the statement. */
static int read_object(struct db_stmt *stmt, struct run_object *out, struct mlops_error *err)
{
	out->path = (char *)db_text(stmt, 0);
	out->stage = (char *)db_text(stmt, 1);
	out->is_model = db_int(stmt, 2) != 0;
	out->not_cached = db_int(stmt, 3) != 0;
	out->place = (struct object_place){ .no_push = db_int(stmt, 5) != 0 };
	snprintf(out->place.remote, sizeof(out->place.remote), "%s", db_text(stmt, 4));
	return ref_read(stmt, 6, &out->ref, err);
}

struct object_list {
	struct run_object *v;
	size_t n, cap;
};

static int collect(struct db_stmt *stmt, struct object_list *list, struct mlops_error *err)
{
	struct run_object o;
	int rc;

	while ((rc = db_step(stmt, err)) > 0) {
		if (read_object(stmt, &o, err)) {
			db_done(stmt);
			return -1;
		}
		o.path = xstrdup(o.path);
		o.stage = xstrdup(o.stage);
		vec_push(list, o);
	}
	return rc;
}

int run_load_objects(struct db *db, int64_t row, bool outputs, struct run_object **out, size_t *n,
		     struct mlops_error *err)
{
	struct object_list list = { 0 };
	struct db_stmt *stmt;

	if (db_query(db, &stmt, err,
		     "SELECT " OBJECT_COLUMNS " FROM run_objects"
		     " WHERE run_id = ? AND is_output = ? ORDER BY path, stage",
		     "ii", row, (int64_t)outputs))
		return -1;
	if (collect(stmt, &list, err)) {
		run_objects_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

void run_objects_free(struct run_object *objects, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(objects[i].path);
		free(objects[i].stage);
	}
	free(objects);
}

int run_objects_each(struct db *db,
		     int (*fn)(const struct run_object *object, bool is_output, const char *run_id,
			       void *arg, struct mlops_error *err),
		     void *arg, struct mlops_error *err)
{
	struct db_stmt *stmt;
	struct run_object o;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT " OBJECT_COLUMNS ", is_output, uuid"
		     " FROM run_objects JOIN runs ON runs.id = run_id", ""))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		rc = read_object(stmt, &o, err);
		if (!rc)
			rc = fn(&o, db_int(stmt, OBJECT_N) != 0, db_text(stmt, OBJECT_N + 1), arg, err);
		if (rc)
			break;
	}
	if (rc)
		db_done(stmt);
	return rc;
}
