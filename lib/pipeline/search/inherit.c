/*
 * Metrics of a trial whose stages were not executed since an earlier run had executed the same: what
 * they logged then is true of it as well, and what a search is to learn from.
 */
#include "pipeline/search/private.h"

/* The newest run that ended well with the same parameters and outputs and more metrics; 0: none. */
static int find_twin(struct db *db, int64_t run, int64_t *out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT id FROM runs AS q WHERE status = 1 AND id != ?1"
			" AND EXISTS (SELECT 1 FROM run_stages WHERE run_id = ?1 AND cached)"
			" AND EXISTS (SELECT 1 FROM run_stages WHERE run_id = q.id)"
			" AND NOT EXISTS (SELECT key, value FROM params WHERE run_id = ?1"
			"  EXCEPT SELECT key, value FROM params WHERE run_id = q.id)"
			" AND NOT EXISTS (SELECT stage, path, oid FROM run_objects"
			"  WHERE run_id = ?1 AND is_output"
			"  EXCEPT SELECT stage, path, oid FROM run_objects"
			"  WHERE run_id = q.id AND is_output)"
			" AND EXISTS (SELECT key FROM latest_metrics WHERE run_id = q.id"
			"  EXCEPT SELECT key FROM latest_metrics WHERE run_id = ?1)"
			" ORDER BY id DESC LIMIT 1",
			"i", run);

	*out = rc > 0 ? db_int(stmt, 0) : 0;
	if (rc > 0)
		db_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int inherit(struct db *db, void *run_id, struct mlops_error *err)
{
	struct run_key run;
	int64_t twin;

	if (run_find(db, run_id, &run, err) || find_twin(db, run.row, &twin, err))
		return -1;
	return twin ? run_copy_metrics(db, run.row, twin, err) : 0;
}

int inherit_metrics(struct project *project, const char *run_id, struct mlops_error *err)
{
	struct db *db;

	if (project_db(project, &db, err))
		return -1;
	return db_transaction(db, inherit, (char *)run_id, err);
}
