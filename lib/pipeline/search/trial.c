/* Running one trial: a work tree, its parameters, the pipeline, and a commit of what came out. */
#include "pipeline/search/private.h"

#include "git/git.h"
#include "pipeline/override.h"

DEFINE_CLEANUP(pipeline, mlops_pipeline_free)
#define autopipeline __attribute__((cleanup(cleanup_pipeline))) struct pipeline

struct running {
	struct project *project; /* the user's */
	struct project *tree;    /* the one in the trial's work tree */
	struct trial_key key;
	struct search *search;
	struct trial *trial;
	const char *program;
	int64_t worker; /* its pid: what a trial that was taken by another says is no news any more */
	char run_id[MLOPS_RUN_ID];
};

/* Sets a column of the trial's row, as long as the trial is its worker's. */
static int tell(struct running *r, const char *sql, const char *text, struct mlops_error *err)
{
	struct db *db;

	if (project_db(r->project, &db, err))
		return -1;
	return db_change(db, err, sql, "siii", text, r->key.search, r->key.number, r->worker);
}

/* The files are edited for good: it is a work tree of its own, and the edit is a part of the result. */
static int set_params(struct running *r, struct mlops_error *err)
{
	autopipeline *pipeline = NULL;
	struct overrides overrides = { 0 };
	autostrlist params = { 0 };
	int rc = 0;

	trial_assignments(r->trial, &params);
	if (mlops_pipeline_load(r->tree, &pipeline, err))
		return -1;
	if (overrides_make(r->tree, pipeline, (const char *const *)params.v, params.n, &overrides,
			   err))
		rc = -1;
	for (size_t i = 0; i < overrides.files.n && !rc; i++)
		rc = project_write(r->tree, overrides.files.v[i].file, &overrides.files.v[i].after,
				   err);
	overrides_clear(&overrides);
	return rc;
}

static int start_run(struct db *db, void *arg, struct mlops_error *err)
{
	struct running *r = arg;
	autofree char *name = xasprintf("%s/%lld", r->search->name, (long long)r->key.number);
	const struct run_new how = { .experiment = r->search->experiment,
				     .name = name,
				     .git_commit = r->search->snapshot };

	/* The tag is MLflow's, whose programs show the runs as nested. */
	if (mlops_run_start(r->project, &how, r->run_id, err) ||
	    mlops_run_set_tag(r->project, r->run_id, "mlflow.parentRunId", r->search->id, err) ||
	    tell(r,
		 "UPDATE trials SET run_id = (SELECT id FROM runs WHERE uuid = ?)"
		 " WHERE search_id = ? AND number = ? AND pid = ? AND status = 1",
		 r->run_id, err))
		return -1;
	return db_changes(db) ? 0 :
				err_set(err, MLOPS_ETERMINATED, "the worker of the trial is gone");
}

static int run_pipeline(struct running *r, struct mlops_error *err)
{
	autopipeline *pipeline = NULL;
	struct run_outcome out;
	const struct run_how how = {
		.targets = (const char *const *)r->search->targets,
		.n_targets = r->search->n_targets,
		.run_id = r->run_id,
		.program = r->program,
		.jobs = 1,
	};

	if (mlops_pipeline_load(r->tree, &pipeline, err))
		return -1;
	return mlops_pipeline_run(r->tree, pipeline, &how, &out, err);
}

static int keep_result(struct running *r, struct mlops_error *err)
{
	autofree char *ref = trial_ref(r->search->id, r->key.number);
	autostrlist params = { 0 };
	autobuf message = { 0 };
	struct git_repo *git;
	struct git_id commit;

	strbuf_addf(&message, "Trial %s/%lld\n\n", r->search->name, (long long)r->key.number);
	trial_assignments(r->trial, &params);
	for (size_t i = 0; i < params.n; i++)
		strbuf_addf(&message, "%s\n", params.v[i]);
	if (project_git(r->tree, &git, err) ||
	    git_snapshot(git, message.buf, (struct git_large){ NEW_FILE_MAX, true }, &commit, err))
		return -1;
	git_ref_unlock(git, ref);
	if (git_ref_create(git, ref, &commit, true, err))
		return -1;
	autofree char *id = git_id_text(&commit);
	return tell(r,
		    "UPDATE trials SET snapshot = ?"
		    " WHERE search_id = ? AND number = ? AND pid = ? AND status = 1",
		    id, err);
}

static int run(struct running *r, const char *slot, struct mlops_error *err)
{
	struct db *db;

	return project_db(r->project, &db, err) ||
			       slot_prepare(r->project, slot, r->search->snapshot, &r->tree, err) ||
			       set_params(r, err) || db_transaction(db, start_run, r, err) ||
			       run_pipeline(r, err) ||
			       inherit_metrics(r->project, r->run_id, err) || keep_result(r, err) ?
		       -1 :
		       0;
}

/* One that was stopped did not fail. */
static void note_failure(struct running *r, const struct mlops_error *why)
{
	autoerr ignored = ERR_INIT;

	if (why->kind != MLOPS_EINTERRUPTED && why->kind != MLOPS_ETERMINATED)
		tell(r,
		     "UPDATE trials SET error = ?"
		     " WHERE search_id = ? AND number = ? AND pid = ? AND status = 1",
		     why->msg, &ignored);
}

int mlops_trial_run(struct project *project, const char *search_id, int64_t number,
		    const char *slot, const char *program, struct mlops_error *err)
{
	autosearch *search = NULL;
	autotrial *trial = NULL;
	struct run_key key;
	struct db *db;

	if (project_db(project, &db, err) || search_find(db, search_id, &key, err) ||
	    search_load(db, key.row, &search, err))
		return -1;
	struct running r = { .project = project,
			     .key = { key.row, number },
			     .search = search,
			     .program = program,
			     .worker = getppid() };
	if (trial_load(db, &r.key, &trial, err))
		return -1;
	r.trial = trial;
	int rc = run(&r, slot, err);
	if (rc)
		note_failure(&r, err);
	mlops_project_free(r.tree);
	return rc;
}
