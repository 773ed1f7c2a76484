/* Thinning out points, and round values on axes. */
#include "unit.h"

#include <float.h>
#include <math.h>

#include "pipeline/plots.h"

static struct plot_series thinned(size_t n, double (*y)(size_t i))
{
	struct plot_series s = { 0 };
	struct thin t = { 0 };

	for (size_t i = 0; i < n; i++)
		thin_add(&t, (double)i, y(i));
	thin_finish(&t, &s);
	assert_int_equal(s.rows, n);
	assert_true(s.n <= PLOT_POINTS_MAX);
	for (size_t i = 1; i < s.n; i++)
		assert_true(s.v[i - 1].x < s.v[i].x);
	return s;
}

static double saw(size_t i)
{
	return (double)(i % 7);
}

/* Peaks where no stride falls. */
static double peaks(size_t i)
{
	return i == 0 ? -5 : i == 7777 ? 100 : i == 7778 ? -100 : i == 99998 ? 50 : 1;
}

static double holes(size_t i)
{
	return i % 3 == 1 ? NAN : i == 50000 ? 9 : 0;
}

static bool has(const struct plot_series *s, double x, double y)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].x == x && s->v[i].y == y)
			return true;
	return false;
}

static void test_few(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 999, 1000 };

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
		struct plot_series s = thinned(sizes[k], saw);

		assert_int_equal(s.n, sizes[k]);
		for (size_t i = 0; i < s.n; i++)
			assert_true(s.v[i].x == (double)i && s.v[i].y == saw(i));
		free(s.v);
	}
}

static void test_many(void **state)
{
	struct plot_series s = thinned(100001, peaks);

	(void)state;
	assert_true(s.n >= 500);
	assert_true(has(&s, 0, -5) && has(&s, 7777, 100) && has(&s, 7778, -100));
	assert_true(has(&s, 99998, 50) && has(&s, 100000, 1));
	free(s.v);
	s = thinned(100000, holes);
	assert_true(has(&s, 50000, 9));
	free(s.v);
}

static void assert_axis(double low, double high, double first, double last, int count)
{
	struct plot_axis a;

	axis_init(&a, low, high, false, 6);
	assert_int_equal(a.count, count);
	assert_true(axis_tick(&a, 0) == first && axis_tick(&a, count - 1) == last);
	assert_true(axis_share(&a, a.low) == 0 && axis_share(&a, a.high) == 1);
}

static void test_axes(void **state)
{
	struct plot_axis a;

	(void)state;
	assert_axis(0, 1, 0, 1, 6);
	assert_axis(-0.31, 0.29, -0.3, 0.2, 6);
	assert_axis(0, 60, 0, 60, 7);
	assert_axis(5, 5, 4.6, 5.4, 5);
	axis_init(&a, 2, 3, true, 6);
	assert_true(a.low == 0);
	axis_init(&a, -DBL_MAX, DBL_MAX, false, 6);
	assert_true(a.count > 1 && a.count <= 12 && axis_share(&a, 0) == 0.5);
	axis_init(&a, 0, 5e-324, false, 6);
	assert_true(a.count <= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_axes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
