/* Forgetting trials: their rows, their runs, and the refs that keep their commits. */
#include "pipeline/search/private.h"

#include "git/git.h"

struct removal {
	struct trial_key key;
	char *ref;
};

struct removing {
	struct project *project;
	VEC(struct removal) trials;
	VEC(struct run_key) searches; /* that go altogether */
};

static void removing_clear(struct removing *r)
{
	for (size_t i = 0; i < r->trials.n; i++)
		free(r->trials.v[i].ref);
	vec_free(&r->trials);
	vec_free(&r->searches);
}

static bool has_trial(const struct removing *r, const struct trial_key *key)
{
	for (size_t i = 0; i < r->trials.n; i++)
		if (r->trials.v[i].key.search == key->search &&
		    r->trials.v[i].key.number == key->number)
			return true;
	return false;
}

static int add_trial(struct db *db, struct removing *r, const struct trial_key *key,
		     struct mlops_error *err)
{
	autotrial *trial = NULL;

	if (has_trial(r, key))
		return 0;
	if (trial_load(db, key, &trial, err))
		return -1;
	if (trial->status == TRIAL_RUNNING) {
		err_set(err, MLOPS_ELOCKED, "trial %s/%lld runs", trial->search,
			(long long)trial->number);
		return err_hint(err, "end the worker that runs it first");
	}
	vec_push(&r->trials, { *key, trial_ref(trial->search_id, trial->number) });
	return 0;
}

static int add_search(struct db *db, struct removing *r, const struct run_key *search,
		      struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	for (size_t i = 0; i < r->searches.n; i++)
		if (r->searches.v[i].row == search->row)
			return 0;
	if (db_query(db, &stmt, err, "SELECT number FROM trials WHERE search_id = ?", "i",
		     search->row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		const struct trial_key key = { search->row, db_int(stmt, 0) };

		if (add_trial(db, r, &key, err)) {
			db_done(stmt);
			return -1;
		}
	}
	if (!rc)
		vec_push(&r->searches, *search);
	return rc;
}

static int add_all_searches(struct db *db, struct removing *r, struct mlops_error *err)
{
	autostrlist ids = { 0 };
	struct run_key key;

	if (db_texts(db, &ids, err, "SELECT uuid FROM searches JOIN runs ON runs.id = run_id", ""))
		return -1;
	for (size_t i = 0; i < ids.n; i++)
		if (search_find(db, ids.v[i], &key, err) || add_search(db, r, &key, err))
			return -1;
	return 0;
}

/* What is named is a search, or else a trial. */
static int add_named(struct db *db, struct removing *r, const char *which, struct mlops_error *err)
{
	autoerr none = ERR_INIT;
	struct trial_key trial;
	struct run_key search;

	if (!search_find(db, which, &search, &none))
		return add_search(db, r, &search, err);
	if (none.kind != MLOPS_ENOTFOUND)
		return err_move(err, &none);
	return trial_find(db, which, &trial, err) ? -1 : add_trial(db, r, &trial, err);
}

/* A run that a version of a model came from stays: it says what that was made of. */
static int delete_run(struct db *db, const struct trial_key *key, struct mlops_error *err)
{
	return db_change(
		db, err,
		"DELETE FROM runs WHERE id = (SELECT run_id FROM trials WHERE search_id = ?"
		" AND number = ?) AND id NOT IN (SELECT run_id FROM model_versions"
		" WHERE run_id IS NOT NULL)",
		"ii", key->search, key->number);
}

static int delete_rows(struct db *db, void *arg, struct mlops_error *err)
{
	struct removing *r = arg;

	for (size_t i = 0; i < r->trials.n; i++) {
		const struct trial_key *key = &r->trials.v[i].key;

		if (delete_run(db, key, err) ||
		    db_change(db, err, "DELETE FROM trials WHERE search_id = ? AND number = ?",
			      "ii", key->search, key->number))
			return -1;
	}
	for (size_t i = 0; i < r->searches.n; i++)
		if (db_change(db, err, "DELETE FROM runs WHERE id = ?", "i", r->searches.v[i].row))
			return -1;
	for (size_t i = 0; i < r->trials.n; i++)
		if (queue_end_search(r->project, db, r->trials.v[i].key.search, err))
			return -1;
	return 0;
}

static int remove_refs(struct removing *r, struct mlops_error *err)
{
	struct git_repo *git;

	if (project_git(r->project, &git, err))
		return -1;
	for (size_t i = 0; i < r->trials.n; i++)
		if (git_ref_remove(git, r->trials.v[i].ref, err))
			return -1;
	for (size_t i = 0; i < r->searches.n; i++) {
		autofree char *base = trial_ref(r->searches.v[i].id, 0);

		if (git_ref_remove(git, base, err))
			return -1;
	}
	return 0;
}

int mlops_trials_remove(struct project *project, const char *const *which, size_t n, bool dry_run,
			struct trials_removed *out, struct mlops_error *err)
{
	__attribute__((cleanup(removing_clear))) struct removing r = { .project = project };
	struct db *db;

	if (project_db(project, &db, err) || queue_reap(db, err) ||
	    (!n && add_all_searches(db, &r, err)))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add_named(db, &r, which[i], err))
			return -1;
	*out = (struct trials_removed){ r.trials.n, r.searches.n };
	if (dry_run)
		return 0;
	slots_sweep(project);
	return db_transaction(db, delete_rows, &r, err) || remove_refs(&r, err) ? -1 : 0;
}
