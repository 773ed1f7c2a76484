/* Datasets and logged models that runs read and made. */
#include "serve/api/mlflow.h"

#include "base/num.h"

#define MAX_DATASET_NAME   500
#define MAX_DATASET_DIGEST 36
#define MAX_SOURCE	   65535
#define MAX_SCHEMA	   1048575
#define MAX_PROFILE	   16777215
#define MAX_INPUT_TAG	   500
#define MAX_EXPERIMENTS	   20

struct dataset {
	const char *name, *digest, *source_type, *source, *schema, *profile;
};

static int read_dataset(const struct json *obj, struct dataset *out, struct mlops_error *err)
{
	*out = (struct dataset){ 0 };
	if (!obj)
		return arg_missing("dataset", err);
	if (arg_need_text(obj, "name", &out->name, err) ||
	    arg_need_text(obj, "digest", &out->digest, err) ||
	    arg_need_text(obj, "source_type", &out->source_type, err) ||
	    arg_need_text(obj, "source", &out->source, err) ||
	    arg_text(obj, "schema", &out->schema, err) || arg_text(obj, "profile", &out->profile, err))
		return -1;
	return rule_length("name", out->name, MAX_DATASET_NAME, err) ||
			       rule_length("digest", out->digest, MAX_DATASET_DIGEST, err) ||
			       rule_length("source", out->source, MAX_SOURCE, err) ||
			       (out->schema && rule_length("schema", out->schema, MAX_SCHEMA, err)) ||
			       (out->profile && rule_length("profile", out->profile, MAX_PROFILE, err)) ?
		       -1 :
		       0;
}

static int put_dataset(struct db *db, int64_t run, const struct dataset *d, int64_t *out,
		       struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_change(db, err,
		      "INSERT OR IGNORE INTO datasets (experiment_id, name, digest, source_type, source,"
		      " schema, profile) SELECT experiment_id, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ?",
		      "ssssssi", d->name, d->digest, d->source_type, d->source, d->schema, d->profile,
		      run) ||
	    db_row(db, &stmt, err,
		   "SELECT id FROM datasets WHERE name = ? AND digest = ? AND experiment_id ="
		   " (SELECT experiment_id FROM runs WHERE id = ?)", "ssi", d->name, d->digest, run) < 0)
		return -1;
	*out = db_int(stmt, 0);
	db_done(stmt);
	return db_change(db, err,
			 "INSERT OR IGNORE INTO run_datasets (run_id, dataset_id) VALUES (?, ?)", "ii",
			 run, *out);
}

static int log_dataset(struct db *db, int64_t run, const struct json *input, struct mlops_error *err)
{
	const struct json *tags = arg_field(input, "tags");
	struct dataset d;
	int64_t dataset;

	if (read_dataset(arg_field(input, "dataset"), &d, err) ||
	    put_dataset(db, run, &d, &dataset, err))
		return -1;
	for (size_t i = 0; i < js_len(tags); i++) {
		const char *key, *value = "";

		if (arg_need_text(js_at(tags, i), "key", &key, err) ||
		    arg_text(js_at(tags, i), "value", &value, err) ||
		    rule_length("key", key, MAX_TAG_VALUE, err) ||
		    rule_length("value", value, MAX_INPUT_TAG, err) ||
		    db_change(db, err,
			      "INSERT OR REPLACE INTO run_dataset_tags (run_id, dataset_id, key, value)"
			      " VALUES (?, ?, ?, ?)", "iiss", run, dataset, key, value))
			return -1;
	}
	return 0;
}

static int log_model(struct db *db, int64_t run, bool is_output, const struct json *model,
		     struct mlops_error *err)
{
	const char *id;
	int64_t step = 0;

	if (arg_need_text(model, "model_id", &id, err) || arg_int(model, "step", &step, err))
		return -1;
	return db_change(db, err,
			 "INSERT OR IGNORE INTO run_models (run_id, is_output, model_uuid, step)"
			 " VALUES (?, ?, ?, ?)", "iisi", run, (int64_t)is_output, id, step);
}

static int log_models(struct db *db, struct mlflow_call *c, int64_t run, bool is_output,
		      struct mlops_error *err)
{
	struct json *models;

	if (arg_list(c, "models", &models, err))
		return -1;
	for (size_t i = 0; i < js_len(models); i++)
		if (log_model(db, run, is_output, js_at(models, i), err))
			return -1;
	return 0;
}

static int log_inputs(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct json *datasets;
	struct run_key run;

	if (call_run(db, c, true, &run, err) || arg_list(c, "datasets", &datasets, err))
		return -1;
	for (size_t i = 0; i < js_len(datasets); i++)
		if (log_dataset(db, run.row, js_at(datasets, i), err))
			return -1;
	return log_models(db, c, run.row, false, err);
}

static int log_outputs(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct run_key run;

	return call_run(db, c, true, &run, err) || log_models(db, c, run.row, true, err) ? -1 : 0;
}

