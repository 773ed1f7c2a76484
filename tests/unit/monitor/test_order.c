/* Sorting by radix, in one run and merged from many, and the walk over two columns. */
#include "monitor/order.h"

#include <math.h>

#include "monitor/pair.h"
#include "monitor/radix.h"
#include "unit.h"

static struct mlops_error err;
static uint64_t state_;

/* A linear congruential generator of Knuth's: any spread of values will do. */
static double next_value(void)
{
	state_ = state_ * 6364136223846793005 + 1442695040888963407;
	return (double)((int64_t)state_ >> 24) / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void radix_sorts_as_qsort(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 63, 64, 65, 1000, 50000 };

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		size_t n = sizes[s], bytes = (n + 1) * sizeof(double);
		autofree double *v = xmalloc(bytes), *want = xmalloc(bytes), *scratch = xmalloc(bytes);

		for (size_t i = 0; i < n; i++)
			v[i] = i % 17 ? next_value() : i % 2 ? -0.0 : i % 3 ? INFINITY : -5e-324;
		memcpy(want, v, n * sizeof(*v));
		radix_sort(v, scratch, n);
		qsort(want, n, sizeof(*want), by_value);
		for (size_t i = 0; i < n; i++) {
			assert_true(v[i] == want[i]);
			assert_false(v[i] == 0 && signbit(v[i]));
		}
	}
}

static void fill(struct spill *s, struct spill_column *c, size_t n, double offset)
{
	double part[1000];

	for (size_t done = 0; done < n;) {
		size_t k = n - done < 1000 ? n - done : 1000;

		for (size_t i = 0; i < k; i++)
			part[i] = floor(next_value() / 1e6) + offset;
		assert_success(spill_add(s, c, part, k, &err));
		done += k;
	}
}

static uint64_t check_ascending(struct order *o)
{
	double last = -INFINITY;
	const double *v;
	uint64_t n = 0;
	size_t got;

	for (;;) {
		assert_success(order_next(o, &v, &got, &err));
		if (!got)
			return n;
		for (size_t i = 0; i < got; i++) {
			assert_true(v[i] >= last);
			last = v[i];
		}
		n += got;
	}
}

static void runs_are_merged(void **state)
{
	struct spill spill;
	struct spill_column c = { 0 };
	struct order *o;
	size_t n = 2 * ORDER_RUN + 12345;

	(void)state;
	spill_init(&spill);
	fill(&spill, &c, n, 0);
	assert_success(order_open(&spill, &c, &o, &err));
	assert_int_equal(check_ascending(o), n);
	assert_success(order_rewind(o, &err));
	assert_int_equal(check_ascending(o), n);
	order_free(o);
	spill_clear(&spill);
}

static void count(void *arg, const struct pair_group *groups, size_t n)
{
	uint64_t *sum = arg;

	for (size_t i = 0; i < n; i++) {
		assert_true(groups[i].n[0] || groups[i].n[1]);
		sum[0] += groups[i].n[0];
		sum[1] += groups[i].n[1];
		sum[2]++;
	}
}

static void walk_counts_every_value(void **state)
{
	struct spill spill;
	struct spill_column a = { 0 }, b = { 0 };
	struct pair pair = { .n = { ORDER_RUN + 1, 3000 } };
	uint64_t sum[3] = { 0 };

	(void)state;
	spill_init(&spill);
	fill(&spill, &a, ORDER_RUN + 1, 0);
	fill(&spill, &b, 3000, 0.5); /* no value in common */
	assert_success(order_open(&spill, &a, &pair.side[0], &err));
	assert_success(order_open(&spill, &b, &pair.side[1], &err));
	assert_success(pair_walk(&pair, count, sum, &err));
	assert_int_equal(sum[0], ORDER_RUN + 1);
	assert_int_equal(sum[1], 3000);
	struct survey s;
	assert_success(pair_survey(&pair, 0, &s, &err));
	assert_int_equal(s.distinct_all, sum[2]);
	assert_int_equal(s.distinct[0] + s.distinct[1], sum[2]);
	order_free(pair.side[0]);
	order_free(pair.side[1]);
	spill_clear(&spill);
}

static void an_empty_column(void **state)
{
	struct spill spill;
	struct spill_column c = { 0 };
	struct order *o;

	(void)state;
	spill_init(&spill);
	assert_success(order_open(&spill, &c, &o, &err));
	assert_int_equal(check_ascending(o), 0);
	order_free(o);
	spill_clear(&spill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(radix_sorts_as_qsort), cmocka_unit_test(runs_are_merged),
		cmocka_unit_test(walk_counts_every_value), cmocka_unit_test(an_empty_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
