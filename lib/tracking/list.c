/* Lists of runs. */
#include "tracking/private.h"

#include "base/vec.h"
#include "tracking/search/kind.h"

struct run_list {
	struct run **v;
	size_t n, cap;
};

static int fail_no_experiment(struct db *db, const char *name, struct mlops_error *err)
{
	autostrlist names = { 0 };

	if (db_texts(db, &names, err, "SELECT name FROM experiments", ""))
		return -1;
	const char *near = strlist_suggest(name, &names);
	err_set(err, MLOPS_ENOTFOUND, "there is no experiment '%s'", name);
	return near ? err_hint(err, "did you mean '%s'?", near) : -1;
}

static int check_experiment(struct db *db, const char *name, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT 1 FROM experiments WHERE name = ?", "s", name);

	if (rc < 0)
		return -1;
	if (!rc)
		return fail_no_experiment(db, name, err);
	db_done(stmt);
	return 0;
}

static int compile(struct db *db, const struct run_query *q, struct search_query *where,
		   struct search_query *out, struct mlops_error *err)
{
	static const char *const newest[] = { "r.start_ms DESC", "r.id DESC", NULL };
	const struct search_how how = {
		.filter = q->filter,
		.limit = q->limit && q->limit <= INT64_MAX ? (int64_t)q->limit : -1,
	};
	struct search_kind kind = search_runs;

	kind.order = newest;
	query_add(where, "r.deleted_ms IS NULL");
	if (q->experiment) {
		if (check_experiment(db, q->experiment, err))
			return -1;
		query_add(where, " AND r.experiment_id = (SELECT id FROM experiments WHERE name = ");
		query_text(where, q->experiment);
		query_add(where, ")");
	}
	return search_compile(&kind, &how, where, out, err);
}

static int load_all(struct db *db, struct db_stmt *ids, struct run_list *list,
		    struct mlops_error *err)
{
	struct run *run;
	int rc;

	while ((rc = db_step(ids, err)) > 0) {
		if (run_load(db, db_int(ids, 0), &run, err)) {
			db_done(ids);
			return -1;
		}
		vec_push(list, run);
	}
	return rc;
}

int mlops_runs_list(struct project *project, const struct run_query *query, struct run ***out,
		    size_t *n, struct mlops_error *err)
{
	autoarena arena = { 0 };
	autoquery where = { .arena = &arena }, q = { .arena = &arena };
	struct run_list list = { 0 };
	struct db_stmt *ids;
	struct db *db;

	if (project_db(project, &db, err) || compile(db, query, &where, &q, err) ||
	    search_run(db, &q, &ids, err))
		return -1;
	if (load_all(db, ids, &list, err)) {
		mlops_runs_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

void mlops_runs_free(struct run **runs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mlops_run_free(runs[i]);
	free(runs);
}