static void set_text(struct json *obj, const char *key, const char *text)
{
	if (text)
		js_set(obj, key, js_str(text));
}

static int add_dataset_tags(struct db *db, int64_t run, int64_t dataset, struct json *input,
			    struct mlops_error *err)
{
	struct json *list = js_arr();
	struct db_stmt *stmt;
	int rc;

	js_set(input, "tags", list);
	if (db_query(db, &stmt, err,
		     "SELECT key, value FROM run_dataset_tags WHERE run_id = ? AND dataset_id = ?",
		     "ii", run, dataset))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		const struct run_pair pair = { (char *)db_text(stmt, 0), (char *)db_text(stmt, 1) };
		struct json *one = json_pairs(&pair, 1);

		js_push(list, js_ref(js_at(one, 0)));
		js_free(one);
	}
	return rc;
}

static int add_datasets(struct db *db, int64_t run, struct json *inputs, struct mlops_error *err)
{
	struct json *list = NULL;
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT d.id, name, digest, source_type, source, schema, profile"
		     " FROM run_datasets JOIN datasets d ON d.id = dataset_id WHERE run_id = ?"
		     " ORDER BY d.id", "i", run))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		struct json *input = js_obj(), *d = js_obj();

		if (!list)
			js_set(inputs, "dataset_inputs", list = js_arr());
		js_push(list, input);
		js_set(input, "dataset", d);
		static const char *const names[] = { "name", "digest", "source_type", "source", "schema",
						     "profile" };
		for (int i = 0; i < (int)ARRAY_LEN(names); i++)
			set_text(d, names[i], db_text(stmt, i + 1));
		if (add_dataset_tags(db, run, db_int(stmt, 0), input, err)) {
			db_done(stmt);
			return -1;
		}
	}
	return rc;
}

static int add_models(struct db *db, int64_t run, struct json *inputs, struct json *outputs,
		      struct mlops_error *err)
{
	struct json *lists[2] = { NULL, NULL };
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT is_output, model_uuid, step FROM run_models WHERE run_id = ?", "i", run))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		bool is_output = db_int(stmt, 0) != 0;
		struct json *v = js_obj();

		if (!lists[is_output])
			js_set(is_output ? outputs : inputs, is_output ? "model_outputs" : "model_inputs",
			       lists[is_output] = js_arr());
		js_set(v, "model_id", js_str(db_text(stmt, 1)));
		if (is_output)
			js_set(v, "step", js_int(db_int(stmt, 2)));
		js_push(lists[is_output], v);
	}
	return rc;
}

int json_run_inputs(struct db *db, int64_t row, struct json *run, struct mlops_error *err)
{
	struct json *inputs = js_obj(), *outputs = js_obj();

	js_set(run, "inputs", inputs);
	js_set(run, "outputs", outputs);
	return add_datasets(db, row, inputs, err) || add_models(db, row, inputs, outputs, err) ? -1 : 0;
}

static int add_summaries(struct db *db, int64_t experiment, struct json *list,
			 struct mlops_error *err)
{
	struct db_stmt *stmt;
	char id[NUM_SIZE];
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT DISTINCT d.name, d.digest, t.value FROM datasets d"
		     " JOIN run_datasets i ON i.dataset_id = d.id"
		     " LEFT JOIN run_dataset_tags t ON t.run_id = i.run_id AND t.dataset_id = d.id"
		     " AND t.key = 'mlflow.data.context' WHERE experiment_id = ? LIMIT 1000",
		     "i", experiment))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		struct json *v = js_obj();

		js_set(v, "experiment_id", js_str(num_format_u64((uint64_t)experiment, id)));
		set_text(v, "name", db_text(stmt, 0));
		set_text(v, "digest", db_text(stmt, 1));
		set_text(v, "context", db_text(stmt, 2));
		js_push(list, v);
	}
	return rc;
}

static int search_datasets(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct json *list = js_arr();
	const char *const *ids;
	int64_t id;
	size_t n;

	js_set(c->out, "dataset_summaries", list);
	if (arg_texts(c, "experiment_ids", &ids, &n, err))
		return -1;
	if (!n || n > MAX_EXPERIMENTS)
		return err_set(err, MLOPS_EINVALID,
			       "SearchDatasets request must specify 1 to %d experiment_ids. Received %zu"
			       " experiment_ids.", MAX_EXPERIMENTS, n);
	for (size_t i = 0; i < n; i++)
		if (parse_experiment_id(ids[i], &id, err) || add_summaries(db, id, list, err))
			return -1;
	return 0;
}

const struct mlflow_method mlflow_input_methods[] = {
	{ "POST", "runs/log-inputs", NULL, log_inputs, true },
	{ "POST", "runs/outputs", NULL, log_outputs, true },
	{ "POST", "experiments/search-datasets", NULL, search_datasets, false },
	{ .verb = NULL },
};
