/* What trials go through. Each step is one transaction, so that no trial is run twice at a time. */
#include "pipeline/search/private.h"

#include "base/clock.h"
#include "base/proc.h"
#include "base/user.h"

/* In the queue again: trials of workers on this host that are gone. */
static int reap(struct db *db, void *arg, struct mlops_error *err)
{
	VEC(struct trial_key) lost = { 0 };
	autofree char *host = host_name();
	struct db_stmt *stmt;
	int rc;

	(void)arg;
	if (db_query(db, &stmt, err,
		     "SELECT search_id, number, pid, pid_start FROM trials"
		     " WHERE status = 1 AND host = ?",
		     "s", host))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		if (proc_start_time((pid_t)db_int(stmt, 2)) != db_int(stmt, 3))
			vec_push(&lost, { db_int(stmt, 0), db_int(stmt, 1) });
	for (size_t i = 0; i < lost.n && !rc; i++)
		rc = queue_give_back(db, &lost.v[i], err);
	vec_free(&lost);
	return rc;
}

/* Looks before it asks for the right to write: there is seldom anything to do. */
int queue_reap(struct db *db, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT 1 FROM trials WHERE status = 1 LIMIT 1", "");

	if (rc <= 0)
		return rc;
	db_done(stmt);
	return db_transaction(db, reap, NULL, err);
}

/* The run that was broken off stays on record, but no longer under the name of the trial's. */
static int give_back(struct db *db, void *arg, struct mlops_error *err)
{
	const struct trial_key *key = arg;

	if (db_change(db, err,
		      "UPDATE runs SET name = name || ' (interrupted)' WHERE id = (SELECT run_id"
		      " FROM trials WHERE search_id = ? AND number = ? AND status = 1)",
		      "ii", key->search, key->number))
		return -1;
	return db_change(db, err,
			 "UPDATE trials SET status = 0, run_id = NULL, host = NULL, pid = NULL,"
			 " pid_start = NULL, start_ms = NULL, error = NULL, snapshot = NULL"
			 " WHERE search_id = ? AND number = ? AND status = 1",
			 "ii", key->search, key->number);
}

int queue_give_back(struct db *db, const struct trial_key *key, struct mlops_error *err)
{
	return db_transaction(db, give_back, (struct trial_key *)key, err);
}

static int find_next(struct db *db, int64_t search, struct trial_key *out, bool *chosen,
		     struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT search_id, number, params IS NOT NULL FROM trials"
			" WHERE status = 0 AND (?1 = 0 OR search_id = ?1)"
			" ORDER BY search_id, number LIMIT 1",
			"i", search);

	if (rc <= 0)
		return rc;
	*out = (struct trial_key){ db_int(stmt, 0), db_int(stmt, 1) };
	*chosen = db_int(stmt, 2);
	db_done(stmt);
	return 1;
}

static int choose(struct db *db, const struct trial_key *key, struct mlops_error *err)
{
	autosearch *search = NULL;
	struct run_pair *params = NULL;

	if (search_load(db, key->search, &search, err) ||
	    suggest_params(db, search, key->search, key->number, &params, err))
		return -1;
	autofree char *text = pairs_text(params, search->n_spaces);
	pairs_free(params, search->n_spaces);
	return db_change(db, err, "UPDATE trials SET params = ? WHERE search_id = ? AND number = ?",
			 "sii", text, key->search, key->number);
}

struct claim {
	int64_t search;
	struct trial_key *key;
	bool found;
};

static int claim(struct db *db, void *arg, struct mlops_error *err)
{
	autofree char *host = host_name();
	struct claim *c = arg;
	bool chosen = false;

	if (reap(db, NULL, err))
		return -1;
	int rc = find_next(db, c->search, c->key, &chosen, err);
	c->found = rc > 0;
	if (rc <= 0)
		return rc;
	if (!chosen && choose(db, c->key, err))
		return -1;
	return db_change(db, err,
			 "UPDATE trials SET status = 1, host = ?, pid = ?, pid_start = ?,"
			 " start_ms = ?, end_ms = NULL WHERE search_id = ? AND number = ?",
			 "siiiii", host, (int64_t)getpid(), proc_start_time(getpid()),
			 clock_now_ms(), c->key->search, c->key->number);
}

int queue_claim(struct db *db, int64_t search, struct trial_key *out, bool *found,
		struct mlops_error *err)
{
	struct claim c = { search, out, false };

	if (db_transaction(db, claim, &c, err))
		return err_wrap(err, "cannot take a trial from the queue");
	*found = c.found;
	return 0;
}

int queue_end_search(struct project *project, struct db *db, int64_t search, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT uuid FROM runs WHERE id = ?1 AND status = 0 AND NOT EXISTS"
			" (SELECT 1 FROM trials WHERE search_id = ?1 AND status <= 1)",
			"i", search);

	if (rc <= 0)
		return rc;
	autofree char *id = db_text_dup(stmt, 0);
	db_done(stmt);
	return mlops_run_end(project, id, RUN_FINISHED, 0, err);
}

struct trial_end {
	struct project *project;
	const struct trial_key *key;
	enum trial_status status;
	const char *error;
};

/* The search ends with its last trial: nobody would look at it again. */
static int end_trial(struct db *db, void *arg, struct mlops_error *err)
{
	const struct trial_end *e = arg;

	if (db_change(db, err,
		      "UPDATE trials SET status = ?, end_ms = ?, error = ifnull(error, ?)"
		      " WHERE search_id = ? AND number = ?",
		      "iisii", (int64_t)e->status, clock_now_ms(), e->error, e->key->search,
		      e->key->number))
		return -1;
	return queue_end_search(e->project, db, e->key->search, err);
}

int queue_end(struct project *project, const struct trial_key *key, enum trial_status status,
	      const char *error, struct mlops_error *err)
{
	struct trial_end e = { project, key, status, error };
	struct db *db;

	return project_db(project, &db, err) ? -1 : db_transaction(db, end_trial, &e, err);
}
