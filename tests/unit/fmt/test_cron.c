/* Schedules: what they mean is the next time that they name. */
#include "unit.h"

#include "fmt/cron.h"

#define NOW 1700000000 /* Tuesday, 14 November 2023, 22:13:20 UTC */

static void assert_next(const char *text, int64_t wanted)
{
	autoerr err = ERR_INIT;
	struct cron cron;

	if (cron_parse(text, &cron, &err))
		fail_msg("%s: %s", text, err.msg);
	if (cron_next(&cron, NOW) != wanted)
		fail_msg("%s: %lld, not %lld", text, (long long)cron_next(&cron, NOW),
			 (long long)wanted);
}

static void test_next(void **state)
{
	(void)state;
	assert_next("* * * * *", 1700000040);    /* 22:14 */
	assert_next("13 22 * * *", 1700086380);  /* that minute has begun: tomorrow */
	assert_next("*/15 * * * *", 1700000100); /* 22:15 */
	assert_next("0 3 * * *", 1700017200);
	assert_next(" 0  3\t* * mon-fri ", 1700017200);
	assert_next("0 3 * * 7", 1700362800); /* Sunday */
	assert_next("@weekly", 1700352000);
	assert_next("0 0 1 jan,Jul *", 1704067200);
	assert_next("30 5/6 1-3 * *", 1701408600); /* 5:30 on 1 December */
	assert_next("0 0 20 * thu", 1700092800);   /* the 20th, or a Thursday */
	assert_next("0 0 29 2 *", 1709164800);
	assert_next("0 0 30 2 *", -1);
	assert_next("0 0 31 4,6 *", -1);
}

static void test_refused(void **state)
{
	static const char *const texts[][2] = {
		{ "", "a schedule is" },
		{ "* * * *", "a schedule is" },
		{ "* * * * * *", "a schedule is" },
		{ "@often", "'@often' is no minute" },
		{ "60 * * * *", "'60' is no minute" },
		{ "* 24 * * *", "'24' is no hour (0 to 23)" },
		{ "* * 0 * *", "'0' is no day" },
		{ "* * * 13 *", "'13' is no month" },
		{ "* * * * 8", "'8' is no weekday" },
		{ "5-1 * * * *", "'5-1' is no minute" },
		{ "*/0 * * * *", "'*/0' is no" },
		{ "1, * * * *", "'1,' is no minute" },
		{ "1x * * * *", "'1x' is no minute" },
		{ "-1 * * * *", "'-1' is no minute" },
		{ "99999999999 * * * *", "is no minute" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		autoerr err = ERR_INIT;
		struct cron cron;

		assert_int_equal(cron_parse(texts[i][0], &cron, &err), -1);
		if (!strstr(err.msg, texts[i][1]))
			fail_msg("'%s' is not in: %s", texts[i][1], err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
