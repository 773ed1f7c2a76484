/* Runs: made, changed, read, searched. What is logged to them is in mlflow_log.c. */
#include "serve/api/mlflow.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/vec.h"
#include "tracking/search/kind.h"

#define MAX_PAGE 50000

int call_run(struct db *db, struct mlflow_call *c, bool active, struct run_key *out,
	     struct mlops_error *err)
{
	const char *id = "";
	int64_t deleted_ms;

	if (arg_text(c->in, "run_id", &id, err) || (!*id && arg_text(c->in, "run_uuid", &id, err)))
		return -1;
	if (!*id)
		return arg_missing("run_id", err);
	if (run_lookup(db, id, &out->row, &deleted_ms, err))
		return -1;
	snprintf(out->id, sizeof(out->id), "%s", id);
	if (!active || !deleted_ms)
		return 0;
	return err_set(err, MLOPS_EINVALID,
		       "The run %s must be in the 'active' state. Current state is deleted.", id);
}

int run_artifact_uri(struct db *db, const struct run_key *run, char **out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT " EXPERIMENT_LOCATION
			" FROM runs r JOIN experiments e ON e.id = experiment_id WHERE r.id = ?",
			"i", run->row);

	if (rc <= 0)
		return -1;
	*out = xasprintf("%s/%s/artifacts", db_text(stmt, 0), run->id);
	db_done(stmt);
	return 0;
}

static int json_info(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT uuid, r.name, e.id, user, status, start_ms, end_ms, r.deleted_ms,"
			" " EXPERIMENT_LOCATION
			" FROM runs r JOIN experiments e ON e.id = experiment_id WHERE r.id = ?",
			"i", row);
	char id[NUM_SIZE];

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(err, MLOPS_ENOTFOUND, "the run is gone");
	struct json *v = js_obj();
	autofree char *uri = xasprintf("%s/%s/artifacts", db_text(stmt, 8), db_text(stmt, 0));
	js_set(v, "run_uuid", js_str(db_text(stmt, 0)));
	js_set(v, "experiment_id", js_str(num_format_u64((uint64_t)db_int(stmt, 2), id)));
	js_set(v, "run_name", js_str(db_text(stmt, 1)));
	js_set(v, "user_id", js_str(db_text(stmt, 3)));
	js_set(v, "status", js_str(mlops_run_status_name((enum run_status)db_int(stmt, 4))));
	js_set(v, "start_time", js_int(db_int(stmt, 5)));
	if (!db_is_null(stmt, 6))
		js_set(v, "end_time", js_int(db_int(stmt, 6)));
	js_set(v, "artifact_uri", js_str(uri));
	js_set(v, "lifecycle_stage", js_str(db_is_null(stmt, 7) ? "active" : "deleted"));
	js_set(v, "run_id", js_str(db_text(stmt, 0)));
	db_done(stmt);
	*out = v;
	return 0;
}

struct json *json_metric(const char *key, double value, int64_t timestamp_ms, int64_t step)
{
	struct json *v = js_obj();

	js_set(v, "key", js_str(key));
	js_set(v, "value", js_num(value));
	js_set(v, "timestamp", js_int(timestamp_ms));
	js_set(v, "step", js_int(step));
	return v;
}

static void set_list(struct json *obj, const char *name, struct json *list)
{
	if (js_len(list))
		js_set(obj, name, list);
	else
		js_free(list);
}

static int add_metrics(struct db *db, int64_t row, struct json *data, struct mlops_error *err)
{
	struct run_metric *metrics;
	size_t n;

	if (run_load_metrics(db, row, &metrics, &n, err))
		return -1;
	struct json *list = js_arr();
	for (size_t i = 0; i < n; i++)
		js_push(list, json_metric(metrics[i].key, metrics[i].value, metrics[i].timestamp_ms,
					  metrics[i].step));
	mlops_metrics_free(metrics, n);
	set_list(data, "metrics", list);
	return 0;
}

static int add_pairs(struct db *db, int64_t row, const char *name, const char *sql,
		     struct json *data, struct mlops_error *err)
{
	struct run_pair *pairs;
	size_t n;
	int rc = run_load_pairs(db, sql, row, &pairs, &n, err);

	set_list(data, name, json_pairs(pairs, n));
	run_pairs_free(pairs, n);
	return rc;
}

/* The tag that has the name is there also for runs that `mlops run` made. */
#define TAGS_SQL                                                                                   \
	"SELECT key, value FROM tags WHERE run_id = ?1 UNION ALL"                                  \
	" SELECT '" RUN_NAME_TAG "', name FROM runs WHERE id = ?1"                                 \
	" AND NOT EXISTS (SELECT 1 FROM tags WHERE run_id = ?1 AND key = '" RUN_NAME_TAG "')"

int json_run(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	autojson *run = js_obj();
	struct json *data = js_obj(), *info;

	js_set(run, "data", data);
	if (json_info(db, row, &info, err))
		return -1;
	js_set(run, "info", info);
	if (add_metrics(db, row, data, err) ||
	    add_pairs(db, row, "params", "SELECT key, value FROM params WHERE run_id = ? ORDER BY key",
		      data, err) ||
	    add_pairs(db, row, "tags", TAGS_SQL, data, err) || json_run_inputs(db, row, run, err))
		return -1;
	*out = js_ref(run);
	return 0;
}

static int reply_run(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	struct json *run;

	if (json_run(db, row, &run, err))
		return -1;
	js_set(c->out, "run", run);
	return 0;
}

static const char *find_pair(const struct run_pair *pairs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(pairs[i].key, key))
			return pairs[i].value;
	return NULL;
}

