/* Runs: their start and end, what they log, being found, being listed, being found dead. */
#include "tracking/tracking.h"

#include <sys/wait.h>

#include "project/project.h"
#include "tracking/record.h"
#include "unit_project.h"

static struct mlops_error err;

static struct project *project_of(void **state)
{
	return ((struct unit_project *)*state)->project;
}

static void start(struct project *p, const char *name, char id[MLOPS_RUN_ID])
{
	const struct run_new how = { .name = name, .git_commit = "abc" };

	assert_success(mlops_run_start(p, &how, id, &err));
}

static struct run *get(struct project *p, const char *which)
{
	struct run *run;

	assert_success(mlops_run_get(p, which, &run, &err));
	return run;
}

static void a_run_starts_and_ends(void **state)
{
	struct project *p = project_of(state);
	const struct run_new how = { .experiment = "tune" };
	char id[MLOPS_RUN_ID];

	setenv("USER", "ada", 1);
	setenv("MLOPS_NOW", "1700000000000", 1);
	assert_success(mlops_run_start(p, &how, id, &err));
	struct run *run = get(p, id);
	assert_int_equal(run->status, RUN_RUNNING);
	assert_int_equal(run->exit_status, -1);
	assert_int_equal(run->end_ms, 0);
	assert_string_equal(run->user, "ada");
	assert_string_equal(run->experiment, "tune");
	assert_null(run->git_commit); /* nothing is committed */
	assert_int_equal(strlen(strrchr(run->name, '-')), 4);
	mlops_run_free(run);

	setenv("MLOPS_NOW", "1700000001500", 1);
	assert_success(mlops_run_end(p, id, RUN_FAILED, 3, &err));
	run = get(p, id);
	assert_int_equal(run->status, RUN_FAILED);
	assert_int_equal(run->exit_status, 3);
	assert_int_equal(run->end_ms - run->start_ms, 1500);
	mlops_run_free(run);
	unsetenv("MLOPS_NOW");
}

static void a_parameter_is_set_once(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID];

	start(p, "one", id);
	assert_success(mlops_run_log_param(p, id, "lr", "0.1", &err));
	assert_success(mlops_run_log_param(p, id, "lr", "0.1", &err));
	assert_error(mlops_run_log_param(p, id, "lr", "0.2", &err), MLOPS_EEXISTS, "'0.1' already");
	assert_success(mlops_run_log_param(p, id, "a", "", &err));
	struct run *run = get(p, id);
	assert_int_equal(run->n_params, 2);
	assert_string_equal(run->params[0].key, "a");
	assert_string_equal(run->params[1].value, "0.1");
	mlops_run_free(run);
}

static void a_tag_can_change(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID];

	start(p, "one", id);
	assert_success(mlops_run_set_tag(p, id, "note", "a", &err));
	assert_success(mlops_run_set_tag(p, id, "note", "b", &err));
	struct run *run = get(p, id);
	assert_int_equal(run->n_tags, 1);
	assert_string_equal(run->tags[0].value, "b");
	mlops_run_free(run);
}

static void bad_keys_and_values_are_refused(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID], long_key[252] = { 0 };

	start(p, "one", id);
	memset(long_key, 'k', 251);
	assert_error(mlops_run_log_param(p, id, "", "v", &err), MLOPS_EINVALID, "empty");
	assert_error(mlops_run_log_param(p, id, long_key, "v", &err), MLOPS_EINVALID, "250");
	assert_error(mlops_run_log_param(p, id, "a\nb", "v", &err), MLOPS_EINVALID, "control");
	assert_error(mlops_run_set_tag(p, id, "a", "\xff", &err), MLOPS_EINVALID, "UTF-8");
	const struct run_metric bad = { .key = (char *)"" };
	assert_error(mlops_run_log_metrics(p, id, &bad, 1, &err), MLOPS_EINVALID, "empty");
	const struct run_object outside = { .path = (char *)"../x", .stage = (char *)"" };
	assert_error(mlops_run_add_object(p, id, true, &outside, &err), MLOPS_EINVALID, "../x");
}

static void logging_needs_a_run_that_is_there(void **state)
{
	struct project *p = project_of(state);

	assert_error(mlops_run_log_param(p, "00000000000000000000000000000000", "a", "b", &err),
		     MLOPS_ENOTFOUND, "there is no run");
	assert_error(mlops_run_end(p, "none", RUN_FINISHED, 0, &err), MLOPS_ENOTFOUND, "'none'");
}

