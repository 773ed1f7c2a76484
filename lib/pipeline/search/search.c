/* Searches in the database: finding, loading, listing. They are made in new.c. */
#include "pipeline/search/private.h"

#include "base/path.h"

const char *mlops_search_method_name(enum search_method method)
{
	static const char *const names[] = { "grid", "random", "tpe" };

	return names[method];
}

const char *mlops_search_pruner_name(enum search_pruner pruner)
{
	static const char *const names[] = { "none", "median", "halving" };

	return names[pruner];
}

char *pairs_text(const struct run_pair *pairs, size_t n)
{
	autojson *obj = js_obj();
	autobuf text = { 0 };

	for (size_t i = 0; i < n; i++)
		js_set(obj, pairs[i].key, js_str(pairs[i].value));
	js_dump(obj, JS_COMPACT, &text);
	return strbuf_steal(&text);
}

int pairs_parse(const char *text, struct run_pair **out, size_t *n, struct mlops_error *err)
{
	VEC(struct run_pair) list = { 0 };
	autojson *obj = NULL;
	const char *key;
	struct json *value;
	void *iter = NULL;

	if (js_parse(text, strlen(text), "parameters in the database", &obj, err))
		return -1;
	while (js_next(obj, &iter, &key, &value))
		if (js_text(value))
			vec_push(&list, { xstrdup(key), xstrdup(js_text(value)) });
	*out = list.v;
	*n = list.n;
	return 0;
}

void pairs_free(struct run_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

void mlops_search_free(struct search *s)
{
	if (!s)
		return;
	free(s->name);
	free(s->experiment);
	pairs_free(s->spaces, s->n_spaces);
	for (size_t i = 0; i < s->n_targets; i++)
		free(s->targets[i]);
	free(s->targets);
	free(s->metric);
	free(s->snapshot);
	free(s);
}

void mlops_searches_free(struct search **searches, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mlops_search_free(searches[i]);
	free(searches);
}

static int parse_targets(const char *text, struct search *s, struct mlops_error *err)
{
	autojson *list = NULL;
	struct strlist names = { 0 };

	if (js_parse(text, strlen(text), "stages in the database", &list, err))
		return -1;
	for (size_t i = 0; i < js_len(list); i++)
		if (js_text(js_at(list, i)))
			strlist_add(&names, js_text(js_at(list, i)));
	s->targets = names.v;
	s->n_targets = names.n;
	return 0;
}

/* Reads the row that is selected in load_head(). */
static int read_head(struct db_stmt *stmt, struct search *s, struct mlops_error *err)
{
	int64_t method = db_int(stmt, 5), pruner = db_int(stmt, 11);

	snprintf(s->id, sizeof(s->id), "%s", db_text(stmt, 0));
	s->name = db_text_dup(stmt, 1);
	s->experiment = db_text_dup(stmt, 2);
	s->start_ms = db_int(stmt, 3);
	s->end_ms = db_int(stmt, 4);
	s->seed = (uint64_t)db_int(stmt, 6);
	s->metric = db_text_dup(stmt, 9);
	s->maximize = db_int(stmt, 10);
	s->snapshot = db_text_dup(stmt, 12);
	if (method < SEARCH_GRID || method > SEARCH_TPE || pruner < PRUNER_NONE ||
	    pruner > PRUNER_HALVING)
		return err_set(err, MLOPS_ECORRUPT, "search '%s' is damaged in the database",
			       s->name);
	s->method = (enum search_method)method;
	s->pruner = (enum search_pruner)pruner;
	return pairs_parse(db_text(stmt, 7), &s->spaces, &s->n_spaces, err) ||
			       parse_targets(db_text(stmt, 8), s, err) ?
		       -1 :
		       0;
}

static int load_head(struct db *db, int64_t row, struct search *s, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT uuid, runs.name, experiments.name, start_ms, end_ms, method, seed,"
			" spaces, targets, metric, maximize, pruner, snapshot FROM searches"
			" JOIN runs ON runs.id = run_id JOIN experiments ON experiments.id ="
			" experiment_id WHERE run_id = ?",
			"i", row);

	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(err, MLOPS_ENOTFOUND, "the search is gone");
	rc = read_head(stmt, s, err);
	db_done(stmt);
	return rc;
}

