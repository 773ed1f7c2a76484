/* Spaces, the estimator and early stopping, by themselves. */
#include "unit.h"

#include <math.h>

#include "pipeline/search/prune.h"
#include "pipeline/search/tpe.h"

static void assert_list(const char *typed, const char *const *want)
{
	autospaces spaces = { 0 };
	autoerr err = ERR_INIT;
	size_t n = 0;

	assert_success(spaces_add(&spaces, typed, &err));
	assert_success(spaces_grid(&spaces, &n, &err));
	for (size_t i = 0; i < n; i++) {
		autofree char *value = spaces_grid_value(&spaces, 0, i);

		assert_non_null(want[i]);
		assert_string_equal(value, want[i]);
	}
	assert_null(want[n]);
}
#define assert_values(typed, ...) assert_list(typed, (const char *const[]){ __VA_ARGS__, NULL })

static void test_lists(void **state)
{
	(void)state;
	assert_values("a=1", "1");
	assert_values("a=1,x y,,2", "1", "x y", "", "2");
	assert_values("a='1,2',\"it's\"", "1,2", "it's");
	assert_values("a=choice(relu,tanh)", "relu", "tanh");
	assert_values("a=range(1,4)", "1", "2", "3");
	assert_values("a=range(3, 0, -1)", "3", "2", "1");
	assert_values("a=range(0,0.5,0.1)", "0.0", "0.1", "0.2", "0.3", "0.4");
	assert_values("a=range(1,2,0.25)", "1.00", "1.25", "1.50", "1.75");
	assert_values("a=range(0,3e-3,1e-3)", "0", "0.001", "0.002");
	assert_values("a=int(-1,1)", "-1", "0", "1");
	assert_values("a=f(1,2)", "f(1", "2)");
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"a",
		"=1",
		"a=range(1)",
		"a=range(1,1)",
		"a=range(1,2,0)",
		"a=range(1,2,-1)",
		"a=range(1,2,x)",
		"a=range(0,1e9)",
		"a=range(1,2,3,4)",
		"a=int(2,1)",
		"a=int(1,2.5)",
		"a=int(1)",
		"a=int(0,1e300)",
		"a=uniform(1,1)",
		"a=uniform(nan,1)",
		"a=uniform(0,inf)",
		"a=uniform()",
		"a=loguniform(0,1)",
		"a=loguniform(-1,1)",
		"a=normal(0,0)",
		"a=1,1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		autospaces spaces = { 0 };
		autoerr err = ERR_INIT;

		assert_int_equal(spaces_add(&spaces, texts[i], &err), -1);
		assert_int_equal(err.kind, MLOPS_EUSAGE);
		assert_int_equal(spaces.n, 0);
	}
}

static void test_grid_order(void **state)
{
	autospaces spaces = { 0 };
	autoerr err = ERR_INIT;
	autobuf seen = { 0 };
	size_t n;

	(void)state;
	assert_success(spaces_add(&spaces, "a=1,2", &err));
	assert_success(spaces_add(&spaces, "b=x,y,z", &err));
	assert_success(spaces_grid(&spaces, &n, &err));
	for (size_t i = 0; i < n; i++) {
		autofree char *a = spaces_grid_value(&spaces, 0, i);
		autofree char *b = spaces_grid_value(&spaces, 1, i);

		strbuf_addf(&seen, "%s%s ", a, b);
	}
	assert_string_equal(seen.buf, "1x 1y 1z 2x 2y 2z ");
	assert_success(spaces_add(&spaces, "c=uniform(0,1)", &err));
	assert_error(spaces_grid(&spaces, &n, &err), MLOPS_EUSAGE, "c=uniform(0,1)");
}

static void test_draws_stay_inside(void **state)
{
	static const char *const texts[] = { "a=int(1,3)", "a=uniform(-2,5)",
					     "a=loguniform(1e-4,10)", "a=x,y,z" };
	static const double low[] = { 1, -2, 1e-4, 0 }, high[] = { 3, 5, 10, 2 };
	struct rng rng = rng_of(1, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		autospaces spaces = { 0 };
		autoerr err = ERR_INIT;
		double least = INFINITY, most = -INFINITY;

		assert_success(spaces_add(&spaces, texts[i], &err));
		for (int k = 0; k < 2000; k++) {
			const struct space *s = &spaces.v[0];
			autofree char *value = space_value(s, space_draw(s, &rng));
			double v = 0;

			assert_true(space_place(s, value, &v));
			v = s->kind == SPACE_LOGUNIFORM ? exp(v) : v;
			least = fmin(least, v);
			most = fmax(most, v);
		}
		double width = high[i] - low[i];
		assert_true(least >= low[i] * (1 - 1e-9) - 1e-9 && most <= high[i] * (1 + 1e-9));
		assert_true(least < low[i] + width / 20 && most > high[i] - width / 20);
	}
}

/* Least, 0, at x = 0.7, lr = 0.01, n = 12, kind "c". */
static double loss_at(const struct spaces *spaces, const double *places)
{
	double x = places[0] - 0.7, lr = places[1] - log(0.01), n = (places[2] - 12) / 20;
	autofree char *kind = space_value(&spaces->v[3], places[3]);

	return x * x + lr * lr / 20 + n * n + (*kind == 'c' ? 0 : 0.3);
}

