/* Trials in the database: finding, loading, and lists that are filtered and sorted. */
#include "pipeline/search/private.h"

#include <math.h>

#include "base/clock.h"
#include "base/num.h"
#include "pipeline/condition.h"

const char *mlops_trial_status_name(enum trial_status status)
{
	static const char *const names[] = { "queued", "running", "done", "failed", "pruned" };

	return names[status];
}

char *trial_ref(const char *search_id, int64_t number)
{
	return number ? xasprintf("refs/mlops/exp/%s/%lld", search_id, (long long)number) :
			xasprintf("refs/mlops/exp/%s/base", search_id);
}

void trial_assignments(const struct trial *trial, struct strlist *out)
{
	for (size_t i = 0; i < trial->n_params; i++)
		strlist_take(out, xasprintf("%s=%s", trial->params[i].key, trial->params[i].value));
}

void mlops_trial_free(struct trial *t)
{
	if (!t)
		return;
	free(t->search);
	pairs_free(t->params, t->n_params);
	mlops_metrics_free(t->metrics, t->n_metrics);
	free(t->error);
	free(t->snapshot);
	free(t);
}

void mlops_trials_free(struct trial **trials, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mlops_trial_free(trials[i]);
	free(trials);
}

static int read_row(struct db_stmt *stmt, struct trial *t, struct mlops_error *err)
{
	int64_t status = db_int(stmt, 2);
	const char *params = db_text(stmt, 3);

	snprintf(t->search_id, sizeof(t->search_id), "%s", db_text(stmt, 0));
	t->search = db_text_dup(stmt, 1);
	t->start_ms = db_int(stmt, 4);
	t->end_ms = db_int(stmt, 5);
	t->error = db_text_dup(stmt, 6);
	t->snapshot = db_text_dup(stmt, 7);
	if (db_text(stmt, 8))
		snprintf(t->run_id, sizeof(t->run_id), "%s", db_text(stmt, 8));
	if (status < TRIAL_QUEUED || status > TRIAL_PRUNED)
		return err_set(err, MLOPS_ECORRUPT,
			       "a trial of '%s' has status %lld, which is none", t->search,
			       (long long)status);
	t->status = (enum trial_status)status;
	return params ? pairs_parse(params, &t->params, &t->n_params, err) : 0;
}

int trial_load(struct db *db, const struct trial_key *key, struct trial **out,
	       struct mlops_error *err)
{
	autotrial *t = xcalloc(1, sizeof(*t));
	struct db_stmt *stmt;
	int rc =
		db_row(db, &stmt, err,
		       "SELECT s.uuid, s.name, t.status, params, t.start_ms, t.end_ms, error,"
		       " snapshot, r.uuid, r.id FROM trials AS t JOIN runs AS s ON s.id = search_id"
		       " LEFT JOIN runs AS r ON r.id = run_id WHERE search_id = ? AND number = ?",
		       "ii", key->search, key->number);

	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(err, MLOPS_ENOTFOUND, "the trial is gone");
	int64_t run = db_int(stmt, 9);
	t->number = key->number;
	rc = read_row(stmt, t, err);
	db_done(stmt);
	if (rc || (run && run_load_metrics(db, run, &t->metrics, &t->n_metrics, err)))
		return -1;
	*out = steal_ptr(&t);
	return 0;
}

static int exists(struct db *db, const struct trial_key *key, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT 1 FROM trials WHERE search_id = ? AND number = ?",
			"ii", key->search, key->number);

	if (rc > 0)
		db_done(stmt);
	return rc;
}

/* "SEARCH/NUMBER", or a number alone. 1: it is found, 0: it is no such thing. */
static int find_numbered(struct db *db, const char *which, struct trial_key *out,
			 struct mlops_error *err)
{
	const char *slash = strrchr(which, '/');
	autoerr none = ERR_INIT;
	struct run_key search;
	int64_t number;

	if (!num_parse_i64(slash ? slash + 1 : which, &number))
		return 0;
	autofree char *name = slash ? xstrndup(which, (size_t)(slash - which)) : NULL;
	if (search_find(db, name, &search, &none))
		return none.kind == MLOPS_ENOTFOUND ? 0 : err_move(err, &none);
	*out = (struct trial_key){ search.row, number };
	return exists(db, out, err);
}

