/* Making a search: everything that can be wrong is told before a trial is queued. */
#include "pipeline/search/private.h"

#include "git/git.h"
#include "mlops/workspace.h"
#include "pipeline/override.h"

struct making {
	struct project *project;
	const struct search_new *how;
	struct spaces spaces;
	size_t n; /* trials */
	struct git_id snapshot;
	char id[MLOPS_RUN_ID];
};

static int check(const struct search_new *how, struct mlops_error *err)
{
	if (!how->n_spaces)
		return err_set(err, MLOPS_EUSAGE, "no parameter to search is given");
	if (how->method != SEARCH_GRID && (how->trials < 1 || how->trials > GRID_MAX))
		return err_set(err, MLOPS_EUSAGE, "the number of trials is from 1 to %d, not %lld",
			       GRID_MAX, (long long)how->trials);
	if (how->metric)
		return 0;
	if (how->method == SEARCH_TPE || how->pruner != PRUNER_NONE)
		return err_set(err, MLOPS_EUSAGE, "%s needs to know what is good: name a metric",
			       how->method == SEARCH_TPE ? "TPE" : "early stopping");
	return 0;
}

static int parse_spaces(struct making *m, struct mlops_error *err)
{
	for (size_t i = 0; i < m->how->n_spaces; i++)
		if (spaces_add(&m->spaces, m->how->spaces[i], err))
			return -1;
	if (m->how->method == SEARCH_GRID)
		return spaces_grid(&m->spaces, &m->n, err);
	m->n = (size_t)m->how->trials;
	return 0;
}

/* What trial `number` has for each space; none yet where that depends on others. New. */
static char *choose(const struct making *m, size_t number)
{
	VEC(struct run_pair) pairs = { 0 };
	struct rng rng = rng_of(m->how->seed, number);

	if (m->how->method == SEARCH_TPE)
		return NULL;
	for (size_t i = 0; i < m->spaces.n; i++) {
		const struct space *s = &m->spaces.v[i];
		char *value = m->how->method == SEARCH_GRID ?
				      spaces_grid_value(&m->spaces, i, number - 1) :
				      space_value(s, space_draw(s, &rng));

		vec_push(&pairs, { xstrdup(s->key), value });
	}
	char *text = pairs_text(pairs.v, pairs.n);
	pairs_free(pairs.v, pairs.n);
	return text;
}

/* Whether stages take the parameters, by a value of each. */
static int check_params(const struct making *m, struct mlops_error *err)
{
	autostrlist params = { 0 };
	struct overrides overrides = { 0 };
	struct rng rng = rng_of(m->how->seed, 0);
	struct pipeline *pipeline;

	for (size_t i = 0; i < m->spaces.n; i++) {
		const struct space *s = &m->spaces.v[i];
		autofree char *value = space_value(s, space_draw(s, &rng));

		strlist_take(&params, xasprintf("%s=%s", s->key, value));
	}
	if (mlops_pipeline_load(m->project, &pipeline, err))
		return -1;
	int rc = overrides_make(m->project, pipeline, (const char *const *)params.v, params.n,
				&overrides, err);
	overrides_clear(&overrides);
	mlops_pipeline_free(pipeline);
	return rc;
}

static int refuse_change(const struct status_entry *e, void *arg, struct mlops_error *err)
{
	(void)arg;
	if (e->kind == STATUS_ABSENT)
		return 0;
	err_set(err, MLOPS_ENO, "'%s' differs from what is tracked, which is what trials would see",
		e->path);
	return err_hint(err,
			"track it with: mlops track --update, or restore it with: mlops checkout");
}

static int take_snapshot(struct making *m, struct mlops_error *err)
{
	struct git_repo *git;

	if (mlops_project_lock(m->project, false, err))
		return -1;
	int rc = mlops_status(m->project, NULL, 0, refuse_change, NULL, err) ||
		 project_git(m->project, &git, err) ||
		 git_snapshot(git, "Work tree that trials of mlops exp start from\n",
			      (struct git_large){ NEW_FILE_MAX, false }, &m->snapshot, err);
	mlops_project_unlock(m->project);
	return rc ? -1 : 0;
}

static int insert_trials(struct db *db, const struct making *m, int64_t row,
			 struct mlops_error *err)
{
	for (size_t i = 1; i <= m->n; i++) {
		autofree char *params = choose(m, i);

		if (db_change(db, err,
			      "INSERT INTO trials (search_id, number, status, params)"
			      " VALUES (?, ?, ?, ?)",
			      "iiis", row, (int64_t)i, (int64_t)TRIAL_QUEUED, params))
			return -1;
	}
	return 0;
}

static int insert_search(struct db *db, const struct making *m, int64_t row, const char *commit,
			 struct mlops_error *err)
{
	const struct search_new *how = m->how;
	VEC(struct run_pair) spaces = { 0 };
	autojson *targets = js_arr();
	autobuf target_text = { 0 };

	for (size_t i = 0; i < m->spaces.n; i++)
		vec_push(&spaces, { m->spaces.v[i].key, m->spaces.v[i].text });
	autofree char *space_text = pairs_text(spaces.v, spaces.n);
	vec_free(&spaces);
	for (size_t i = 0; i < how->n_targets; i++)
		js_push(targets, js_str(how->targets[i]));
	js_dump(targets, JS_COMPACT, &target_text);
	return db_change(db, err,
			 "INSERT INTO searches (run_id, method, seed, spaces, targets, metric,"
			 " maximize, pruner, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "iiisssiis", row, (int64_t)how->method, (int64_t)how->seed, space_text,
			 target_text.buf, how->metric, (int64_t)how->maximize, (int64_t)how->pruner,
			 commit);
}

/* All of it, or nothing: also the run, and the ref that keeps the snapshot. */
static int make_all(struct db *db, void *arg, struct mlops_error *err)
{
	struct making *m = arg;
	autofree char *commit = git_id_text(&m->snapshot);
	const struct run_new run = { .experiment = m->how->experiment,
				     .name = m->how->name,
				     .git_commit = commit,
				     .no_process = true };
	struct git_repo *git;
	struct run_key key;

	if (mlops_run_start(m->project, &run, m->id, err) || run_find(db, m->id, &key, err) ||
	    mlops_run_set_tag(m->project, m->id, "search", mlops_search_method_name(m->how->method),
			      err) ||
	    insert_search(db, m, key.row, commit, err) || insert_trials(db, m, key.row, err) ||
	    project_git(m->project, &git, err))
		return -1;
	autofree char *ref = trial_ref(m->id, 0);
	return git_ref_create(git, ref, &m->snapshot, false, err);
}

/* The names of trials' runs follow from it, and have to name one. */
static int check_name(struct project *project, const char *name, struct mlops_error *err)
{
	autoerr none = ERR_INIT;
	char id[MLOPS_RUN_ID];

	if (!name || (mlops_run_find(project, name, id, &none) && none.kind == MLOPS_ENOTFOUND))
		return 0;
	return err_set(err, MLOPS_EEXISTS, "there is a run named '%s' already", name);
}

int mlops_search_new(struct project *project, const struct search_new *how, char id[MLOPS_RUN_ID],
		     struct mlops_error *err)
{
	struct making m = { .project = project, .how = how };
	struct db *db;

	int rc = check(how, err) || project_db(project, &db, err) ||
		 check_name(project, how->name, err) || parse_spaces(&m, err) ||
		 check_params(&m, err) || take_snapshot(&m, err) ||
		 db_transaction(db, make_all, &m, err);
	spaces_clear(&m.spaces);
	if (rc)
		return -1;
	memcpy(id, m.id, sizeof(m.id));
	return 0;
}
