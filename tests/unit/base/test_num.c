/* Numbers and times, read strictly and written shortly. */
#include "base/num.h"

#include <math.h>

#include "base/clock.h"
#include "unit.h"

static void integers(void **state)
{
	static const char *const bad[] = { "",   " 1",  "1 ",
					   "1x", "0x1", "+",
					   "-",  "1.0", "9223372036854775808" };
	int64_t i = 7;
	uint64_t u = 7;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(num_parse_i64(bad[k], &i));
	assert_int_equal(i, 7);
	assert_true(num_parse_i64("-9223372036854775808", &i) && i == INT64_MIN);
	assert_true(num_parse_u64("18446744073709551615", &u) && u == UINT64_MAX);
	assert_false(num_parse_u64("-1", &u));
	assert_false(num_parse_u64("18446744073709551616", &u));
}

static void doubles(void **state)
{
	static const char *const bad[] = { "",       " 1",  "\v1", "1 ", "0x1p3",
					   "nan(1)", "one", "1e",  "." };
	double d = 7;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(num_parse_double(bad[k], &d));
	assert_true(d == 7);
	assert_true(num_parse_double("-1.5e3", &d) && d == -1500);
	assert_true(num_parse_double(".5", &d) && d == .5);
	assert_true(num_parse_double("nan", &d) && isnan(d));
	assert_true(num_parse_double("-inf", &d) && isinf(d));
}

static void sizes(void **state)
{
	static const char *const bad[] = { "", "-1", "0x10", "1q", "1kx", "1 k", "1e30", "k" };
	uint64_t n;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(num_parse_bytes(bad[k], &n));
	assert_true(num_parse_bytes("64", &n) && n == 64);
	assert_true(num_parse_bytes("9007199254740993", &n) && n == 9007199254740993u);
	assert_true(num_parse_bytes("1.5M", &n) && n == 3 << 19);
	assert_true(num_parse_bytes("2GiB", &n) && n == (uint64_t)2 << 30);
	assert_true(num_parse_bytes("2kb", &n) && n == 2048);
}

static void durations(void **state)
{
	static const char *const bad[] = { "", "-1s", "0x1s", "1w", "s", "1 s", "1e300" };
	int64_t ms;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(num_parse_duration(bad[k], &ms));
	assert_true(num_parse_duration("90", &ms) && ms == 90000);
	assert_true(num_parse_duration("250ms", &ms) && ms == 250);
	assert_true(num_parse_duration("1.5h", &ms) && ms == 5400000);
	assert_true(num_parse_duration("1d", &ms) && ms == 86400000);
}

static void formats(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0.1, "0.1" },
		      { 100, "100" },
		      { 1, "1" },
		      { 0, "0" },
		      { -2.5, "-2.5" },
		      { 1.0 / 3, "0.3333333333333333" },
		      { 1e300, "1e+300" },
		      { 123456789, "123456789" },
		      { 1e-7, "1e-07" },
		      { NAN, "NaN" },
		      { -INFINITY, "-Infinity" },
		      { 0.00012, "0.00012" },
		      { 1e15, "1000000000000000" } };
	char buf[NUM_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(num_format_double(cases[i].value, buf), cases[i].text);
	assert_string_equal(num_format_bytes(1023, buf), "1023 B");
	assert_string_equal(num_format_bytes(1536, buf), "1.5 KiB");
	assert_string_equal(num_format_bytes(UINT64_MAX, buf), "16.0 EiB");
	assert_string_equal(num_format_u64(0, buf), "0");
	assert_string_equal(num_format_u64(UINT64_MAX, buf), "18446744073709551615");
}

static void doubles_read_back(void **state)
{
	uint64_t seed = 88172645463325252u;
	char buf[NUM_SIZE];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		double d, back;

		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		memcpy(&d, &seed, sizeof(d));
		if (i % 2)
			d = (double)(int64_t)(seed >> (seed % 60)) / 1000;
		if (isnan(d))
			continue;
		assert_true(strlen(num_format_double(d, buf)) < NUM_SIZE);
		assert_true(num_parse_double(buf, &back) && back == d);
	}
}

static void times(void **state)
{
	char buf[CLOCK_ISO_SIZE];

	(void)state;
	assert_string_equal(clock_format_iso(0, buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(clock_format_iso(-1, buf), "1969-12-31T23:59:59.999Z");
	assert_string_equal(clock_format_iso(1700000000123, buf), "2023-11-14T22:13:20.123Z");
	assert_true(strlen(clock_format_iso(INT64_MAX, buf)) < CLOCK_ISO_SIZE);
	assert_string_equal(clock_format_ago(0, 1000, buf), "1 second ago");
	assert_string_equal(clock_format_ago(0, 7200000, buf), "2 hours ago");
	assert_string_equal(clock_format_ago(5000, 0, buf), "0 seconds ago");
	assert_string_equal(clock_format_ago(0, 86400000ll * 20, buf), "1970-01-01");
	assert_string_equal(clock_format_duration(812, buf), "812 ms");
	assert_string_equal(clock_format_duration(4200, buf), "4.2 s");
	assert_string_equal(clock_format_duration(200000, buf), "3 m 20 s");
}

static void times_are_read(void **state)
{
	static const char *const bad[] = { "", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14T22:13:20.Z",
					   "2023-11-14T22:13:20+", "2023-11-14T22:13:20+2:000",
					   "2023-11-14T22:13:20+02:00x", "2023-11-14T22:13:20+25:00" };
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(clock_parse_iso(bad[i], &ms));
	assert_true(clock_parse_iso("1969-12-31T23:59:59.999Z", &ms) && ms == -1);
	assert_true(clock_parse_iso("2023-11-14T22:13:20.123456789Z", &ms) && ms == 1700000000123);
	assert_true(clock_parse_iso("2023-11-15T00:13:20.1+02:00", &ms) && ms == 1700000000100);
	assert_true(clock_parse_iso("2023-11-14T16:43:20-0530", &ms) && ms == 1700000000000);
}

static void clock_can_be_frozen(void **state)
{
	(void)state;
	setenv("MLOPS_NOW", "1234", 1);
	assert_int_equal(clock_now_ms(), 1234);
	unsetenv("MLOPS_NOW");
	assert_true(clock_now_ms() > 1700000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers), cmocka_unit_test(doubles),
		cmocka_unit_test(sizes),    cmocka_unit_test(durations),
		cmocka_unit_test(formats),  cmocka_unit_test(doubles_read_back),
		cmocka_unit_test(times),    cmocka_unit_test(times_are_read),
		cmocka_unit_test(clock_can_be_frozen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
