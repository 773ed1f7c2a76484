/* Stages come out behind what they need, the first in the order of the pipeline first. */
#include "unit.h"

#include "pipeline/schedule.h"

static struct pipeline *parsed(const char *text)
{
	struct pipeline *p = NULL;
	autoerr err = ERR_INIT;

	assert_success(spec_parse(NULL, text, strlen(text), &p, &err));
	return p;
}

static const char diamond[] = "stages:\n"
			      "  end: {cmd: x, deps: [b, c]}\n"
			      "  c: {cmd: x, deps: [a], outs: [c]}\n"
			      "  b: {cmd: x, deps: [a], outs: [b]}\n"
			      "  a: {cmd: x, outs: [a]}\n"
			      "  free: {cmd: x}\n";

static void assert_next(struct schedule *s, const char *name)
{
	size_t stage;

	assert_true(schedule_next(s, &stage));
	assert_string_equal(s->pipeline->stages.v[stage].name, name);
}

static void done(struct schedule *s, const char *name)
{
	for (size_t i = 0; i < s->pipeline->stages.n; i++)
		if (!strcmp(s->pipeline->stages.v[i].name, name))
			schedule_done(s, i);
}

static void test_diamond(void **state)
{
	struct pipeline *p = parsed(diamond);
	const bool all[] = { true, true, true, true, true };
	struct schedule s;

	(void)state;
	schedule_init(&s, p, all);
	assert_next(&s, "a");
	assert_next(&s, "free");
	assert_false(schedule_has_next(&s));
	done(&s, "a");
	assert_next(&s, "c"); /* as in the file */
	assert_next(&s, "b");
	done(&s, "b");
	assert_false(schedule_has_next(&s));
	done(&s, "c");
	assert_next(&s, "end");
	assert_false(schedule_has_next(&s));
	schedule_clear(&s);
	mlops_pipeline_free(p);
}

/* What is not wanted is not waited for. */
static void test_wanted(void **state)
{
	struct pipeline *p = parsed(diamond);
	const bool some[] = { true, false, true, false, false };
	struct schedule s;

	(void)state;
	schedule_init(&s, p, some);
	assert_next(&s, "b");
	assert_false(schedule_has_next(&s));
	done(&s, "b");
	assert_next(&s, "end");
	schedule_clear(&s);
	mlops_pipeline_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diamond),
		cmocka_unit_test(test_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
