/* How values move an alert on: hysteresis, and how long. */
#include "monitor/rules.h"

#include "unit.h"

static void moves(void **state)
{
	static const struct {
		int64_t at_ms;
		double value;
		enum alert_state want;
		int64_t since_ms;
	} steps[] = {
		{ 1000, 0.5, ALERT_OK, 1000 },       { 2000, 0.6, ALERT_PENDING, 2000 },
		{ 2500, 0.5, ALERT_OK, 2500 },       { 3000, 0.6, ALERT_PENDING, 3000 },
		{ 3999, 0.6, ALERT_PENDING, 3000 },  { 4000, 0.6, ALERT_FIRING, 4000 },
		{ 5000, 0.4, ALERT_FIRING, 4000 },   { 6000, 0.2, ALERT_RESOLVED, 6000 },
		{ 7000, 0.4, ALERT_OK, 7000 },
	};
	struct alert a = { .above = 0.5, .clear = 0.2, .for_ms = 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		a.value = steps[i].value;
		alert_step(&a, steps[i].at_ms);
		assert_int_equal(a.state, steps[i].want);
		assert_int_equal(a.since_ms, steps[i].since_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(moves) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
