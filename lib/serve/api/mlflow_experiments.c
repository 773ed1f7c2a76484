/* Experiments. */
#include "serve/api/mlflow.h"

#include "base/num.h"
#include "tracking/search/kind.h"

#define MAX_NAME	    500
#define MAX_EXPERIMENT_TAG  20000
#define MAX_PAGE	    50000

int parse_experiment_id(const char *text, int64_t *out, struct mlops_error *err)
{
	if (num_parse_i64(text, out) && *out >= 0)
		return 0;
	return err_set(err, MLOPS_ENOTFOUND, "No Experiment with id=%.64s exists", text);
}

int call_experiment(struct db *db, struct mlflow_call *c, struct experiment *out,
		    struct mlops_error *err)
{
	const char *text;
	int64_t id;

	if (js_type(arg_field(c->in, "experiment_id")) == JSON_INT)
		return arg_int(c->in, "experiment_id", &id, err) || experiment_load(db, id, out, err) ?
			       -1 :
			       0;
	return arg_need_text(c->in, "experiment_id", &text, err) ||
			       parse_experiment_id(text, &id, err) ||
			       experiment_load(db, id, out, err) ?
		       -1 :
		       0;
}

/* Frees it. */
static int need_active(struct experiment *e, int64_t *out, struct mlops_error *err)
{
	bool deleted = e->deleted_ms != 0;
	int64_t id = e->id;

	experiment_clear(e);
	if (deleted)
		return err_set(err, MLOPS_EINVALID,
			       "The experiment %lld must be in the 'active' state. Current state is"
			       " deleted.", (long long)id);
	*out = id;
	return 0;
}

int call_active_experiment(struct db *db, struct mlflow_call *c, int64_t *out, struct mlops_error *err)
{
	struct experiment e;

	return call_experiment(db, c, &e, err) || need_active(&e, out, err) ? -1 : 0;
}

int mlflow_active_experiment(struct db *db, const char *id, int64_t *out, struct mlops_error *err)
{
	struct experiment e;
	int64_t row;

	return parse_experiment_id(id, &row, err) || experiment_load(db, row, &e, err) ||
			       need_active(&e, out, err) ?
		       -1 :
		       0;
}

static struct json *json_experiment(const struct experiment *e)
{
	struct json *v = js_obj();
	char id[NUM_SIZE];

	js_set(v, "experiment_id", js_str(num_format_u64((uint64_t)e->id, id)));
	js_set(v, "name", js_str(e->name));
	js_set(v, "artifact_location", js_str(e->location));
	js_set(v, "lifecycle_stage", js_str(e->deleted_ms ? "deleted" : "active"));
	js_set(v, "last_update_time", js_int(e->updated_ms));
	js_set(v, "creation_time", js_int(e->created_ms));
	if (e->n_tags)
		js_set(v, "tags", json_pairs(e->tags, e->n_tags));
	return v;
}

static int reply_experiment(struct db *db, struct mlflow_call *c, int64_t id,
			    struct mlops_error *err)
{
	struct experiment e;

	if (experiment_load(db, id, &e, err))
		return -1;
	js_set(c->out, "experiment", json_experiment(&e));
	experiment_clear(&e);
	return 0;
}

static int check_name(const char *name, struct mlops_error *err)
{
	return rule_length("name", name, MAX_NAME, err);
}

static int check_tag(const char *key, const char *value, struct mlops_error *err)
{
	return rule_key("key", key, err) || rule_length("value", value, MAX_EXPERIMENT_TAG, err) ? -1 :
												     0;
}