static void objects_and_stages_come_back(void **state)
{
	struct project *p = project_of(state);
	struct run_object o = { .path = (char *)"out/model", .stage = (char *)"train", .is_model = true,
				.ref = { .kind = OBJECT_TREE, .size = 12, .files = 2 } };
	const struct run_stage s = { .name = (char *)"train", .start_ms = 5, .duration_ms = 7, .exit_status = 1, .usage = { .cpu_ms = 3 } };
	char id[MLOPS_RUN_ID];

	memset(o.ref.oid.sha256, 0xab, sizeof(o.ref.oid.sha256));
	start(p, "one", id);
	assert_success(mlops_run_add_object(p, id, true, &o, &err));
	o.path = (char *)"data.csv";
	o.ref.kind = OBJECT_FILE;
	o.is_model = false;
	assert_success(mlops_run_add_object(p, id, false, &o, &err));
	assert_success(mlops_run_add_stage(p, id, &s, &err));
	struct run *run = get(p, id);
	assert_int_equal(run->n_outputs, 1);
	assert_int_equal(run->n_inputs, 1);
	assert_string_equal(run->outputs[0].path, "out/model");
	assert_string_equal(run->outputs[0].stage, "train");
	assert_true(run->outputs[0].is_model);
	assert_int_equal(run->outputs[0].ref.kind, OBJECT_TREE);
	assert_int_equal(run->outputs[0].ref.size, 12);
	assert_true(mlops_oid_equal(&run->inputs[0].ref.oid, &o.ref.oid));
	assert_int_equal(run->stages[0].duration_ms, 7);
	assert_int_equal(run->stages[0].exit_status, 1);
	mlops_run_free(run);
}

static void a_run_is_found_by_what_people_type(void **state)
{
	struct project *p = project_of(state);
	char a[MLOPS_RUN_ID], b[MLOPS_RUN_ID], found[MLOPS_RUN_ID], prefix[9] = { 0 };

	assert_error(mlops_run_find(p, "last", found, &err), MLOPS_ENOTFOUND, "'last'");
	start(p, "brave-otter-001", a);
	start(p, "calm-fox-002", b);
	memcpy(prefix, a, 8);
	assert_success(mlops_run_find(p, a, found, &err));
	assert_string_equal(found, a);
	assert_success(mlops_run_find(p, prefix, found, &err));
	assert_string_equal(found, a);
	assert_success(mlops_run_find(p, "calm-fox-002", found, &err));
	assert_string_equal(found, b);
	assert_success(mlops_run_find(p, "last", found, &err));
	assert_string_equal(found, b);
	prefix[3] = '\0'; /* too short to be an id */
	assert_error(mlops_run_find(p, prefix, found, &err), MLOPS_ENOTFOUND, prefix);
}

static void a_run_is_not_named_last(void **state)
{
	const struct run_new how = { .name = "last", .git_commit = "abc" };
	char id[MLOPS_RUN_ID];

	assert_error(mlops_run_start(project_of(state), &how, id, &err), MLOPS_EINVALID, "'last'");
}

static void an_unknown_run_is_answered_with_a_guess(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID];

	start(p, "brave-otter-001", id);
	assert_int_equal(mlops_run_find(p, "brave-oter-001", id, &err), -1);
	assert_string_equal(err.hint, "did you mean 'brave-otter-001'?");
	mlops_error_clear(&err);
}

static void a_name_of_two_runs_is_ambiguous(void **state)
{
	struct project *p = project_of(state);
	char a[MLOPS_RUN_ID], b[MLOPS_RUN_ID], first[13] = { 0 };

	start(p, "same", a);
	start(p, "same", b);
	memcpy(first, a, 12);
	assert_int_equal(mlops_run_find(p, "same", a, &err), -1);
	assert_int_equal(err.kind, MLOPS_EINVALID);
	assert_non_null(strstr(err.hint, first));
	mlops_error_clear(&err);
}

