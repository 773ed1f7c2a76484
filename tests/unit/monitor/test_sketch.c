/* Sketches keep their promises, whole and merged. */
#include <math.h>

#include "base/xxh.h"
#include "monitor/hitters.h"
#include "monitor/hll.h"
#include "monitor/kll.h"
#include "unit.h"

#define N 400000

/* Each of 0 .. N-1 once, in an order without pattern (7919 is prime to N). */
static double scattered(uint64_t i)
{
	return (double)(i * 7919 % N);
}

static void add_range(struct kll *s, uint64_t from, uint64_t to)
{
	double v[256];
	size_t n = 0;

	for (uint64_t i = from; i < to; i++) {
		v[n++] = scattered(i);
		if (n == 256 || i + 1 == to) {
			kll_add(s, v, n);
			n = 0;
		}
	}
}

/* The largest error of a rank, as a share of all. */
static double rank_error(const struct kll *s)
{
	size_t n;
	autofree struct pair_group *values = kll_values(s, &n);
	double seen = 0, worst = 0;

	for (size_t i = 0; i < n; i++) {
		seen += (double)values[i].n[0];
		worst = fmax(worst, fabs(seen - values[i].value) / N);
	}
	assert_true(seen == N);
	assert_true(n < 5 * KLL_K);
	return worst;
}

static void kll_ranks(void **state)
{
	struct kll whole = { 0 }, merged = { 0 };

	(void)state;
	add_range(&whole, 0, N);
	assert_true(rank_error(&whole) < KLL_ERROR);
	for (int i = 0; i < 16; i++) {
		struct kll part = { 0 };

		add_range(&part, N / 16 * i, N / 16 * (i + 1));
		kll_merge(&merged, &part);
		kll_clear(&part);
	}
	assert_int_equal(merged.n, N);
	assert_true(rank_error(&merged) < KLL_ERROR);
	kll_clear(&whole);
	kll_clear(&merged);
}

static void kll_is_exact_when_small(void **state)
{
	struct kll s = { 0 };
	double v[] = { 5, 1, 4, 2, 3 };
	size_t n;

	(void)state;
	kll_add(&s, v, 5);
	autofree struct pair_group *values = kll_values(&s, &n);
	assert_int_equal(n, 5);
	assert_true(kll_quantile(values, n, 0.5) == 3);
	assert_true(kll_quantile(values, n, 0) == 1);
	assert_true(kll_quantile(values, n, 1) == 5);
	assert_true(isnan(kll_quantile(values, 0, 0.5)));
	kll_clear(&s);
}

static void hll_counts(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 10, 1000, 20000, 1000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct hll a = { 0 }, b = { 0 };

		for (uint64_t k = 0; k < sizes[i]; k++)
			hll_add(k % 2 ? &a : &b, xxh_64(&k, sizeof(k)));
		hll_merge(&a, &b);
		hll_merge(&a, &b);
		assert_true(fabs(hll_count(&a) - (double)sizes[i]) <= 0.025 * (double)sizes[i]);
	}
}

/* Value i occurs about N / (i + 1) / 12 times; the rest are all different. */
static void add_skewed(struct hitters *h, uint64_t from, uint64_t to)
{
	char text[32];

	for (uint64_t i = from; i < to; i++) {
		double u = fmod((double)i * 0.6180339887498949, 1);
		int n = snprintf(text, sizeof(text), "%.0f", u < 0.5 ? floor(exp(u * 20)) : 1e9 + (double)i);

		hitters_add(h, text, (size_t)n, 1);
	}
}

static uint64_t count_of(const struct hitters *h, const char *text)
{
	uintptr_t at = (uintptr_t)map_get(&h->index, text);

	return at ? h->counts.v[at - 1] : 0;
}

static void hitters_are_found(void **state)
{
	struct hitters whole = { 0 }, merged = { 0 }, exact = { 0 };

	(void)state;
	add_skewed(&whole, 0, N);
	for (int i = 0; i < 4; i++) {
		struct hitters part = { 0 };

		add_skewed(&part, N / 4 * i, N / 4 * (i + 1));
		hitters_merge(&merged, &part);
		hitters_clear(&part);
	}
	for (uint64_t i = 0; i < N; i++) { /* only what is common, so exactly */
		double u = fmod((double)i * 0.6180339887498949, 1);

		if (u < 0.15) {
			char text[32];
			int n = snprintf(text, sizeof(text), "%.0f", floor(exp(u * 20)));

			hitters_add(&exact, text, (size_t)n, 1);
		}
	}
	assert_true(whole.sketched && merged.sketched && !exact.sketched);
	assert_true(whole.error <= N / 1024 && merged.error <= N / 1024);
	for (uint64_t v = 1; v <= 10; v++) {
		autofree char *text = xasprintf("%llu", (unsigned long long)v);
		uint64_t want = count_of(&exact, text);

		assert_in_range(count_of(&whole, text), want - whole.error, want);
		assert_in_range(count_of(&merged, text), want - merged.error, want);
	}
	hitters_clear(&whole);
	hitters_clear(&merged);
	hitters_clear(&exact);
}

static void hitters_are_exact_up_to_their_limit(void **state)
{
	struct hitters h = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 2 * HITTERS_EXACT; i++) {
		uint64_t v = i % HITTERS_EXACT;

		hitters_add(&h, (const char *)&v, sizeof(v), 1);
	}
	assert_false(h.sketched);
	assert_int_equal(h.error, 0);
	assert_int_equal(h.counts.n, HITTERS_EXACT);
	hitters_add(&h, "one more", 8, 1);
	assert_true(h.sketched);
	assert_true(h.counts.n <= HITTERS_KEPT);
	hitters_clear(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kll_ranks), cmocka_unit_test(kll_is_exact_when_small),
		cmocka_unit_test(hll_counts), cmocka_unit_test(hitters_are_found),
		cmocka_unit_test(hitters_are_exact_up_to_their_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
