/* mlops.yaml: what is read, and that each fault is told with its line and column. */
#include "unit.h"

#include "pipeline/spec.h"

static struct pipeline *parsed(const char *text)
{
	struct pipeline *p = NULL;
	autoerr err = ERR_INIT;

	assert_success(spec_parse(NULL, text, strlen(text), &p, &err));
	return p;
}

static void test_everything(void **state)
{
	struct pipeline *p = parsed("version: 1\n"
				    "stages:\n"
				    "  one:\n"
				    "    desc: words\n"
				    "    cmd: [first, second 'x']\n"
				    "    wdir: ./sub/\n"
				    "    deps: [a.txt, ../b/./c/]\n"
				    "    params: [x.y, {other.yaml: [z], ../all.json: }]\n"
				    "    outs: [o/, {m: {type: model}, n: {cache: false}}]\n"
				    "    metrics: [{metrics.json: {cache: false}}, plain.json]\n"
				    "    env: {NAME: a value, _2: 3}\n"
				    "    always: true\n"
				    "    frozen: false\n");
	const struct spec_stage *s = &p->stages.v[0];

	(void)state;
	assert_int_equal(p->stages.n, 1);
	assert_string_equal(s->name, "one");
	assert_string_equal(s->desc, "words");
	assert_string_equal(s->wdir, "sub");
	assert_int_equal(s->deps.n, 2);
	assert_string_equal(s->deps.v[0].path, "sub/a.txt");
	assert_string_equal(s->deps.v[1].path, "b/c");
	assert_int_equal(s->params.n, 3);
	assert_string_equal(s->params.v[0].file, "sub/params.yaml");
	assert_string_equal(s->params.v[0].key, "x.y");
	assert_string_equal(s->params.v[1].file, "sub/other.yaml");
	assert_string_equal(s->params.v[2].file, "all.json");
	assert_null(s->params.v[2].key);
	assert_int_equal(s->outs.n, 5);
	assert_string_equal(s->outs.v[0].path, "sub/o");
	assert_true(s->outs.v[0].cache && !s->outs.v[0].is_model && !s->outs.v[0].is_metrics);
	assert_true(s->outs.v[1].is_model);
	assert_false(s->outs.v[2].cache);
	assert_true(s->outs.v[3].is_metrics && !s->outs.v[3].cache);
	assert_true(s->outs.v[4].is_metrics && s->outs.v[4].cache);
	assert_true(s->always);
	assert_false(s->frozen);
	assert_made(spec_command_text(s), "cd sub\nNAME=a value\n_2=3\nfirst\nsecond 'x'");
	mlops_pipeline_free(p);
}

static void test_plain(void **state)
{
	struct pipeline *p = parsed("stages: {a: {cmd: make, deps: , outs: , wdir: .}}");

	(void)state;
	assert_string_equal(p->stages.v[0].wdir, "");
	assert_made(spec_command_text(&p->stages.v[0]), "make");
	mlops_pipeline_free(p);
}