static int pick_name(struct mlflow_call *c, const struct run_pair *tags, size_t n, const char **out,
		     struct mlops_error *err)
{
	const char *name = "", *tag = find_pair(tags, n, RUN_NAME_TAG);

	if (arg_text(c->in, "run_name", &name, err))
		return -1;
	if (*name && tag && strcmp(name, tag))
		return err_set(err, MLOPS_EINVALID,
			       "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with"
			       " different values (run_name='%s', mlflow.runName='%s').", name, tag);
	*out = *name ? name : tag && *tag ? tag : NULL;
	return 0;
}

static int create(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct run_create how = { .user = "" };
	struct run_pair *tags;
	struct run_key key;
	size_t n;

	if (arg_pairs(c, "tags", "tags", MAX_TAG_VALUE, &tags, &n, err) ||
	    pick_name(c, tags, n, &how.name, err) || arg_text(c->in, "user_id", &how.user, err) ||
	    arg_int(c->in, "start_time", &how.start_ms, err) ||
	    call_active_experiment(db, c, &how.experiment, err))
		return -1;
	if (run_create(db, &how, &key, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (run_put_tag(db, key.row, tags[i].key, tags[i].value, err))
			return -1;
	return reply_run(db, c, key.row, err);
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct run_key key;

	return call_run(db, c, false, &key, err) || reply_run(db, c, key.row, err) ? -1 : 0;
}

/* Names, as clients send them; the numbers of protobuf's enum are fine too. */
static int read_status(struct mlflow_call *c, int *out, struct mlops_error *err)
{
	static const enum run_status numbers[] = { 0, RUN_RUNNING, RUN_SCHEDULED, RUN_FINISHED,
						   RUN_FAILED, RUN_KILLED };
	const struct json *v = arg_field(c->in, "status");
	int64_t number;

	if (!v)
		return 0;
	for (int i = RUN_RUNNING; js_text(v) && i <= RUN_SCHEDULED; i++) {
		if (!strcmp(js_text(v), mlops_run_status_name((enum run_status)i))) {
			*out = i;
			return 0;
		}
	}
	if (!js_to_int(v, &number) || number < 1 || number >= (int64_t)ARRAY_LEN(numbers))
		return arg_invalid("status", v, "RUNNING, SCHEDULED, FINISHED, FAILED or KILLED", err);
	*out = numbers[number];
	return 0;
}

static int update(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name = "";
	int64_t end_ms = 0;
	struct run_key key;
	struct json *info;
	int status = -1;

	if (read_status(c, &status, err) || arg_int(c->in, "end_time", &end_ms, err) ||
	    arg_text(c->in, "run_name", &name, err) || call_run(db, c, true, &key, err) ||
	    run_change(db, key.row, status, end_ms, *name ? name : NULL, err) ||
	    json_info(db, key.row, &info, err))
		return -1;
	js_set(c->out, "run_info", info);
	return 0;
}

static int delete_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct run_key key;

	return call_run(db, c, true, &key, err) || run_set_deleted(db, key.row, true, err) ? -1 : 0;
}

static int restore(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct run_key key;

	return call_run(db, c, false, &key, err) || run_set_deleted(db, key.row, false, err) ? -1 : 0;
}

typedef VEC(int64_t) row_vec;

static int collect_rows(struct db_stmt *stmt, row_vec *rows, struct mlops_error *err)
{
	int rc;

	while ((rc = db_step(stmt, err)) > 0)
		vec_push(rows, db_int(stmt, 0));
	return rc;
}

static int find_runs(struct db *db, struct mlflow_call *c, struct search_how *how, row_vec *rows,
		     struct mlops_error *err)
{
	autoquery where = { .arena = c->arena }, q = { .arena = c->arena };
	const char *const *ids;
	struct db_stmt *stmt;
	size_t n;

	if (arg_limit(c, 1000, MAX_PAGE, &how->limit, err) || arg_offset(c, &how->offset, err) ||
	    arg_text(c->in, "filter", &how->filter, err) ||
	    arg_texts(c, "order_by", &how->order, &how->n_order, err) ||
	    view_condition(c, "run_view_type", "r.deleted_ms", &where, err) ||
	    arg_texts(c, "experiment_ids", &ids, &n, err))
		return -1;
	query_add(&where, " AND ");
	experiments_condition("r.experiment_id", ids, n, &where);
	how->limit++;
	return search_compile(&search_runs, how, &where, &q, err) || search_run(db, &q, &stmt, err) ||
			       collect_rows(stmt, rows, err) ?
		       -1 :
		       0;
}

static int search(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct search_how how = { 0 };
	struct json *list = js_arr(), *run;
	row_vec rows = { 0 };
	int rc = find_runs(db, c, &how, &rows, err);

	js_set(c->out, "runs", list);
	for (size_t i = 0; i < rows.n && !rc; i++) {
		if ((int64_t)i == how.limit - 1) {
			put_next_page(c, how.offset + how.limit - 1);
			break;
		}
		rc = json_run(db, rows.v[i], &run, err);
		if (!rc)
			js_push(list, run);
	}
	vec_free(&rows);
	return rc;
}

const struct mlflow_method mlflow_run_methods[] = {
	{ "POST", "runs/create", NULL, create, true },
	{ "GET", "runs/get", NULL, get, false },
	{ "POST", "runs/update", NULL, update, true },
	{ "POST", "runs/delete", NULL, delete_, true },
	{ "POST", "runs/restore", NULL, restore, true },
	{ "POST", "runs/search", NULL, search, false },
	{ .verb = NULL },
};
