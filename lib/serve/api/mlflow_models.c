/* Registered models, their tags and aliases. */
#include "serve/api/mlflow_registry.h"

#include <ctype.h>

#include "base/num.h"
#include "base/vec.h"

#define MAX_ALIAS 255

int call_model(struct db *db, struct mlflow_call *c, int64_t *out, const char **name,
	       struct mlops_error *err)
{
	return arg_need_text(c->in, "name", name, err) || model_find(db, *name, out, err) ? -1 : 0;
}

static int check_name(const char *name, struct mlops_error *err)
{
	if (strpbrk(name, "/:") || !strcmp(name, ".") || !strcmp(name, "..") ||
	    !utf8_valid(name, strlen(name)))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid value \"%.250s\" for parameter 'name' supplied: Registered model"
			       " name cannot be empty, or have '/' or ':'.", name);
	return rule_length("name", name, 250, err);
}

int registry_tag(struct mlflow_call *c, const char **key, const char **value,
		 struct mlops_error *err)
{
	*value = "";
	if (arg_need_text(c->in, "key", key, err) || arg_text(c->in, "value", value, err) ||
	    rule_key("key", *key, err))
		return -1;
	return rule_length("value", *value, MAX_REGISTRY_TAG_VALUE, err);
}

/* [{"key","value"}] of a query; an absent list when there are none. */
static int set_tags(struct db *db, const char *sql, int64_t row, struct json *obj,
		    struct mlops_error *err)
{
	struct run_pair *pairs;
	size_t n;
	int rc = run_load_pairs(db, sql, row, &pairs, &n, err);

	if (!rc && n)
		js_set(obj, "tags", json_pairs(pairs, n));
	run_pairs_free(pairs, n);
	return rc;
}

static int set_aliases(struct db *db, int64_t row, struct json *obj, struct mlops_error *err)
{
	struct run_pair *pairs;
	size_t n;
	int rc = run_load_pairs(db, "SELECT alias, version FROM model_aliases WHERE model_id = ?", row,
				&pairs, &n, err);

	struct json *list = js_arr();
	for (size_t i = 0; i < n; i++) {
		struct json *v = js_obj();

		js_set(v, "alias", js_str(pairs[i].key));
		js_set(v, "version", js_str(pairs[i].value));
		js_push(list, v);
	}
	if (n)
		js_set(obj, "aliases", js_ref(list));
	js_free(list);
	run_pairs_free(pairs, n);
	return rc;
}

static int json_model(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT name, description, created_ms, ifnull(updated_ms, created_ms)"
			" FROM models WHERE id = ?", "i", row);

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(err, MLOPS_ENOTFOUND, "the model is gone");
	autojson *v = js_obj();
	js_set(v, "name", js_str(db_text(stmt, 0)));
	js_set(v, "creation_timestamp", js_int(db_int(stmt, 2)));
	js_set(v, "last_updated_timestamp", js_int(db_int(stmt, 3)));
	if (*db_text(stmt, 1))
		js_set(v, "description", js_str(db_text(stmt, 1)));
	db_done(stmt);
	struct json *latest = js_arr();
	rc = json_latest(db, row, NULL, 0, latest, err);
	if (js_len(latest))
		js_set(v, "latest_versions", js_ref(latest));
	js_free(latest);
	if (rc || set_tags(db, "SELECT key, value FROM model_tags WHERE model_id = ?", row, v, err) ||
	    set_aliases(db, row, v, err))
		return -1;
	*out = js_ref(v);
	return 0;
}

static int reply_model(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	struct json *v;

	if (json_model(db, row, &v, err))
		return -1;
	js_set(c->out, "registered_model", v);
	return 0;
}

static int create(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *description = "";
	struct run_pair *tags;
	int64_t row;
	size_t n;

	if (arg_need_text(c->in, "name", &name, err) || check_name(name, err) ||
	    arg_text(c->in, "description", &description, err) ||
	    arg_pairs(c, "tags", "tags", SIZE_MAX, &tags, &n, err) ||
	    model_create(db, name, description, &row, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (rule_length("value", tags[i].value, MAX_REGISTRY_TAG_VALUE, err) ||
		    model_set_tag(db, row, tags[i].key, tags[i].value, err))
			return -1;
	return reply_model(db, c, row, err);
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name;
	int64_t row;

	return call_model(db, c, &row, &name, err) || reply_model(db, c, row, err) ? -1 : 0;
}

static int rename_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *new_name;
	int64_t row;

	if (arg_need_text(c->in, "new_name", &new_name, err) || check_name(new_name, err) ||
	    call_model(db, c, &row, &name, err) || model_rename(db, row, new_name, err))
		return -1;
	return reply_model(db, c, row, err);
}

static int update(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *description = "";
	int64_t row;

	if (arg_text(c->in, "description", &description, err) || call_model(db, c, &row, &name, err) ||
	    model_describe(db, row, description, err))
		return -1;
	return reply_model(db, c, row, err);
}

static int delete_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name;
	int64_t row;

	return call_model(db, c, &row, &name, err) || model_delete(db, row, name, err) ? -1 : 0;
}

