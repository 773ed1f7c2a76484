/* Logged models (MLflow 3): a model as one run left it, with its own params, metrics and files. */
#include "serve/api/mlflow_registry.h"

#include <math.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/rand.h"
#include "tracking/artifact.h"

enum status { PENDING = 1, READY, FAILED };

static const char *const statuses[] = { [PENDING] = "LOGGED_MODEL_PENDING",
					[READY] = "LOGGED_MODEL_READY",
					[FAILED] = "LOGGED_MODEL_UPLOAD_FAILED" };

/* The newest value of each metric. */
#define METRICS                                                                                    \
	"(SELECT model_id, key, value, max(step) FROM logged_model_metrics GROUP BY model_id, key)"

static const struct search_column columns[] = {
	{ .names = "name", .sql = "l.name", .type = 's' },
	{ .names = "model_id", .sql = "l.uuid", .type = 's', .is_id = true },
	{ .names = "model_type", .sql = "l.type", .type = 's', .may_null = true },
	{ .names = "status", .type = 's',
	  .sql = "CASE l.status WHEN 1 THEN 'PENDING' WHEN 2 THEN 'READY' ELSE 'FAILED' END" },
	{ .names = "source_run_id", .sql = "l.run_uuid", .type = 's', .may_null = true },
	{ .names = "experiment_id", .sql = "CAST(l.experiment_id AS TEXT)", .type = 's' },
	{ .names = "creation_timestamp|creation_time", .sql = "l.created_ms", .type = 'i' },
	{ .names = "last_updated_timestamp|last_updated_time", .sql = "l.updated_ms", .type = 'i' },
	{ .names = NULL },
};

static const struct search_pairs pairs[] = {
	{ FILTER_METRIC, METRICS, "model_id" },
	{ FILTER_PARAM, "logged_model_params", "model_id" },
	{ FILTER_TAG, "logged_model_tags", "model_id" },
	{ .table = NULL },
};

static const char *const order[] = { "l.created_ms DESC", "l.uuid", NULL };

static const struct search_kind kind = { .from = "logged_models l", .row = "l.id",
					 .columns = columns, .pairs = pairs, .order = order };

static int find(struct db *db, const char *id, int64_t *row, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT id FROM logged_models WHERE uuid = ? AND deleted_ms IS NULL", "s", id);

	if (rc <= 0)
		return rc < 0 ? -1 :
				err_set(err, MLOPS_ENOTFOUND, "Logged model with ID '%.100s' not found.",
					id);
	*row = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

static int call_logged(struct db *db, struct mlflow_call *c, int64_t *row, struct mlops_error *err)
{
	const char *id;

	return arg_need_text(c->in, "model_id", &id, err) || find(db, id, row, err) ? -1 : 0;
}

int logged_model_uri(struct db *db, const char *id, char **out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT " EXPERIMENT_LOCATION " || '/models/' ||"
			" l.uuid || '/artifacts' FROM logged_models l"
			" JOIN experiments e ON e.id = experiment_id WHERE l.uuid = ?", "s", id);

	*out = rc > 0 ? db_text_dup(stmt, 0) : NULL;
	if (rc > 0)
		db_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int json_info(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	autofree char *uri = NULL;
	struct db_stmt *stmt;
	struct run_pair *tags;
	char id[NUM_SIZE];
	size_t n;
	int rc = db_row(db, &stmt, err,
			"SELECT uuid, experiment_id, name, created_ms, updated_ms, status, type, run_uuid"
			" FROM logged_models WHERE id = ?", "i", row);

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(err, MLOPS_ENOTFOUND, "the model is gone");
	struct json *v = js_obj();
	js_set(v, "model_id", js_str(db_text(stmt, 0)));
	js_set(v, "experiment_id", js_str(num_format_u64((uint64_t)db_int(stmt, 1), id)));
	js_set(v, "name", js_str(db_text(stmt, 2)));
	js_set(v, "creation_timestamp_ms", js_int(db_int(stmt, 3)));
	js_set(v, "last_updated_timestamp_ms", js_int(db_int(stmt, 4)));
	js_set(v, "status", js_str(statuses[db_int(stmt, 5) % (FAILED + 1)]));
	if (!db_is_null(stmt, 6))
		js_set(v, "model_type", js_str(db_text(stmt, 6)));
	if (!db_is_null(stmt, 7))
		js_set(v, "source_run_id", js_str(db_text(stmt, 7)));
	db_done(stmt);
	*out = v;
	rc = run_load_pairs(db, "SELECT key, value FROM logged_model_tags WHERE model_id = ?", row, &tags,
			    &n, err);
	if (!rc && n)
		js_set(v, "tags", json_pairs(tags, n));
	run_pairs_free(tags, n);
	if (rc || logged_model_uri(db, js_get_text(v, "model_id"), &uri, err)) {
		js_free(v);
		return -1;
	}
	js_set(v, "artifact_uri", js_str(uri));
	return 0;
}

static int add_metrics(struct db *db, int64_t row, struct json *data, const char *id,
		       struct mlops_error *err)
{
	struct json *list = NULL;
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT key, value, timestamp_ms, step, run_uuid, dataset_name, dataset_digest"
		     " FROM logged_model_metrics WHERE model_id = ?", "i", row))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		struct json *m = json_metric(db_text(stmt, 0), db_is_null(stmt, 1) ? NAN : db_num(stmt, 1),
					     db_int(stmt, 2), db_int(stmt, 3));

		if (!list)
			js_set(data, "metrics", list = js_arr());
		js_set(m, "model_id", js_str(id));
		js_set(m, "run_id", js_str(db_text(stmt, 4)));
		if (*db_text(stmt, 5))
			js_set(m, "dataset_name", js_str(db_text(stmt, 5)));
		if (*db_text(stmt, 6))
			js_set(m, "dataset_digest", js_str(db_text(stmt, 6)));
		js_push(list, m);
	}
	return rc;
}