static double search(const struct spaces *spaces, uint64_t seed, bool random, double *last)
{
	enum { TRIALS = 60, SPACES = 4 };
	double places[TRIALS][SPACES];
	struct tpe_trial trials[TRIALS];
	double best = INFINITY;

	for (size_t i = 0; i < TRIALS; i++) {
		struct rng rng = rng_of(seed, i + 1);

		tpe_suggest(spaces, trials, random ? 0 : i, &rng, places[i]);
		trials[i] = (struct tpe_trial){ places[i], loss_at(spaces, places[i]) };
		best = fmin(best, trials[i].loss);
	}
	*last = places[TRIALS - 1][0];
	return best;
}

static void test_tpe_beats_random(void **state)
{
	static const char *const texts[] = { "x=uniform(0,1)", "lr=loguniform(1e-5,1)",
					     "n=int(1,40)", "kind=a,b,c,d" };
	double of_tpe = 0, of_random = 0, last, again;
	autospaces spaces = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_success(spaces_add(&spaces, texts[i], &err));
	for (uint64_t seed = 0; seed < 20; seed++) {
		of_tpe += search(&spaces, seed, false, &last);
		of_random += search(&spaces, seed, true, &again);
	}
	assert_true(of_tpe < of_random / 2);
	search(&spaces, 7, false, &last);
	search(&spaces, 7, false, &again);
	assert_true(last == again);
	search(&spaces, 8, false, &again);
	assert_true(last != again);
}

/* A normal space has no bounds, and what was pruned counts as bad. */
static void test_tpe_edges(void **state)
{
	enum { TRIALS = 30 };
	double places[TRIALS], out;
	struct tpe_trial trials[TRIALS];
	autospaces spaces = { 0 };
	autoerr err = ERR_INIT;
	size_t near = 0;

	(void)state;
	assert_success(spaces_add(&spaces, "a=normal(10,3)", &err));
	for (size_t i = 0; i < TRIALS; i++) {
		places[i] = i % 2 ? 12 + (double)i / 100 : 8 - (double)i / 100;
		trials[i] = (struct tpe_trial){ &places[i], i % 2 ? 1 : INFINITY };
	}
	places[3] = NAN;
	for (size_t i = 0; i < 50; i++) {
		struct rng rng = rng_of(3, i);

		tpe_suggest(&spaces, trials, TRIALS, &rng, &out);
		assert_true(isfinite(out));
		near += fabs(out - 12) < fabs(out - 8);
	}
	assert_true(near > 40);
}

static struct run_metric point(int64_t step, double value)
{
	return (struct run_metric){ .step = step, .value = value };
}

static void test_median(void **state)
{
	struct run_metric good[] = { point(1, 1), point(2, 0.5), point(3, 0.1) };
	struct run_metric bad[] = { point(1, 4), point(2, 3) };
	struct curve others[] = {
		{ good, 3, true }, { good, 3, true }, { good, 3, true }, { good, 3, true }
	};
	const struct curve own = { bad, 2, false }, none = { bad, 0, false };

	(void)state;
	assert_true(prune_now(PRUNER_MEDIAN, &own, others, 4, false));
	assert_false(prune_now(PRUNER_MEDIAN, &own, others, 4, true)); /* then it is the best */
	assert_false(prune_now(PRUNER_MEDIAN, &own, others, 3, false));
	assert_false(prune_now(PRUNER_NONE, &own, others, 4, false));
	assert_false(prune_now(PRUNER_MEDIAN, &none, others, 4, false));
	assert_false(prune_now(PRUNER_MEDIAN, &others[0], others, 4, false));
	others[0].finished = false;
	assert_false(prune_now(PRUNER_MEDIAN, &own, others, 4, false));
	others[0].finished = true;
	bad[0].value = bad[1].value = NAN;
	assert_true(prune_now(PRUNER_MEDIAN, &own, others, 4, false));
}

static void test_halving(void **state)
{
	struct run_metric points[8][2];
	struct curve curves[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		points[i][0] = point(1, (double)i);
		points[i][1] = point(4, 8 - (double)i);
		curves[i] = (struct curve){ points[i], 1, false };
	}
	/* At step 1, of eight two go on. */
	assert_false(prune_now(PRUNER_HALVING, &curves[0], curves + 1, 7, false));
	struct curve second = curves[1];
	curves[1] = curves[0];
	assert_false(prune_now(PRUNER_HALVING, &second, curves + 1, 7, false));
	struct curve third = curves[2];
	curves[2] = second;
	assert_true(prune_now(PRUNER_HALVING, &third, curves + 1, 7, false));
	/* Alone on its rung it goes on. */
	curves[0].n = 2;
	assert_false(prune_now(PRUNER_HALVING, &curves[0], NULL, 0, false));
	assert_true(prune_now(PRUNER_HALVING, &curves[0], curves + 3, 5, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_grid_order),
		cmocka_unit_test(test_draws_stay_inside),
		cmocka_unit_test(test_tpe_beats_random),
		cmocka_unit_test(test_tpe_edges),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_halving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