int search_page(struct db *db, struct mlflow_call *c, const struct search_kind *kind,
		const struct search_query *where, const char *name, int64_t fallback, int64_t max,
		int (*json)(struct db *db, int64_t row, struct json **out, struct mlops_error *err),
		struct mlops_error *err)
{
	struct search_how how = { 0 };
	autoquery q = { .arena = c->arena };
	struct json *list = js_arr(), *v;
	struct db_stmt *stmt;
	int64_t n = 0;
	int rc;

	js_set(c->out, name, list);
	if (arg_limit(c, fallback, max, &how.limit, err) || arg_offset(c, &how.offset, err) ||
	    arg_text(c->in, "filter", &how.filter, err) ||
	    arg_texts(c, "order_by", &how.order, &how.n_order, err))
		return -1;
	how.limit++;
	if (search_compile(kind, &how, where, &q, err) || search_run(db, &q, &stmt, err))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		if (++n == how.limit)
			put_next_page(c, how.offset + how.limit - 1);
		rc = n < how.limit ? json(db, db_int(stmt, 0), &v, err) : 1;
		if (rc)
			break;
		js_push(list, v);
	}
	if (rc)
		db_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int search(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	return search_page(db, c, &search_models, NULL, "registered_models", 100, 1000, json_model, err);
}

static int get_latest(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *const *stages, *name;
	struct json *list = js_arr();
	int64_t row;
	size_t n;

	js_set(c->out, "model_versions", list);
	return arg_texts(c, "stages", &stages, &n, err) || call_model(db, c, &row, &name, err) ||
			       json_latest(db, row, stages, n, list, err) ?
		       -1 :
		       0;
}

static int set_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *key, *value;
	int64_t row;

	return registry_tag(c, &key, &value, err) || call_model(db, c, &row, &name, err) ||
			       model_set_tag(db, row, key, value, err) ?
		       -1 :
		       0;
}

static int delete_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *key;
	int64_t row;

	return arg_need_text(c->in, "key", &key, err) || call_model(db, c, &row, &name, err) ||
			       model_delete_tag(db, row, key, err) ?
		       -1 :
		       0;
}

/* Not what a version is known by otherwise: "latest", "v3". */
static int check_alias(const char *alias, struct mlops_error *err)
{
	bool good = strlen(alias) <= MAX_ALIAS && strcasecmp(alias, "latest");

	for (const char *p = alias; *p && good; p++)
		good = isalnum((unsigned char)*p) || strchr("_-", *p) || (unsigned char)*p >= 0x80;
	if (good && (*alias == 'v' || *alias == 'V') && alias[1])
		good = alias[1 + strspn(alias + 1, "0123456789")] != '\0';
	return good ? 0 : err_set(err, MLOPS_EINVALID, "Invalid alias name: '%.255s'", alias);
}

static int set_alias(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *alias;
	struct version_key v;

	return arg_need_text(c->in, "alias", &alias, err) || check_alias(alias, err) ||
			       call_version(db, c, &v, &name, err) ||
			       alias_set(db, &v, name, alias, err) ?
		       -1 :
		       0;
}

static int get_by_alias(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *alias;
	struct version_key v;
	struct json *out;
	int64_t number;

	if (arg_need_text(c->in, "alias", &alias, err) || call_model(db, c, &v.model, &name, err))
		return -1;
	if (alias_find(db, v.model, alias, &number, err))
		return -1;
	if (!number)
		return err_set(err, MLOPS_EINVALID, "Registered model alias %s not found.", alias);
	if (version_find(db, name, number, &v, err) || json_version(db, v.row, &out, err))
		return -1;
	js_set(c->out, "model_version", out);
	return 0;
}

static int delete_alias(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *alias;
	int64_t row;

	return arg_need_text(c->in, "alias", &alias, err) || call_model(db, c, &row, &name, err) ||
			       alias_delete(db, row, name, alias, err) ?
		       -1 :
		       0;
}

const struct mlflow_method mlflow_model_methods[] = {
	{ "POST", "registered-models/create", NULL, create, true },
	{ "GET", "registered-models/get", NULL, get, false },
	{ "POST", "registered-models/rename", NULL, rename_, true },
	{ "PATCH", "registered-models/update", NULL, update, true },
	{ "DELETE", "registered-models/delete", NULL, delete_, true },
	{ "GET", "registered-models/search", NULL, search, false },
	{ "POST", "registered-models/get-latest-versions", NULL, get_latest, false },
	{ "GET", "registered-models/get-latest-versions", NULL, get_latest, false },
	{ "POST", "registered-models/set-tag", NULL, set_tag, true },
	{ "DELETE", "registered-models/delete-tag", NULL, delete_tag, true },
	{ "POST", "registered-models/alias", NULL, set_alias, true },
	{ "GET", "registered-models/alias", NULL, get_by_alias, false },
	{ "DELETE", "registered-models/alias", NULL, delete_alias, true },
	{ .verb = NULL },
};
