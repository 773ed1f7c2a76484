/* Metrics: which point is the latest, points that come twice, NaN and infinities, the history. */
#include "mlops/tracking.h"

#include <math.h>

#include "unit_project.h"

static struct mlops_error err;

struct run_fixture {
	struct unit_project *unit;
	char id[MLOPS_RUN_ID];
};

static int set_up(void **state)
{
	struct run_fixture *f = xcalloc(1, sizeof(*f));
	const struct run_new how = { .git_commit = "abc" };

	unit_project_set_up((void **)&f->unit);
	assert_success(mlops_run_start(f->unit->project, &how, f->id, &err));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct run_fixture *f = *state;

	unit_project_tear_down((void **)&f->unit);
	free(f);
	return 0;
}

static void point(struct run_fixture *f, int64_t step, int64_t timestamp_ms, double value)
{
	const struct run_metric m = { (char *)"loss", value, timestamp_ms, step };

	assert_success(mlops_run_log_metrics(f->unit->project, f->id, &m, 1, &err));
}

static struct run_metric latest(struct run_fixture *f)
{
	struct run *run;

	assert_success(mlops_run_get(f->unit->project, f->id, &run, &err));
	assert_int_equal(run->n_metrics, 1);
	assert_string_equal(run->metrics[0].key, "loss");
	struct run_metric m = run->metrics[0];
	m.key = NULL;
	mlops_run_free(run);
	return m;
}

static size_t points(struct run_fixture *f, struct run_metric **out)
{
	size_t n;

	assert_success(mlops_run_history(f->unit->project, f->id, "loss", out, &n, &err));
	return n;
}

static void the_latest_has_the_greatest_step(void **state)
{
	point(*state, 2, 10, 0.5);
	point(*state, 1, 99, 0.9);
	assert_true(latest(*state).value == 0.5);
	point(*state, 3, 1, 0.1);
	assert_true(latest(*state).value == 0.1);
}

static void then_the_greatest_time_then_the_greatest_value(void **state)
{
	point(*state, 1, 10, 0.5);
	point(*state, 1, 9, 0.9);
	assert_true(latest(*state).value == 0.5);
	point(*state, 1, 11, 0.2);
	assert_true(latest(*state).value == 0.2);
	point(*state, 1, 11, 0.3);
	assert_true(latest(*state).value == 0.3);
	point(*state, 1, 11, 0.25);
	assert_true(latest(*state).value == 0.3);
}

static void any_number_beats_nan(void **state)
{
	point(*state, 1, 10, NAN);
	assert_true(isnan(latest(*state).value));
	point(*state, 1, 10, -INFINITY);
	assert_true(latest(*state).value == -INFINITY);
	point(*state, 1, 10, NAN);
	assert_true(latest(*state).value == -INFINITY);
	point(*state, 2, 10, NAN);
	assert_true(isnan(latest(*state).value));
}

static void the_same_point_counts_once(void **state)
{
	struct run_metric *all;

	point(*state, 1, 10, 0.5);
	point(*state, 1, 10, 0.5);
	point(*state, 1, 10, NAN);
	point(*state, 1, 10, NAN);
	point(*state, 1, 10, INFINITY);
	size_t n = points(*state, &all);
	assert_int_equal(n, 3);
	mlops_metrics_free(all, n);
}

static void the_history_goes_by_step(void **state)
{
	struct run_metric *all;

	point(*state, 3, 1, 0.1);
	point(*state, 1, 2, 0.3);
	point(*state, 2, 3, 0.2);
	size_t n = points(*state, &all);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(all[i].step, i + 1);
	mlops_metrics_free(all, n);
}

static void time_zero_means_now(void **state)
{
	setenv("MLOPS_NOW", "1234", 1);
	point(*state, 1, 0, 0.5);
	unsetenv("MLOPS_NOW");
	assert_int_equal(latest(*state).timestamp_ms, 1234);
}

/* All points of a call, or none of them. */
static void a_call_is_one_transaction(void **state)
{
	struct run_fixture *f = *state;
	const struct run_metric both[] = { { (char *)"loss", 1, 1, 1 }, { (char *)"\x01", 1, 1, 1 } };
	struct run_metric *all;

	assert_error(mlops_run_log_metrics(f->unit->project, f->id, both, 2, &err), MLOPS_EINVALID,
		     "control character");
	size_t n = points(f, &all);
	assert_int_equal(n, 0);
	mlops_metrics_free(all, n);
}

static void log_many(struct run_fixture *f, int64_t from, int64_t to)
{
	struct run_metric *v = xcalloc((size_t)(to - from), sizeof(*v));

	for (int64_t i = from; i < to; i++)
		v[i - from] = (struct run_metric){ (char *)"loss", i % 7 ? (double)i / 3 : NAN,
						   1000 + i * 17, i - 100 };
	assert_success(mlops_run_log_metrics(f->unit->project, f->id, v, (size_t)(to - from), &err));
	free(v);
}

/* More points than stay loose: they come back from blocks, once, those that come late too. */
static void a_long_history_is_whole(void **state)
{
	struct run_metric *all;

	log_many(*state, 600, 3000);
	log_many(*state, 0, 700);
	log_many(*state, 550, 650);
	point(*state, INT64_MAX, INT64_MAX, INFINITY);
	point(*state, INT64_MIN, 1, -INFINITY);
	size_t n = points(*state, &all);
	assert_int_equal(n, 3002);
	assert_true(all[0].step == INT64_MIN && all[0].value == -INFINITY);
	assert_true(all[3001].step == INT64_MAX && all[3001].timestamp_ms == INT64_MAX);
	for (int64_t i = 0; i < 3000; i++) {
		const struct run_metric *m = &all[i + 1];

		assert_true(m->step == i - 100 && m->timestamp_ms == 1000 + i * 17);
		assert_true(i % 7 ? m->value == (double)i / 3 : isnan(m->value));
	}
	mlops_metrics_free(all, n);
	assert_true(latest(*state).step == INT64_MAX);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_latest_has_the_greatest_step),
		TEST(then_the_greatest_time_then_the_greatest_value),
		TEST(any_number_beats_nan),
		TEST(the_same_point_counts_once),
		TEST(the_history_goes_by_step),
		TEST(time_zero_means_now),
		TEST(a_call_is_one_transaction),
		TEST(a_long_history_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