static int load_counts(struct db *db, int64_t row, struct search *s, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT status, count(*) FROM trials WHERE search_id = ? GROUP BY status", "i",
		     row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		if (db_int(stmt, 0) >= 0 && db_int(stmt, 0) < TRIAL_STATUSES)
			s->trials[db_int(stmt, 0)] = (size_t)db_int(stmt, 1);
	return rc;
}

static int load_best(struct db *db, int64_t row, struct search *s, struct mlops_error *err)
{
	const char *sql =
		s->maximize ?
			"SELECT number, value FROM trials JOIN latest_metrics USING (run_id)"
			" WHERE search_id = ? AND status = 2 AND key = ? AND value IS NOT NULL"
			" ORDER BY value DESC, number LIMIT 1" :
			"SELECT number, value FROM trials JOIN latest_metrics USING (run_id)"
			" WHERE search_id = ? AND status = 2 AND key = ? AND value IS NOT NULL"
			" ORDER BY value, number LIMIT 1";
	struct db_stmt *stmt;

	if (!s->metric)
		return 0;
	int rc = db_row(db, &stmt, err, sql, "is", row, s->metric);
	if (rc <= 0)
		return rc;
	s->best = db_int(stmt, 0);
	s->best_value = db_num(stmt, 1);
	db_done(stmt);
	return 0;
}

int search_load(struct db *db, int64_t row, struct search **out, struct mlops_error *err)
{
	autosearch *s = xcalloc(1, sizeof(*s));

	if (load_head(db, row, s, err) || load_counts(db, row, s, err) ||
	    load_best(db, row, s, err))
		return -1;
	*out = steal_ptr(&s);
	return 0;
}

int search_spaces(const struct search *search, struct spaces *out, struct mlops_error *err)
{
	for (size_t i = 0; i < search->n_spaces; i++) {
		autofree char *typed =
			xasprintf("%s=%s", search->spaces[i].key, search->spaces[i].value);

		if (spaces_add(out, typed, err))
			return -1;
	}
	return 0;
}

static int find_newest(struct db *db, struct run_key *out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT runs.id, uuid FROM searches JOIN runs ON runs.id = run_id"
			" ORDER BY run_id DESC LIMIT 1",
			"");

	if (rc < 0)
		return -1;
	if (!rc) {
		err_set(err, MLOPS_ENOTFOUND, "there is no search yet");
		return err_hint(err, "make one with: mlops exp run -P KEY=VALUES");
	}
	out->row = db_int(stmt, 0);
	snprintf(out->id, sizeof(out->id), "%s", db_text(stmt, 1));
	db_done(stmt);
	return 0;
}

int search_find(struct db *db, const char *which, struct run_key *out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	struct run_key key;

	if (!which || !strcmp(which, "last"))
		return find_newest(db, out, err);
	if (run_find(db, which, &key, err))
		return -1;
	int rc = db_row(db, &stmt, err, "SELECT 1 FROM searches WHERE run_id = ?", "i", key.row);
	if (rc < 0)
		return -1;
	if (!rc) {
		err_set(err, MLOPS_ENOTFOUND, "run '%s' is no search", which);
		return err_hint(err, "list searches with: mlops exp ls");
	}
	db_done(stmt);
	*out = key;
	return 0;
}

int mlops_search_get(struct project *project, const char *which, struct search **out,
		     struct mlops_error *err)
{
	struct run_key key;
	struct db *db;

	if (project_db(project, &db, err) || queue_reap(db, err) ||
	    search_find(db, which, &key, err))
		return -1;
	return search_load(db, key.row, out, err);
}

int mlops_searches_list(struct project *project, struct search ***out, size_t *n,
			struct mlops_error *err)
{
	VEC(struct search *) list = { 0 };
	struct db_stmt *stmt;
	struct db *db;
	int rc;

	if (project_db(project, &db, err) || queue_reap(db, err) ||
	    db_query(db, &stmt, err, "SELECT run_id FROM searches ORDER BY run_id DESC", ""))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		struct search *search;

		rc = search_load(db, db_int(stmt, 0), &search, err);
		if (rc) {
			db_done(stmt);
			break;
		}
		vec_push(&list, search);
	}
	if (rc) {
		mlops_searches_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}
