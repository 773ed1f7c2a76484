/* The line that tells how far a transfer is. */
#include "unit.h"

#include "cli/progress.h"

static void check(uint64_t objects, uint64_t bytes, uint64_t total, int64_t ms, const char *want)
{
	const struct progress p = { .verb = "sending" };
	autobuf line = { 0 };

	progress_format(&p, objects, 40, bytes, total, ms, &line);
	assert_string_equal(line.buf, want);
}

static void test_format(void **state)
{
	(void)state;
	check(0, 0, 0, 5, "sending: 0 of 40 objects, 0 B");
	check(1, 1024, 4096, 500, "sending: 1 of 40 objects, 1.0 KiB of 4.0 KiB");
	check(2, 1024, 4096, 2000,
	      "sending: 2 of 40 objects, 1.0 KiB of 4.0 KiB, 512 B/s, 6.0 s left");
	check(40, 4096, 4096, 2000, "sending: 40 of 40 objects, 4.0 KiB of 4.0 KiB, 2.0 KiB/s");
	check(40, 9999, 4096, 1000, "sending: 40 of 40 objects, 9.8 KiB of 4.0 KiB, 9.8 KiB/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_format) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
