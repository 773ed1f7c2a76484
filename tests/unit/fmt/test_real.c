/* Decimal numbers read to the last bit, as strtod(3) does. */
#include "fmt/real.h"

#include <math.h>

#include "unit.h"

static void check(const char *text)
{
	double got = 0, want = strtod(text, NULL);
	bool whole;

	if (!real_parse(text, strlen(text), &got, &whole))
		fail_msg("'%s' is refused", text);
	if (memcmp(&got, &want, sizeof(got)))
		fail_msg("'%s' is %.17g, not %.17g", text, got, want);
}

static void known_numbers(void **state)
{
	static const char *const texts[] = {
		"0",
		"-0",
		"1",
		"-1",
		"+3",
		"00012",
		"0.1",
		"1.",
		".5",
		"-.25",
		"1e5",
		"1E-5",
		"1e+22",
		"1e23",
		"123456789012345678",
		"1234567890123456789",
		"12345678901234567890",
		"0.30000000000000004",
		"9007199254740993",
		"9007199254740992.5",
		"2.2250738585072014e-308",
		"4.9e-324",
		"1e-400",
		"1e400",
		"1.7976931348623157e308",
		"0.000000000000000000000000000000000001234567890123456789",
		"179769313486231580793e289",
		"8.5",
		"6.02214076e23",
		"1e-38",
		"9999999999999999999e38",
		"0e999999999999",
		"100000000000000000000000000000000000000000000000000000000000000000000000001",
		"5e-1",
		"10000000000000002",
		"36028797018963971",
		"72057594037927945",
		"1.0000000000000002220446",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		check(texts[i]);
}

static void many_numbers(void **state)
{
	uint64_t r = 1;
	char text[64];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		r = r * 6364136223846793005 + 1442695040888963407;
		int digits = 1 + (int)(r >> 40) % 19, exp = (int)(r >> 50) % 80 - 40;
		double v;

		memcpy(&v, &r, sizeof(v));
		if (isfinite(v)) {
			snprintf(text, sizeof(text), "%.*e", digits % 18, v);
			check(text);
		}
		snprintf(text, sizeof(text), "%.*sE%d", digits, "9182736455463728190" + digits % 3,
			 exp);
		check(text);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)r);
		check(text);
		snprintf(text, sizeof(text), "%.*f", digits % 12, (double)(int64_t)r / 1e13);
		check(text);
	}
}

static void what_is_whole(void **state)
{
	double v;
	bool whole;

	(void)state;
	assert_true(real_parse("42", 2, &v, &whole) && whole);
	assert_true(real_parse("42.", 3, &v, &whole) && !whole);
	assert_true(real_parse("1e3", 3, &v, &whole) && !whole && v == 1000);
	assert_true(real_parse(" 7\t", 3, &v, &whole) && whole && v == 7);
	assert_true(real_parse("-inf", 4, &v, &whole) && !whole && v == -INFINITY);
	assert_true(real_parse("Infinity", 8, &v, &whole) && v == INFINITY);
	assert_true(real_parse("12345", 2, &v, &whole) && v == 12);
}

static void what_is_none(void **state)
{
	static const char *const texts[] = { "",      " ",   "-",     "+",    ".",     "e5",  "1e",
					     "1e+",   "--1", "1-",    "0x10", "1_000", "1,5", "nan",
					     "infin", "1 2", "1.2.3", "12a",  "-e",    ".e1" };
	double v;
	bool whole;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (real_parse(texts[i], strlen(texts[i]), &v, &whole))
			fail_msg("'%s' is taken for %g", texts[i], v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers),
		cmocka_unit_test(many_numbers),
		cmocka_unit_test(what_is_whole),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
