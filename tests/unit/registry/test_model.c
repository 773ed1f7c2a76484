/* Models: registering what a run gave, finding versions by what people type, moving aliases. */
#include "mlops/registry.h"

#include "db/db.h"
#include "project/project.h"
#include "unit_project.h"

static struct mlops_error err;

static struct project *project_of(void **state)
{
	return ((struct unit_project *)*state)->project;
}

/* A run with one output of these bytes. */
static void run_with_output(struct project *p, const char *path, const char *bytes, bool is_model,
			    char id[MLOPS_RUN_ID])
{
	const struct run_new how = { .git_commit = "0123456789012345678901234567890123456789" };
	const struct run_metric accuracy = { (char *)"accuracy", 0.9, 1, 0 };
	struct run_object o = { .path = (char *)path, .stage = (char *)"train", .is_model = is_model,
				.ref = { .kind = OBJECT_FILE, .size = strlen(bytes), .files = 1 } };
	struct store *store;

	assert_success(mlops_store_of(p, &store, &err));
	assert_success(mlops_store_put(store, bytes, strlen(bytes), &o.ref.oid, &err));
	assert_success(mlops_store_flush(store, &err));
	assert_success(mlops_run_start(p, &how, id, &err));
	assert_success(mlops_run_add_object(p, id, true, &o, &err));
	o.path = (char *)"data.csv";
	o.is_model = false;
	assert_success(mlops_run_add_object(p, id, false, &o, &err));
	assert_success(mlops_run_log_metrics(p, id, &accuracy, 1, &err));
}

static struct model_version *add(struct project *p, const char *name, const char *run,
				 const char *alias)
{
	const struct register_how how = { .run = run, .alias = alias };
	struct model_version *v;

	assert_success(mlops_model_register(p, name, &how, &v, &err));
	return v;
}

static int64_t resolve(struct project *p, const char *spec)
{
	struct model_version *v;

	assert_success(mlops_model_resolve(p, spec, &v, &err));
	int64_t number = v->version;
	mlops_model_version_free(v);
	return number;
}

static int count(struct project *p, const char *sql)
{
	struct db_stmt *stmt;
	struct db *db;

	assert_success(project_db(p, &db, &err));
	assert_int_equal(db_row(db, &stmt, &err, sql, ""), 1);
	int n = (int)db_int(stmt, 0);
	db_done(stmt);
	return n;
}

static void the_first_version_is_champion(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID];

	run_with_output(p, "model.json", "{}", true, id);
	struct model_version *v = add(p, "wine", "last", NULL);
	assert_string_equal(v->model, "wine");
	assert_int_equal(v->version, 1);
	assert_string_equal(v->path, "model.json");
	assert_string_equal(v->run_id, id);
	assert_int_equal(strlen(v->git_commit), 40);
	assert_int_equal(v->n_aliases, 1);
	assert_string_equal(v->aliases[0], "champion");
	assert_int_equal(v->n_inputs, 1);
	assert_string_equal(v->inputs[0].path, "data.csv");
	assert_true(v->metrics[0].value == 0.9);
	mlops_model_version_free(v);
	assert_int_equal(count(p, "SELECT count(*) FROM audit WHERE action = 'model.register'"
				  " AND subject = 'wine:1'"), 1);
}

static void later_versions_get_an_alias_when_asked(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID];

	run_with_output(p, "model.json", "{}", true, id);
	mlops_model_version_free(add(p, "wine", id, NULL));
	struct model_version *v = add(p, "wine", id, NULL);
	assert_int_equal(v->version, 2);
	assert_int_equal(v->n_aliases, 0);
	mlops_model_version_free(v);
	mlops_model_version_free(add(p, "wine", id, "champion"));
	assert_int_equal(resolve(p, "wine@champion"), 3);
}

static void versions_are_found_by_alias_and_number(void **state)
{
	struct project *p = project_of(state);
	struct model_version *v;
	char id[MLOPS_RUN_ID];

	run_with_output(p, "model.json", "{}", true, id);
	mlops_model_version_free(add(p, "wine", id, NULL));
	mlops_model_version_free(add(p, "wine", id, NULL));
	assert_int_equal(resolve(p, "wine"), 2);
	assert_int_equal(resolve(p, "wine:1"), 1);
	assert_int_equal(resolve(p, "wine@champion"), 1);
	assert_error(mlops_model_resolve(p, "wine:3", &v, &err), MLOPS_ENOTFOUND, "no version 3");
	assert_error(mlops_model_resolve(p, "wine:0", &v, &err), MLOPS_ENOTFOUND, "no version 0");
	assert_error(mlops_model_resolve(p, "wine:x", &v, &err), MLOPS_EINVALID, "'x'");
	assert_error(mlops_model_resolve(p, "wine:", &v, &err), MLOPS_EINVALID, "''");
	assert_error(mlops_model_resolve(p, "wine@", &v, &err), MLOPS_EINVALID, "alias");
	assert_error(mlops_model_resolve(p, "../x", &v, &err), MLOPS_EINVALID, "../x");
	assert_int_equal(mlops_model_resolve(p, "wine@prod", &v, &err), -1);
	assert_string_equal(err.hint, "it has: champion");
	assert_int_equal(mlops_model_resolve(p, "wime@champion", &v, &err), -1);
	assert_string_equal(err.hint, "did you mean 'wine'?");
	mlops_error_clear(&err);
}