static void lists_are_newest_first(void **state)
{
	struct project *p = project_of(state);
	const struct run_new tune = { .experiment = "tune", .name = "x", .git_commit = "abc" };
	struct run_query query = { .limit = 2 };
	char id[MLOPS_RUN_ID];
	struct run **runs;
	size_t n;

	start(p, "a", id);
	start(p, "b", id);
	assert_success(mlops_run_start(p, &tune, id, &err));
	assert_success(mlops_runs_list(p, &query, &runs, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(runs[0]->name, "x");
	assert_string_equal(runs[1]->name, "b");
	mlops_runs_free(runs, n);

	query = (struct run_query){ .experiment = "Default" };
	assert_success(mlops_runs_list(p, &query, &runs, &n, &err));
	assert_int_equal(n, 2);
	mlops_runs_free(runs, n);
	query.experiment = "tun";
	assert_error(mlops_runs_list(p, &query, &runs, &n, &err), MLOPS_ENOTFOUND, "'tun'");
}

static void a_renamed_default_is_made_anew(void **state)
{
	struct project *p = project_of(state);
	struct experiment e;
	char id[MLOPS_RUN_ID];
	struct db *db;

	start(p, "a", id);
	assert_success(project_db(p, &db, &err));
	assert_success(experiment_rename(db, 0, "renamed", &err));
	assert_success(experiment_make_default(db, &err));
	assert_success(experiment_load(db, 0, &e, &err));
	assert_string_equal(e.name, "renamed");
	experiment_clear(&e);
	start(p, "b", id);
	struct run *run = get(p, id);
	assert_string_equal(run->experiment, "Default");
	mlops_run_free(run);
}

static void pairs_of_no_query_are_none(void **state)
{
	struct run_pair *pairs = (struct run_pair *)1;
	size_t n = 1;
	struct db *db;

	assert_success(project_db(project_of(state), &db, &err));
	assert_int_equal(run_load_pairs(db, "SELECT none", 1, &pairs, &n, &err), -1);
	mlops_error_clear(&err);
	run_pairs_free(pairs, n);
	assert_int_equal(n, 0);
}

/* The child starts a run and dies without a word, as a killed `mlops run` does. */
static void a_run_whose_process_is_gone_was_killed(void **state)
{
	struct unit_project *u = *state;
	char id[MLOPS_RUN_ID];
	int status;

	if (!fork()) {
		struct project *p;
		const struct run_metric m = { .key = (char *)"loss", .value = 1, .timestamp_ms = 5000 };
		const struct run_new how = { .name = "doomed", .git_commit = "abc" };

		setenv("MLOPS_NOW", "4000", 1);
		_exit(mlops_project_open(u->dir, &p, &err) || mlops_run_start(p, &how, id, &err) ||
		      mlops_run_log_metrics(p, id, &m, 1, &err));
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	start(u->project, "alive", id);
	assert_success(mlops_runs_reap(u->project, &err));
	struct run *run = get(u->project, "doomed");
	assert_int_equal(run->status, RUN_KILLED);
	assert_int_equal(run->end_ms, 5000); /* when it was last heard of */
	mlops_run_free(run);
	run = get(u->project, "alive");
	assert_int_equal(run->status, RUN_RUNNING);
	mlops_run_free(run);
}

static void a_run_of_another_host_is_left_alone(void **state)
{
	struct project *p = project_of(state);
	char id[MLOPS_RUN_ID];
	struct db *db;

	start(p, "far", id);
	assert_success(project_db(p, &db, &err));
	assert_success(db_exec(db, "UPDATE runs SET host = 'elsewhere', pid = 1, pid_start = 1", &err));
	assert_success(mlops_runs_reap(p, &err));
	struct run *run = get(p, id);
	assert_int_equal(run->status, RUN_RUNNING);
	mlops_run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(a_run_starts_and_ends),
		unit_project_test(a_parameter_is_set_once),
		unit_project_test(a_tag_can_change),
		unit_project_test(bad_keys_and_values_are_refused),
		unit_project_test(logging_needs_a_run_that_is_there),
		unit_project_test(objects_and_stages_come_back),
		unit_project_test(a_run_is_found_by_what_people_type),
		unit_project_test(a_run_is_not_named_last),
		unit_project_test(an_unknown_run_is_answered_with_a_guess),
		unit_project_test(a_name_of_two_runs_is_ambiguous),
		unit_project_test(lists_are_newest_first),
		unit_project_test(a_renamed_default_is_made_anew),
		unit_project_test(pairs_of_no_query_are_none),
		unit_project_test(a_run_whose_process_is_gone_was_killed),
		unit_project_test(a_run_of_another_host_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
