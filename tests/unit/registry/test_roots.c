/* The roots: all that pointers, mlops.lock, runs, models and deployments name, and nothing else. */
#include "mlops/registry.h"

#include "base/fs.h"
#include "base/vec.h"
#include "db/db.h"
#include "mlops/lockfile.h"
#include "project/project.h"
#include "unit_project.h"

static struct mlops_error err;

static struct project *project_of(void **state)
{
	return ((struct unit_project *)*state)->project;
}

static struct object_ref put(struct project *p, const char *bytes)
{
	struct object_ref ref = { .kind = OBJECT_FILE, .size = strlen(bytes), .files = 1 };
	struct store *store;

	assert_success(mlops_store_of(p, &store, &err));
	assert_success(mlops_store_put(store, bytes, strlen(bytes), &ref.oid, &err));
	assert_success(mlops_store_flush(store, &err));
	return ref;
}

/* One that the store does not have. */
static struct object_ref elsewhere(void)
{
	struct object_ref ref = { .kind = OBJECT_FILE, .files = 1 };

	memset(ref.oid.sha256, 7, sizeof(ref.oid.sha256));
	return ref;
}

static int collect(const struct root *root, void *arg, struct mlops_error *e)
{
	(void)e;
	strlist_add(arg, root->why);
	return 0;
}

static void roots_are(struct project *p, const char *want)
{
	autostrlist found = { 0 };
	autobuf text = { 0 };

	assert_success(mlops_roots_visit(p, collect, &found, &err));
	strlist_sort(&found);
	for (size_t i = 0; i < found.n; i++)
		strbuf_addf(&text, "%s\n", found.v[i]);
	assert_string_equal(text.len ? text.buf : "", want);
}

static void an_empty_project_has_none(void **state)
{
	roots_are(project_of(state), "");
}

static void outs_of_the_lock_that_are_cached(void **state)
{
	struct project *p = project_of(state);
	struct lock_item deps[] = { { .path = (char *)"code.py", .ref = elsewhere() },
				    { .path = (char *)"data.csv", .ref = put(p, "1,2") } };
	struct lock_item outs[] = { { .path = (char *)"gone", .ref = elsewhere() },
				    { .path = (char *)"metrics.json", .ref = put(p, "{}"), .not_cached = true },
				    { .path = (char *)"model", .ref = put(p, "m"), .is_model = true } };
	struct lock_stage stage = { .name = (char *)"train", .cmd = (char *)"true",
				    .deps = deps, .n_deps = 2, .outs = outs, .n_outs = 3 };
	const struct lockfile lock = { .stages = &stage, .n = 1 };

	assert_success(mlops_lockfile_write(p, &lock, &err));
	roots_are(p, "data.csv\ngone\nmodel\n");
}

static void objects_of_runs(void **state)
{
	struct project *p = project_of(state);
	const struct run_new how = { .git_commit = "abc" };
	struct run_object o = { .path = (char *)"code.py", .stage = (char *)"", .ref = elsewhere() };
	char id[MLOPS_RUN_ID];

	assert_success(mlops_run_start(p, &how, id, &err));
	assert_success(mlops_run_add_object(p, id, false, &o, &err));
	o.path = (char *)"out";
	assert_success(mlops_run_add_object(p, id, true, &o, &err));
	o.path = (char *)"metrics.json";
	o.not_cached = true;
	assert_success(mlops_run_add_object(p, id, true, &o, &err));
	o = (struct run_object){ .path = (char *)"in", .stage = (char *)"", .ref = put(p, "x") };
	assert_success(mlops_run_add_object(p, id, false, &o, &err));
	autofree char *want = xasprintf("in of run %.8s\nout of run %.8s\n", id, id);
	roots_are(p, want);
}

static void what_names_an_out_goes_where_it_does(void **state)
{
	struct project *p = project_of(state);
	const struct object_place there = { .remote = "there" };
	const struct object_ref model = put(p, "m"), part = put(p, "part"), other = put(p, "o");
	struct lock_item outs[] = { { .path = (char *)"m", .ref = model, .place = there } };
	struct lock_item deps[] = { { .path = (char *)"m/part", .ref = part },
				    { .path = (char *)"o", .ref = other } };
	struct lock_stage stages[] = {
		{ .name = (char *)"a", .cmd = (char *)"true", .outs = outs, .n_outs = 1 },
		{ .name = (char *)"b", .cmd = (char *)"true", .deps = deps, .n_deps = 2 },
	};
	const struct lockfile lock = { .stages = stages, .n = 2 };
	const struct register_how how = { .path = "m" };
	autofree struct placed_ref *refs = NULL;
	struct model_version *version;
	size_t n, elsewhere = 0;

	assert_success(mlops_lockfile_write(p, &lock, &err));
	autofree char *file = project_abspath(p, "m");
	assert_success(fs_write_atomic(file, "m", 1, 0666, &err));
	assert_success(mlops_model_register(p, "wine", &how, &version, &err));
	mlops_model_version_free(version);
	assert_success(mlops_roots_placed(p, &refs, &n, &err));
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		bool is_other = mlops_oid_equal(&refs[i].ref.oid, &other.oid);

		assert_string_equal(refs[i].place.remote, is_other ? "" : "there");
		elsewhere += !is_other;
	}
	assert_int_equal(elsewhere, 3); /* the out, what is read of it, and the model */
}

static void versions_and_revisions(void **state)
{
	struct project *p = project_of(state);
	struct db *db;

	assert_success(project_db(p, &db, &err));
	assert_success(db_exec(db,
		"INSERT INTO models (id, name, created_ms) VALUES (1, 'wine', 1);"
		"INSERT INTO model_versions (model_id, version, kind, executable, oid, size, files,"
		" path, created_ms) VALUES (1, 1, 0, 0, zeroblob(32), 0, 1, 'm', 1);"
		"INSERT INTO deployments (id, name, target, port, created_ms)"
		" VALUES (1, 'prod', 'local', 0, 1);"
		"INSERT INTO revisions (deployment_id, number, model, version, kind, executable, oid,"
		" size, files, workers, status, user, created_ms)"
		" VALUES (1, 4, 'wine', 1, 1, 0, zeroblob(32), 0, 1, 1, 1, 'ada', 1);", &err));
	roots_are(p, "deployment prod revision 4\nmodel wine:1\n");
}

static void a_damaged_name_is_corrupt(void **state)
{
	struct project *p = project_of(state);
	autostrlist found = { 0 };
	struct db *db;

	versions_and_revisions(state);
	assert_success(project_db(p, &db, &err));
	assert_success(db_exec(db, "UPDATE model_versions SET oid = x'00'", &err));
	assert_error(mlops_roots_visit(p, collect, &found, &err), MLOPS_ECORRUPT, "object name");
}

static int stop_at_once(const struct root *root, void *arg, struct mlops_error *e)
{
	(void)root, (void)e;
	++*(int *)arg;
	return 5;
}

static void the_visitor_can_stop_it(void **state)
{
	struct project *p = project_of(state);
	int calls = 0;

	versions_and_revisions(state);
	assert_int_equal(mlops_roots_visit(p, stop_at_once, &calls, &err), 5);
	assert_int_equal(calls, 1);
	roots_are(p, "deployment prod revision 4\nmodel wine:1\n"); /* nothing is left open */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(an_empty_project_has_none),
		unit_project_test(outs_of_the_lock_that_are_cached),
		unit_project_test(objects_of_runs),
		unit_project_test(what_names_an_out_goes_where_it_does),
		unit_project_test(versions_and_revisions),
		unit_project_test(a_damaged_name_is_corrupt),
		unit_project_test(the_visitor_can_stop_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