static void the_output_must_be_plain(void **state)
{
	struct project *p = project_of(state);
	struct register_how how = { .run = "last" };
	struct model_version *v;
	char id[MLOPS_RUN_ID];

	assert_error(mlops_model_register(p, "wine", &how, &v, &err), MLOPS_ENOTFOUND, "'last'");
	run_with_output(p, "plot.svg", "<svg/>", false, id);
	assert_int_equal(mlops_model_register(p, "wine", &how, &v, &err), -1);
	assert_non_null(strstr(err.msg, "no output of type model"));
	assert_non_null(strstr(err.hint, "plot.svg"));
	how.path = "model.json";
	assert_error(mlops_model_register(p, "wine", &how, &v, &err), MLOPS_ENOTFOUND, "model.json");
	how.path = "plot.svg";
	assert_success(mlops_model_register(p, "wine", &how, &v, &err));
	mlops_model_version_free(v);
}

static void an_object_that_is_not_here_is_refused(void **state)
{
	struct project *p = project_of(state);
	const struct register_how how = { .run = "last" };
	struct run_object o = { .path = (char *)"m", .stage = (char *)"", .is_model = true };
	struct model_version *v;
	char id[MLOPS_RUN_ID];

	run_with_output(p, "plot.svg", "<svg/>", false, id);
	assert_success(mlops_run_add_object(p, id, true, &o, &err));
	assert_error(mlops_model_register(p, "wine", &how, &v, &err), MLOPS_ENOTFOUND,
		     "not in the store");
	o.not_cached = true;
	assert_success(mlops_run_add_object(p, id, true, &o, &err));
	assert_error(mlops_model_register(p, "wine", &how, &v, &err), MLOPS_EINVALID, "in git");
	assert_int_equal(count(p, "SELECT count(*) FROM models"), 0);
}

static void names_are_checked(void **state)
{
	static const char *const bad[] = { "", ".wine", "-wine", "wi ne", "wine:1", "a/b", "w\xc3\xa9" };
	struct project *p = project_of(state);
	struct register_how how = { .path = "x" };
	struct model_version *v;
	char long_name[252] = { 0 };

	memset(long_name, 'a', 251);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_error(mlops_model_register(p, bad[i], &how, &v, &err), MLOPS_EINVALID,
			     "no name for a model");
	assert_error(mlops_model_register(p, long_name, &how, &v, &err), MLOPS_EINVALID, "aaa...");
	how.alias = "a b";
	assert_error(mlops_model_register(p, "wine", &how, &v, &err), MLOPS_EINVALID, "alias");
}

static void aliases_move_and_go(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID];

	run_with_output(p, "model.json", "{}", true, id);
	mlops_model_version_free(add(p, "wine", id, NULL));
	mlops_model_version_free(add(p, "wine", id, NULL));
	assert_success(mlops_model_set_alias(p, "wine", "champion", 2, &err));
	assert_int_equal(resolve(p, "wine@champion"), 2);
	assert_error(mlops_model_set_alias(p, "wine", "champion", 3, &err), MLOPS_ENOTFOUND,
		     "no version 3");
	assert_success(mlops_model_set_alias(p, "wine", "champion", 0, &err));
	assert_error(mlops_model_set_alias(p, "wine", "champion", 0, &err), MLOPS_ENOTFOUND,
		     "no alias 'champion'");
	assert_error(mlops_model_set_alias(p, "none", "a", 1, &err), MLOPS_ENOTFOUND, "'none'");
	assert_int_equal(count(p, "SELECT count(*) FROM audit WHERE action = 'model.alias'"), 1);
	assert_int_equal(count(p, "SELECT count(*) FROM audit WHERE action = 'model.unalias'"), 1);
}

static void models_are_listed_by_name(void **state)
{
	struct project *p = project_of(state);
	struct model **models;
	struct model *model;
	char id[MLOPS_RUN_ID];
	size_t n;

	run_with_output(p, "model.json", "{}", true, id);
	mlops_model_version_free(add(p, "wine", id, NULL));
	mlops_model_version_free(add(p, "wine", id, NULL));
	mlops_model_version_free(add(p, "beer", id, NULL));
	assert_success(mlops_models_list(p, &models, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(models[0]->name, "beer");
	mlops_models_free(models, n);
	assert_success(mlops_model_get(p, "wine", &model, &err));
	assert_int_equal(model->n, 2);
	assert_int_equal(model->versions[0].version, 2); /* newest first */
	assert_int_equal(model->versions[1].n_aliases, 1);
	mlops_model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(the_first_version_is_champion),
		unit_project_test(later_versions_get_an_alias_when_asked),
		unit_project_test(versions_are_found_by_alias_and_number),
		unit_project_test(the_output_must_be_plain),
		unit_project_test(an_object_that_is_not_here_is_refused),
		unit_project_test(names_are_checked),
		unit_project_test(aliases_move_and_go),
		unit_project_test(models_are_listed_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
