/* Whole runs out of the database, one or a list. */
#include "tracking/private.h"

#include "base/str.h"
#include "base/vec.h"
#include "tracking/record.h"

DEFINE_CLEANUP(run, mlops_run_free)
#define autorun __attribute__((cleanup(cleanup_run))) struct run

static int load_head(struct db *db, int64_t row, struct run *run, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT uuid, runs.name, experiments.name, user, status, start_ms, end_ms,"
			" ifnull(exit_status, -1), git_commit"
			" FROM runs JOIN experiments ON experiments.id = experiment_id"
			" WHERE runs.id = ?", "i", row);

	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(err, MLOPS_ENOTFOUND, "the run is gone");
	int64_t status = db_int(stmt, 4);
	snprintf(run->id, sizeof(run->id), "%s", db_text(stmt, 0));
	run->name = db_text_dup(stmt, 1);
	run->experiment = db_text_dup(stmt, 2);
	run->user = db_text_dup(stmt, 3);
	run->status = (enum run_status)status;
	run->start_ms = db_int(stmt, 5);
	run->end_ms = db_int(stmt, 6);
	run->exit_status = (int)db_int(stmt, 7);
	run->git_commit = db_text_dup(stmt, 8);
	db_done(stmt);
	if (status < RUN_RUNNING || status > RUN_SCHEDULED)
		return err_set(err, MLOPS_ECORRUPT, "run %.8s has status %lld, which is none", run->id,
			       (long long)status);
	return 0;
}

static int load_stages(struct db *db, int64_t row, struct run *run, struct mlops_error *err)
{
	VEC(struct run_stage) list = { 0 };
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT name, start_ms, duration_ms, exit_status, cached, cpu_ms, peak_bytes,"
		     " read_bytes, written_bytes, gpu_samples, gpu_percent, gpu_peak_percent,"
		     " gpu_bytes, gpu_peak_bytes FROM run_stages"
		     " WHERE run_id = ? ORDER BY start_ms, name", "i", row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		vec_push(&list, { .name = db_text_dup(stmt, 0), .start_ms = db_int(stmt, 1),
				  .duration_ms = db_int(stmt, 2),
				  .exit_status = (int)db_int(stmt, 3),
				  .cached = db_int(stmt, 4) != 0,
				  .usage = { db_int(stmt, 5), db_int(stmt, 6), db_int(stmt, 7),
					     db_int(stmt, 8),
					     { db_int(stmt, 9), db_num(stmt, 10),
					       db_num(stmt, 11), db_int(stmt, 12),
					       db_int(stmt, 13) } } });
	run->stages = list.v;
	run->n_stages = list.n;
	return rc;
}

int run_load(struct db *db, int64_t row, struct run **out, struct mlops_error *err)
{
	autorun *run = xcalloc(1, sizeof(*run));

	if (load_head(db, row, run, err) ||
	    run_load_pairs(db, "SELECT key, value FROM params WHERE run_id = ? ORDER BY key", row,
		       &run->params, &run->n_params, err) ||
	    run_load_pairs(db, "SELECT key, value FROM tags WHERE run_id = ? ORDER BY key", row,
		       &run->tags, &run->n_tags, err) ||
	    run_load_metrics(db, row, &run->metrics, &run->n_metrics, err) ||
	    run_load_objects(db, row, false, &run->inputs, &run->n_inputs, err) ||
	    run_load_objects(db, row, true, &run->outputs, &run->n_outputs, err) ||
	    load_stages(db, row, run, err))
		return -1;
	*out = steal_ptr(&run);
	return 0;
}

int mlops_run_get(struct project *project, const char *which, struct run **out,
		  struct mlops_error *err)
{
	struct run_key key;
	struct db *db;

	if (project_db(project, &db, err) || run_find(db, which, &key, err))
		return -1;
	return run_load(db, key.row, out, err);
}

void mlops_run_free(struct run *run)
{
	if (!run)
		return;
	free(run->name);
	free(run->experiment);
	free(run->user);
	free(run->git_commit);
	run_pairs_free(run->params, run->n_params);
	run_pairs_free(run->tags, run->n_tags);
	mlops_metrics_free(run->metrics, run->n_metrics);
	run_objects_free(run->inputs, run->n_inputs);
	run_objects_free(run->outputs, run->n_outputs);
	for (size_t i = 0; i < run->n_stages; i++)
		free(run->stages[i].name);
	free(run->stages);
	free(run);
}