static int json_logged(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	autojson *v = js_obj();
	struct json *info, *data = js_obj();
	struct run_pair *params;
	size_t n;

	js_set(v, "data", data);
	if (json_info(db, row, &info, err))
		return -1;
	js_set(v, "info", info);
	int rc = run_load_pairs(db, "SELECT key, value FROM logged_model_params WHERE model_id = ?", row,
				&params, &n, err);
	if (!rc && n)
		js_set(data, "params", json_pairs(params, n));
	run_pairs_free(params, n);
	if (rc || add_metrics(db, row, data, js_get_text(info, "model_id"), err))
		return -1;
	*out = js_ref(v);
	return 0;
}

static int reply(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	struct json *v;

	if (json_logged(db, row, &v, err))
		return -1;
	js_set(c->out, "model", v);
	return 0;
}

static int put_pairs(struct db *db, struct mlflow_call *c, const char *name, const char *sql,
		     size_t max, int64_t row, struct mlops_error *err)
{
	struct run_pair *list;
	size_t n;

	if (arg_pairs(c, name, name, max, &list, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (db_change(db, err, sql, "iss", row, list[i].key, list[i].value))
			return -1;
	return 0;
}

static int put_params(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	return put_pairs(db, c, "params",
			 "INSERT OR IGNORE INTO logged_model_params (model_id, key, value)"
			 " VALUES (?, ?, ?)", MAX_PARAM_VALUE, row, err);
}

static int put_tags(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	return put_pairs(db, c, "tags",
			 "INSERT OR REPLACE INTO logged_model_tags (model_id, key, value)"
			 " VALUES (?, ?, ?)", MAX_TAG_VALUE, row, err);
}

static int check_name(const char *name, struct mlops_error *err)
{
	if (!strpbrk(name, "/:.%\"'"))
		return rule_length("name", name, 250, err);
	return err_set(err, MLOPS_EINVALID,
		       "Invalid model name (%.250s) provided. Model name must be a non-empty string and"
		       " cannot contain the following characters: ('/', ':', '.', '%%', '\"', \"'\")", name);
}

static int create(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name = "", *type = NULL, *run = NULL;
	char uuid[2 + RAND_HEX_SIZE(16)] = "m-";
	struct experiment e;

	if (arg_text(c->in, "name", &name, err) || check_name(name, err) ||
	    arg_text(c->in, "model_type", &type, err) || arg_text(c->in, "source_run_id", &run, err) ||
	    call_experiment(db, c, &e, err))
		return -1;
	int64_t experiment = e.id, now = clock_now_ms();
	experiment_clear(&e);
	rand_hex(uuid + 2, 16);
	if (db_change(db, err,
		      "INSERT INTO logged_models (uuid, experiment_id, name, type, run_uuid, status,"
		      " created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		      "sisssiii", uuid, experiment, *name ? name : uuid, type, run, (int64_t)PENDING, now,
		      now))
		return -1;
	int64_t row = db_last_id(db);
	return put_params(db, c, row, err) || put_tags(db, c, row, err) || reply(db, c, row, err) ? -1 : 0;
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	int64_t row;

	return call_logged(db, c, &row, err) || reply(db, c, row, err) ? -1 : 0;
}

static int touch(struct db *db, int64_t row, struct mlops_error *err)
{
	return db_change(db, err, "UPDATE logged_models SET updated_ms = ? WHERE id = ?", "ii",
			 clock_now_ms(), row);
}

static int finalize(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const struct json *v = arg_field(c->in, "status");
	int64_t row, status = 0;

	js_to_int(v, &status);
	for (int i = PENDING; js_text(v) && i <= FAILED; i++)
		if (!strcmp(js_text(v), statuses[i]))
			status = i;
	if (status < PENDING || status > FAILED)
		return v ? arg_invalid("status", v, "the status of a logged model", err) :
			   arg_missing("status", err);
	if (call_logged(db, c, &row, err) ||
	    db_change(db, err, "UPDATE logged_models SET status = ? WHERE id = ?", "ii", status, row) ||
	    touch(db, row, err))
		return -1;
	return reply(db, c, row, err);
}

static int delete_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	int64_t row;

	if (call_logged(db, c, &row, err))
		return -1;
	return db_change(db, err, "UPDATE logged_models SET deleted_ms = ? WHERE id = ?", "ii",
			 clock_now_ms(), row);
}

static int set_tags(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	int64_t row;

	return call_logged(db, c, &row, err) || put_tags(db, c, row, err) || touch(db, row, err) ||
			       reply(db, c, row, err) ?
		       -1 :
		       0;
}

static int log_params(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	int64_t row;

	return call_logged(db, c, &row, err) || put_params(db, c, row, err) ? -1 : 0;
}

static int delete_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *key;
	int64_t row;

	if (arg_need_text(c->in, "tag_key", &key, err) || call_logged(db, c, &row, err) ||
	    db_change(db, err, "DELETE FROM logged_model_tags WHERE model_id = ? AND key = ?", "is", row,
		      key))
		return -1;
	return db_changes(db) ? 0 : err_set(err, MLOPS_ENOTFOUND, "No tag with key '%.250s'", key);
}