int trial_find(struct db *db, const char *which, struct trial_key *out, struct mlops_error *err)
{
	autoerr none = ERR_INIT;
	struct run_key run;
	struct db_stmt *stmt;
	int rc = find_numbered(db, which, out, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (!run_find(db, which, &run, &none)) {
		rc = db_row(db, &stmt, err, "SELECT search_id, number FROM trials WHERE run_id = ?",
			    "i", run.row);
		if (rc < 0)
			return -1;
		if (rc) {
			*out = (struct trial_key){ db_int(stmt, 0), db_int(stmt, 1) };
			db_done(stmt);
			return 0;
		}
	} else if (none.kind != MLOPS_ENOTFOUND) {
		return err_move(err, &none);
	}
	err_set(err, MLOPS_ENOTFOUND, "there is no trial '%s'", which);
	return err_hint(err, "list them with: mlops exp show");
}

int mlops_trial_get(struct project *project, const char *which, struct trial **out,
		    struct mlops_error *err)
{
	struct trial_key key;
	struct db *db;

	if (project_db(project, &db, err) || queue_reap(db, err) ||
	    trial_find(db, which, &key, err))
		return -1;
	return trial_load(db, &key, out, err);
}

const struct run_metric *mlops_trial_metric(const struct trial *t, const char *key)
{
	for (size_t i = 0; i < t->n_metrics; i++)
		if (!strcmp(t->metrics[i].key, key))
			return &t->metrics[i];
	return NULL;
}

const char *mlops_trial_param(const struct trial *t, const char *key)
{
	for (size_t i = 0; i < t->n_params; i++)
		if (!strcmp(t->params[i].key, key))
			return t->params[i].value;
	return NULL;
}

/* For conditions: "params.KEY" and "metrics.KEY". */
static int find_value(void *arg, const char *name, struct json **out, struct mlops_error *err)
{
	const struct trial *t = arg;

	if (str_starts(name, "env."))
		return err_set(err, MLOPS_EUSAGE, "trials have no '%s': name params.* or metrics.*",
			       name);
	if (str_starts(name, "params.")) {
		const char *value = mlops_trial_param(t, name + strlen("params."));

		*out = value ? js_str(value) : NULL;
		return 0;
	}
	const struct run_metric *m = mlops_trial_metric(t, name + strlen("metrics."));
	*out = m ? js_num(m->value) : NULL;
	return 0;
}

/* What one trial is sorted by: numbers before text, and nothing last. */
struct sort_key {
	struct trial *trial;
	int rank;
	double number;
	const char *text;
};

static void find_sort_key(struct trial *t, const char *by, struct sort_key *out)
{
	const struct run_metric *m = mlops_trial_metric(t, by);
	int64_t end_ms = t->status == TRIAL_RUNNING ? clock_now_ms() : t->end_ms;

	*out = (struct sort_key){ .trial = t, .text = mlops_trial_param(t, by) };
	if (!strcmp(by, "trial"))
		out->number = (double)t->number;
	else if (!strcmp(by, "duration"))
		out->number = t->start_ms ? (double)(end_ms - t->start_ms) : NAN;
	else if (m)
		out->number = m->value;
	else if (!out->text)
		out->rank = 2;
	else if (!num_parse_double(out->text, &out->number))
		out->rank = 1;
	if (!out->rank && isnan(out->number))
		out->rank = 2;
}

static int compare_keys(const struct sort_key *a, const struct sort_key *b, bool descending)
{
	int order = a->rank == 1 ? strcmp(a->text, b->text) :
		    a->rank      ? 0 :
				   (a->number > b->number) - (a->number < b->number);

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (order)
		return descending ? -order : order;
	return a->trial->number < b->trial->number ? -1 : 1;
}

static int ascending(const void *a, const void *b)
{
	return compare_keys(a, b, false);
}

static int descending(const void *a, const void *b)
{
	return compare_keys(a, b, true);
}

struct trial_vec {
	struct trial **v;
	size_t n, cap;
};

static int sort(struct trial_vec *list, const char *by, bool downwards, struct mlops_error *err)
{
	autofree struct sort_key *keys = xcalloc(list->n + 1, sizeof(*keys));
	bool any = false;

	for (size_t i = 0; i < list->n; i++) {
		find_sort_key(list->v[i], by, &keys[i]);
		any |= keys[i].rank < 2;
	}
	if (!any && list->n && strcmp(by, "duration"))
		return err_set(err, MLOPS_ENOTFOUND, "no trial has a parameter or metric '%s'", by);
	qsort(keys, list->n, sizeof(*keys), downwards ? descending : ascending);
	for (size_t i = 0; i < list->n; i++)
		list->v[i] = keys[i].trial;
	return 0;
}

static int add_if(struct db *db, const struct trial_key *key, const char *filter,
		  struct trial_vec *list, struct mlops_error *err)
{
	autotrial *t = NULL;
	bool holds = true;

	if (trial_load(db, key, &t, err))
		return -1;
	const struct condition_names names = { find_value, t };
	if (filter && condition_holds(filter, &names, &holds, err))
		return -1;
	if (holds)
		vec_push(list, steal_ptr(&t));
	return 0;
}

static int load_all(struct db *db, int64_t search, const char *filter, struct trial_vec *list,
		    struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT number FROM trials WHERE search_id = ? ORDER BY number", "i", search))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		const struct trial_key key = { search, db_int(stmt, 0) };

		if (add_if(db, &key, filter, list, err)) {
			db_done(stmt);
			return -1;
		}
	}
	return rc;
}

int mlops_trials_list(struct project *project, const struct trial_query *q, struct trial ***out,
		      size_t *n, struct mlops_error *err)
{
	struct trial_vec list = { 0 };
	struct run_key search;
	struct db *db;

	if ((q->filter && condition_holds(q->filter, NULL, NULL, err)) ||
	    project_db(project, &db, err) || queue_reap(db, err) ||
	    search_find(db, q->search, &search, err))
		return -1;
	if (load_all(db, search.row, q->filter, &list, err) ||
	    ((q->sort || q->descending) &&
	     sort(&list, q->sort ? q->sort : "trial", q->descending, err))) {
		mlops_trials_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}