/* A fault, and the position and words that it is told with. */
static const struct {
	const char *text, *message, *hint;
} faults[] = {
	{ "stages: [", "mlops.yaml:2:1: ", NULL },
	{ "", "mlops.yaml:1:1: mlops.yaml must be a map", NULL },
	{ "- a", "mlops.yaml:1:1: mlops.yaml must be a map", NULL },
	{ "version: 1", "mlops.yaml:1:1: there is no 'stages'", NULL },
	{ "version: 2\nstages: {}", "mlops.yaml:1:10: version 2 is not known", NULL },
	{ "stage: {}\n", "mlops.yaml:1:1: unknown key 'stage'", "did you mean 'stages'?" },
	{ "stages: []", "mlops.yaml:1:9: stages must be a map", NULL },
	{ "stages:\n  a: make", "mlops.yaml:2:6: a stage must be a map", NULL },
	{ "stages:\n  a: {}", "mlops.yaml:2:3: stage 'a' has no cmd", NULL },
	{ "stages:\n  a: {cmd: x, dep: [y]}", "mlops.yaml:2:15: unknown key 'dep'",
	  "did you mean 'deps'?" },
	{ "stages:\n  a b: {cmd: x}", "mlops.yaml:2:3: a stage's name has letters", NULL },
	{ "stages:\n  .a: {cmd: x}", "mlops.yaml:2:3: '.a' is no name for a stage", NULL },
	{ "stages:\n  a: {cmd: x}\n  a: {cmd: y}", "mlops.yaml:3:3: key 'a' was already given",
	  NULL },
	{ "stages:\n  a: {cmd: ' '}", "mlops.yaml:2:12: the command is empty", NULL },
	{ "stages:\n  a: {cmd: []}", "mlops.yaml:2:12: cmd is empty", NULL },
	{ "stages:\n  a: {cmd: {b: c}}", "mlops.yaml:2:12: cmd must be a list", NULL },
	{ "stages:\n  a: {cmd: x, deps: y}", "mlops.yaml:2:21: deps must be a list", NULL },
	{ "stages:\n  a: {cmd: x, deps: [y, ./y]}",
	  "mlops.yaml:2:25: dependency './y' is given twice", NULL },
	{ "stages:\n  a: {cmd: x, deps: [{y: z}]}", "mlops.yaml:2:23: unknown key 'y' in a dependency",
	  NULL },
	{ "stages:\n  a: {cmd: x, deps: ['']}", "mlops.yaml:2:22: dependency is empty", NULL },
	{ "stages:\n  a: {cmd: x, deps: [../y]}",
	  "mlops.yaml:2:22: dependency '../y' leaves the project", NULL },
	{ "stages:\n  a: {cmd: x, outs: [/etc/passwd]}",
	  "mlops.yaml:2:22: output '/etc/passwd' leaves the project", NULL },
	{ "stages:\n  a: {cmd: x, outs: [.]}", "mlops.yaml:2:22: output '.' is the whole project",
	  NULL },
	{ "stages:\n  a: {cmd: x, outs: [b/.git/c]}",
	  "mlops.yaml:2:22: output 'b/.git/c' lies in a folder that git or mlops", NULL },
	{ "stages:\n  a: {cmd: x, outs: [mlops.lock]}",
	  "mlops.yaml:2:22: 'mlops.lock' cannot be an output", NULL },
	{ "stages:\n  a: {cmd: x, wdir: b, outs: [.]}",
	  "mlops.yaml:2:31: output 'b' holds the folder", NULL },
	{ "stages:\n  a: {cmd: x, wdir: ..}", "mlops.yaml:2:21: wdir '..' leaves the project",
	  NULL },
	{ "stages:\n  a: {cmd: x, outs: [{b: {typ: model}}]}", "mlops.yaml:2:27: unknown key 'typ'",
	  "did you mean 'type'?" },
	{ "stages:\n  a: {cmd: x, outs: [{b: {type: data}}]}",
	  "mlops.yaml:2:33: type can be model, not 'data'", NULL },
	{ "stages:\n  a: {cmd: x, outs: [{b: {type: model, cache: false}}]}",
	  "mlops.yaml:2:47: a model is always cached", NULL },
	{ "stages:\n  a: {cmd: x, outs: [{b: {cache: perhaps}}]}",
	  "mlops.yaml:2:34: cache must be true or false", NULL },
	{ "stages:\n  a: {cmd: x, metrics: [{b: {type: model}}]}",
	  "mlops.yaml:2:30: unknown key 'type'", NULL },
	{ "stages:\n  a: {cmd: x, params: [{b: c}]}",
	  "mlops.yaml:2:28: the keys of a parameter file must be a list", NULL },
	{ "stages:\n  a: {cmd: x, env: {1A: b}}", "mlops.yaml:2:21: '1A' is no name of a variable",
	  NULL },
	{ "stages:\n  a: {cmd: x, env: {A: [b]}}", "mlops.yaml:2:24: a variable must be one value",
	  NULL },
	{ "stages:\n  a: {cmd: x, always: 1}", "mlops.yaml:2:23: always must be true or false",
	  NULL },
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct pipeline *p = NULL;
		autoerr err = ERR_INIT;

		assert_int_equal(spec_parse(NULL, faults[i].text, strlen(faults[i].text), &p, &err), -1);
		assert_null(p);
		assert_int_equal(err.kind, MLOPS_EINVALID);
		if (!strstr(err.msg, faults[i].message))
			fail_msg("'%s' is not in: %s", faults[i].message, err.msg);
		if (faults[i].hint)
			assert_string_equal(err.hint, faults[i].hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