/* [{"field_name", "ascending"}] to the form of other searches. */
static int convert_order(struct mlflow_call *c, struct mlops_error *err)
{
	struct json *list, *texts;

	if (arg_list(c, "order_by", &list, err))
		return -1;
	texts = js_arr();
	for (size_t i = 0; i < js_len(list); i++) {
		const struct json *item = js_at(list, i);
		const char *field = js_text(arg_field(item, "field_name"));
		bool ascending = true;

		if (!field || arg_bool(item, "ascending", &ascending, err)) {
			js_free(texts);
			return field ? -1 : arg_missing("order_by.field_name", err);
		}
		autofree char *text = xasprintf("%s %s", field, ascending ? "ASC" : "DESC");
		js_push(texts, js_str(text));
	}
	js_set(c->in, "order_by", texts);
	return 0;
}

static int search(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autoquery where = { .arena = c->arena };
	const char *const *ids;
	size_t n;

	if (convert_order(c, err) || arg_texts(c, "experiment_ids", &ids, &n, err))
		return -1;
	if (!n)
		return arg_missing("experiment_ids", err);
	query_add(&where, "l.deleted_ms IS NULL AND ");
	experiments_condition("l.experiment_id", ids, n, &where);
	return search_page(db, c, &kind, &where, "models", 50, 1000, json_logged, err);
}

static int list_files(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autofree char *root = NULL;
	const char *id, *dir = "";
	int64_t row;

	if (arg_text(c->in, "artifact_directory_path", &dir, err) ||
	    (*dir && artifact_path_check(dir, err)) || arg_need_text(c->in, "model_id", &id, err) ||
	    find(db, id, &row, err) || logged_model_uri(db, id, &root, err))
		return -1;
	return json_artifacts(db, c, root, dir, err);
}

const struct mlflow_method mlflow_logged_methods[] = {
	{ "POST", "logged-models", NULL, create, true },
	{ "POST", "logged-models/search", NULL, search, false },
	{ "GET", "logged-models/{model_id}", NULL, get, false },
	{ "PATCH", "logged-models/{model_id}", NULL, finalize, true },
	{ "DELETE", "logged-models/{model_id}", NULL, delete_, true },
	{ "PATCH", "logged-models/{model_id}/tags", NULL, set_tags, true },
	{ "DELETE", "logged-models/{model_id}/tags/{tag_key}", NULL, delete_tag, true },
	{ "POST", "logged-models/{model_id}/params", NULL, log_params, true },
	{ "GET", "logged-models/{model_id}/artifacts/directories", NULL, list_files, false },
	{ .verb = NULL },
};
