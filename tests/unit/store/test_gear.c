/* The cuts of content-defined chunking: those of Xet's, and that they stay where they are. */
#include "unit.h"

#include "store/gear.h"

/* Bytes that a simple generator makes, the same everywhere. */
static uint8_t *make(size_t n, uint64_t seed)
{
	uint8_t *p = xmalloc(n);

	for (size_t i = 0; i < n; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		p[i] = (uint8_t)(seed >> 56);
	}
	return p;
}

/*
 * Where the data is cut; checked with an independent program, which by these cuts gives the hash that
 * hf_xet 1.8.0 does (e67fcb88..., and 28e0d94b... for the second).
 */
static const size_t cuts[] = { 18687,  49967,  181039, 213521,  250814, 332342,
			       408996, 479238, 610310, 657752,  680208, 811280,
			       826022, 957094, 973058, 1044831, 1 << 20 };

static void check_cuts(const uint8_t *p, size_t n, size_t moved_from, size_t by)
{
	size_t at = 0, i = 0;

	for (; at < n; i++) {
		at += gear_cut(p + at, n - at);
		assert_true(i < ARRAY_LEN(cuts));
		assert_int_equal(at, cuts[i] + (cuts[i] > moved_from ? by : 0));
	}
	assert_int_equal(i, ARRAY_LEN(cuts));
}

static void test_cuts(void **state)
{
	autofree uint8_t *data = make(1 << 20, 7);

	(void)state;
	check_cuts(data, 1 << 20, SIZE_MAX, 0);
}

/* One cut at a place that no byte decides is 131072 bytes behind the last: it stays as well. */
static void test_insertion(void **state)
{
	autofree uint8_t *data = make(1 << 20, 7), *edited = xmalloc((1 << 20) + 8);

	(void)state;
	memcpy(edited, data, 500000);
	memcpy(edited + 500000, "inserted", 8);
	memcpy(edited + 500008, data + 500000, (1 << 20) - 500000);
	check_cuts(edited, (1 << 20) + 8, 610310, 8);
}

static void test_limits(void **state)
{
	autofree uint8_t *zero = xcalloc(1, GEAR_MAX + 1);

	(void)state;
	assert_int_equal(gear_cut(zero, GEAR_MAX + 1), GEAR_MAX);
	for (size_t n = 0; n <= GEAR_MIN; n = n * 2 + 1)
		assert_int_equal(gear_cut(zero, n), n);
	assert_int_equal(gear_cut(zero, GEAR_MIN), GEAR_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_insertion),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