static int create(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *location = "";
	char text[NUM_SIZE];
	struct run_pair *tags;
	size_t n;
	int64_t id;

	if (arg_need_text(c->in, "name", &name, err) || check_name(name, err) ||
	    arg_text(c->in, "artifact_location", &location, err) ||
	    arg_pairs(c, "tags", "tags", SIZE_MAX, &tags, &n, err) ||
	    experiment_create(db, name, *location ? location : NULL, &id, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (check_tag(tags[i].key, tags[i].value, err) ||
		    experiment_set_tag(db, id, tags[i].key, tags[i].value, err))
			return -1;
	js_set(c->out, "experiment_id", js_str(num_format_u64((uint64_t)id, text)));
	return 0;
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct experiment e;

	if (call_experiment(db, c, &e, err))
		return -1;
	js_set(c->out, "experiment", json_experiment(&e));
	experiment_clear(&e);
	return 0;
}

static int get_by_name(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name;
	int64_t id;

	if (arg_need_text(c->in, "experiment_name", &name, err))
		return -1;
	int rc = experiment_find(db, name, &id, err);
	if (rc <= 0)
		return rc < 0 ? -1 :
				err_set(err, MLOPS_ENOTFOUND,
					"Could not find experiment with name '%s'", name);
	return reply_experiment(db, c, id, err);
}

int view_condition(struct mlflow_call *c, const char *field, const char *column,
		   struct search_query *where, struct mlops_error *err)
{
	const char *view = "ACTIVE_ONLY";

	if (arg_text(c->in, field, &view, err))
		return -1;
	if (!strcmp(view, "ALL"))
		query_add(where, "1");
	else if (!strcmp(view, "ACTIVE_ONLY") || !strcmp(view, "DELETED_ONLY"))
		strbuf_addf(&where->sql, "%s IS %sNULL", column, *view == 'A' ? "" : "NOT ");
	else
		return arg_invalid(field, arg_field(c->in, field),
				   "ACTIVE_ONLY, DELETED_ONLY or ALL", err);
	return 0;
}

void experiments_condition(const char *column, const char *const *ids, size_t n, struct search_query *where)
{
	int64_t id;

	strbuf_addf(&where->sql, n == 1 ? "%s = " : "%s IN (", column);
	for (size_t i = 0; i < n; i++) {
		query_add(where, i ? "," : "");
		query_int(where, num_parse_i64(ids[i], &id) ? id : -1);
	}
	query_add(where, n == 1 ? "" : ")");
}

static int add_experiments(struct db *db, struct mlflow_call *c, struct db_stmt *stmt,
			   const struct search_how *how, struct mlops_error *err)
{
	struct json *list = js_arr();
	int64_t n = 0;
	int rc;

	js_set(c->out, "experiments", list);
	while ((rc = db_step(stmt, err)) > 0) {
		struct experiment e;

		if (++n == how->limit) {
			put_next_page(c, how->offset + how->limit - 1);
			db_done(stmt);
			return 0;
		}
		if (experiment_load(db, db_int(stmt, 0), &e, err)) {
			db_done(stmt);
			return -1;
		}
		js_push(list, json_experiment(&e));
		experiment_clear(&e);
	}
	return rc;
}

static int search(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct search_how how = { 0 };
	autoquery where = { .arena = c->arena }, q = { .arena = c->arena };
	struct db_stmt *stmt;

	if (arg_limit(c, 0, MAX_PAGE, &how.limit, err) || arg_offset(c, &how.offset, err) ||
	    arg_text(c->in, "filter", &how.filter, err) ||
	    arg_texts(c, "order_by", &how.order, &how.n_order, err) ||
	    view_condition(c, "view_type", "e.deleted_ms", &where, err))
		return -1;
	how.limit++;
	if (search_compile(&search_experiments, &how, &where, &q, err) ||
	    search_run(db, &q, &stmt, err))
		return -1;
	return add_experiments(db, c, stmt, &how, err);
}

static int update(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct experiment e;
	const char *name;

	if (arg_need_text(c->in, "new_name", &name, err) || check_name(name, err) ||
	    call_experiment(db, c, &e, err))
		return -1;
	int64_t id = e.id;
	bool deleted = e.deleted_ms != 0;
	experiment_clear(&e);
	if (deleted)
		return err_set(err, MLOPS_EINVALID, "Cannot rename a non-active experiment.");
	return experiment_rename(db, id, name, err);
}

static int set_deleted(struct db *db, struct mlflow_call *c, bool deleted, struct mlops_error *err)
{
	struct experiment e;

	if (call_experiment(db, c, &e, err))
		return -1;
	int64_t id = e.id;
	bool is_deleted = e.deleted_ms != 0;
	experiment_clear(&e);
	if (is_deleted == deleted)
		return err_set(err, MLOPS_ENOTFOUND, "No Experiment with id=%lld exists that is %s",
			       (long long)id, deleted ? "active" : "deleted");
	return experiment_set_deleted(db, id, deleted, err);
}

static int delete_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	return set_deleted(db, c, true, err);
}

static int restore(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	return set_deleted(db, c, false, err);
}

static int set_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *key, *value = "";
	int64_t id;

	if (arg_need_text(c->in, "key", &key, err) || arg_text(c->in, "value", &value, err) ||
	    check_tag(key, value, err) || call_active_experiment(db, c, &id, err))
		return -1;
	return experiment_set_tag(db, id, key, value, err);
}

static int delete_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *key;
	int64_t id;

	if (arg_need_text(c->in, "key", &key, err) || call_active_experiment(db, c, &id, err))
		return -1;
	return experiment_delete_tag(db, id, key, err);
}

const struct mlflow_method mlflow_experiment_methods[] = {
	{ "POST", "experiments/create", NULL, create, true },
	{ "GET", "experiments/get", NULL, get, false },
	{ "GET", "experiments/get-by-name", NULL, get_by_name, false },
	{ "POST", "experiments/search", NULL, search, false },
	{ "GET", "experiments/search", NULL, search, false },
	{ "POST", "experiments/update", NULL, update, true },
	{ "POST", "experiments/delete", NULL, delete_, true },
	{ "POST", "experiments/restore", NULL, restore, true },
	{ "POST", "experiments/set-experiment-tag", NULL, set_tag, true },
	{ "POST", "experiments/delete-experiment-tag", NULL, delete_tag, true },
	{ .verb = NULL },
};
