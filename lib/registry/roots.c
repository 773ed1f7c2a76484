/* Every object ref that a project names: what push sends, verify checks and gc keeps. */
#include "registry/private.h"

#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"
#include "mlops/revision.h"

struct visit {
	root_fn fn;
	void *arg;
	struct store *store;
};

static int give(const struct visit *v, const struct root *root, struct mlops_error *err)
{
	return v->fn(root, v->arg, err);
}

static int visit_pointers(struct project *project, const struct visit *v, struct mlops_error *err)
{
	struct pointer *pointers;
	size_t n;
	int rc = 0;

	if (mlops_pointers_list(project, &pointers, &n, err))
		return -1;
	for (size_t i = 0; i < n && !rc; i++)
		rc = give(v, &(struct root){ .ref = pointers[i].ref, .why = pointers[i].path },
			  err);
	mlops_pointers_free(pointers, n);
	return rc;
}

/*
 * What a stage reads is an out of another, tracked, or in git: the first two are visited as such,
 * the last is not in the store. An old version of it is kept as long as the store has it.
 */
static int visit_input(const struct visit *v, const struct root *root, struct mlops_error *err)
{
	return mlops_store_has(v->store, &root->ref.oid) ? give(v, root, err) : 0;
}

typedef VEC(const struct lock_item *) item_vec;

static const struct object_place usual;

/* The outs that lie elsewhere than usual, or nowhere. */
static void find_placed(const struct lockfile *lock, item_vec *out)
{
	for (size_t i = 0; i < lock->n; i++)
		for (size_t k = 0; k < lock->stages[i].n_outs; k++)
			if (!object_place_same(&lock->stages[i].outs[k].place, &usual))
				vec_push(out, &lock->stages[i].outs[k]);
}

/* What is an out, or in one, lies where that does. */
static struct object_place place_of(const item_vec *placed, const char *path)
{
	for (size_t i = 0; i < placed->n; i++)
		if (path_is_below(path, placed->v[i]->path))
			return placed->v[i]->place;
	return usual;
}

static int visit_stage(const struct lock_stage *s, const item_vec *placed, const struct visit *v,
		       struct mlops_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->n_outs && !rc; i++) {
		const struct lock_item *out = &s->outs[i];

		if (!out->not_cached)
			rc = give(v, &(struct root){ out->ref, out->place, out->path, true }, err);
	}
	for (size_t i = 0; i < s->n_deps && !rc; i++) {
		const struct lock_item *dep = &s->deps[i];

		rc = visit_input(v, &(struct root){ dep->ref, place_of(placed, dep->path),
						    dep->path, false }, err);
	}
	return rc;
}

static int visit_stages(const struct lockfile *lock, const struct visit *v, struct mlops_error *err)
{
	item_vec placed = { 0 };
	int rc = 0;

	find_placed(lock, &placed);
	for (size_t i = 0; i < lock->n && !rc; i++)
		rc = visit_stage(&lock->stages[i], &placed, v, err);
	vec_free(&placed);
	return rc;
}

static int visit_lock(struct project *project, const struct visit *v, struct mlops_error *err)
{
	struct lockfile lock = { 0 };
	int rc = mlops_lockfile_read(project, &lock, err);

	if (!rc)
		rc = visit_stages(&lock, v, err);
	mlops_lockfile_clear(&lock);
	return rc;
}

static int visit_run_object(const struct run_object *o, bool is_output, const char *run_id, void *arg,
			    struct mlops_error *err)
{
	const struct visit *v = arg;
	autofree char *why = xasprintf("%s of run %.8s", o->path, run_id);

	const struct root root = { o->ref, o->place, why, is_output };
	if (!is_output)
		return visit_input(v, &root, err);
	return o->not_cached ? 0 : give(v, &root, err);
}

/* Runs a query that gives why and REF_COLUMNS. */
static int visit_rows(struct db *db, const char *sql, const struct visit *v, struct mlops_error *err)
{
	struct root root = { 0 };
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err, sql, ""))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		rc = ref_read(stmt, 1, &root.ref, err);
		root.why = db_text(stmt, 0);
		if (!rc)
			rc = give(v, &root, err);
		if (rc) {
			db_done(stmt);
			break;
		}
	}
	return rc;
}

int roots_in_tree(struct project *project, struct store *store, root_fn fn, void *arg,
		  struct mlops_error *err)
{
	struct visit v = { fn, arg, store };
	int rc = visit_pointers(project, &v, err);

	return rc ? rc : visit_lock(project, &v, err);
}

int roots_in_db(struct project *project, struct store *store, root_fn fn, void *arg,
		struct mlops_error *err)
{
	struct visit v = { fn, arg, store };
	struct db *db;
	int rc;

	if (project_db(project, &db, err))
		return -1;
	if ((rc = run_objects_each(db, visit_run_object, &v, err)) ||
	    (rc = visit_rows(db, "SELECT 'model ' || name || ':' || version, " REF_COLUMNS
			     " FROM model_versions JOIN models ON models.id = model_id"
			     " WHERE stage != 4" /* retired */, &v, err)) ||
	    (rc = visit_rows(db, "SELECT 'artifact ' || path, " REF_COLUMNS " FROM artifacts", &v, err)))
		return rc;
	return visit_rows(db, "SELECT 'deployment ' || name || ' revision ' || number, " REF_COLUMNS
			  " FROM revisions JOIN deployments ON deployments.id = deployment_id", &v,
			  err);
}

static int visit_old_pointer(const struct pointer *p, const struct git_id *id, void *arg,
			     struct mlops_error *err)
{
	const struct visit *v = arg;

	(void)id;
	return give(v, &(struct root){ .ref = p->ref, .why = p->path }, err);
}

static int visit_old_lock(struct lockfile *lock, const struct git_id *id, void *arg,
			  struct mlops_error *err)
{
	(void)id;
	return visit_stages(lock, arg, err);
}

/* Such as one that was committed with the marks of a conflict in it: it never named anything. */
static int pass_over(const char *path, const struct git_id *id, const struct mlops_error *why,
		     void *arg, struct mlops_error *err)
{
	(void)id, (void)arg, (void)err;
	log_warn("'%s', as git has it somewhere, names nothing: %s", path, why->msg);
	return 0;
}

int roots_in_git(struct project *project, struct store *store, root_fn fn, void *arg,
		 struct mlops_error *err)
{
	struct visit v = { fn, arg, store };
	const struct revision_visitor visitor = { NULL, visit_old_pointer, visit_old_lock,
						  pass_over, &v };

	return mlops_history_visit(project, &visitor, err);
}

int mlops_roots_visit(struct project *project, root_fn fn, void *arg, struct mlops_error *err)
{
	struct store *store;
	int rc;

	if (mlops_store_of(project, &store, err))
		return -1;
	rc = roots_in_tree(project, store, fn, arg, err);
	return rc ? rc : roots_in_db(project, store, fn, arg, err);
}
