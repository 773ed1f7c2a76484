/* How many requests run at a time: the rule grows, goes back, and halves as it says. */
#include "unit.h"

#include "http/window.h"

/* One period in which requests waited and `requests` of `bytes` were done. */
static int64_t period(struct http_window *w, int64_t now, unsigned requests, uint64_t bytes)
{
	window_wait(w);
	for (unsigned i = 1; i < requests; i++)
		window_done(w, bytes, now);
	now += 1000;
	window_done(w, bytes, now);
	return now;
}

static void test_grows_while_it_helps(void **state)
{
	struct http_window w;
	int64_t now = 5000;

	(void)state;
	window_init(&w, 0, now);
	assert_int_equal(w.size, WINDOW_FIRST);
	now = period(&w, now, 100, 1000);
	assert_int_equal(w.size, 10);
	now = period(&w, now, 120, 1000);
	assert_int_equal(w.size, 12);
	now = period(&w, now, 121, 1000); /* less than 5% more */
	assert_int_equal(w.size, 10);
	now = period(&w, now, 300, 1000); /* held */
	assert_int_equal(w.size, 10);
	period(&w, now + 10000, 9000, 1000);
	assert_int_equal(w.size, 12);
}

static void test_stays_in_bounds(void **state)
{
	struct http_window w;
	int64_t now = 0;
	unsigned requests = 100;

	(void)state;
	window_init(&w, 0, now);
	for (int i = 0; i < 20; i++, requests += requests / 4)
		now = period(&w, now, requests, 0);
	assert_int_equal(w.size, WINDOW_MAX);
	for (int i = 0; i < 20; i++)
		window_overload(&w, now += 1000);
	assert_int_equal(w.size, WINDOW_MIN);
}

static void test_overload_halves_once(void **state)
{
	struct http_window w;

	(void)state;
	window_init(&w, 0, 0);
	window_overload(&w, 10);
	window_overload(&w, 20);
	assert_int_equal(w.size, 4);
	window_overload(&w, 1010);
	assert_int_equal(w.size, 2);
	assert_int_equal(period(&w, 1010, 100, 0), 2010);
	assert_int_equal(w.size, 2); /* held */
}

static void test_not_without_waiting(void **state)
{
	struct http_window w;

	(void)state;
	window_init(&w, 0, 0);
	window_done(&w, 1 << 20, 1500);
	assert_int_equal(w.size, WINDOW_FIRST);
}

static void test_fixed(void **state)
{
	struct http_window w;

	(void)state;
	window_init(&w, 3, 0);
	window_overload(&w, 5000);
	period(&w, 5000, 100, 0);
	assert_int_equal(w.size, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_while_it_helps),
		cmocka_unit_test(test_stays_in_bounds),
		cmocka_unit_test(test_overload_halves_once),
		cmocka_unit_test(test_not_without_waiting),
		cmocka_unit_test(test_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
