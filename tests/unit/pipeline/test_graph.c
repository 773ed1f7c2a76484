/* The order of stages, what a choice of stages takes along, and graphs that can't be. */
#include "unit.h"

#include "base/vec.h"
#include "pipeline/graph.h"
#include "pipeline/select.h"

static struct pipeline *parsed(const char *text)
{
	struct pipeline *p = NULL;
	autoerr err = ERR_INIT;

	assert_success(spec_parse(NULL, text, strlen(text), &p, &err));
	return p;
}

/* The names of stages in their order, of those in `wanted` (NULL: all); new. */
static char *order_of(const struct pipeline *p, const bool *wanted)
{
	autobuf names = { 0 };

	for (size_t i = 0; i < p->stages.n; i++)
		if (!wanted || wanted[p->order[i]])
			strbuf_addf(&names, "%s%s", names.len ? " " : "",
				    p->stages.v[p->order[i]].name);
	return strbuf_steal(&names);
}

static void assert_order(const char *text, const char *order)
{
	struct pipeline *p = parsed(text);

	assert_made(order_of(p, NULL), order);
	mlops_pipeline_free(p);
}

static void test_order(void **state)
{
	(void)state;
	assert_order("stages: {c: {cmd: x}, a: {cmd: x}, b: {cmd: x}}", "c a b");
	assert_order("stages:\n"
		     "  last: {cmd: x, deps: [one, two]}\n"
		     "  two: {cmd: x, deps: [one], outs: [two]}\n"
		     "  free: {cmd: x}\n"
		     "  one: {cmd: x, outs: [one]}\n",
		     "one two last free");
	assert_order("stages: {}", "");
}

static void test_folders(void **state)
{
	(void)state;
	assert_order("stages:\n" /* a file in an out */
		     "  a: {cmd: x, deps: [dir/sub/file]}\n"
		     "  b: {cmd: x, outs: [dir]}\n",
		     "b a");
	assert_order("stages:\n" /* outs in a folder */
		     "  a: {cmd: x, deps: [dir]}\n"
		     "  b: {cmd: x, outs: [dir/one, dir/sub/two]}\n"
		     "  c: {cmd: x, outs: [dir/three]}\n",
		     "b c a");
	assert_order("stages:\n" /* names that only begin alike */
		     "  a: {cmd: x, deps: [directory]}\n"
		     "  b: {cmd: x, outs: [dir]}\n",
		     "a b");
	assert_order("stages:\n" /* a parameter file */
		     "  a: {cmd: x, params: [{p.json: [k]}]}\n"
		     "  b: {cmd: x, outs: [p.json]}\n",
		     "b a");
}

static void test_made(void **state)
{
	struct pipeline *p =
		parsed("stages:\n"
		       "  a: {cmd: x, deps: [in, out/file], params: [k, {p.json: [k]}]}\n"
		       "  b: {cmd: x, outs: [out, p.json]}\n");
	const struct spec_stage *a = &p->stages.v[0];

	(void)state;
	assert_false(a->deps.v[0].made);
	assert_true(a->deps.v[1].made);
	assert_false(a->params.v[0].made);
	assert_true(a->params.v[1].made);
	assert_int_equal(a->needs.n, 1);
	mlops_pipeline_free(p);
}

static void assert_selected(const struct pipeline *p, const struct run_how *how, const char *order)
{
	autoerr err = ERR_INIT;
	bool wanted[4];

	assert_success(select_stages(p, how, wanted, &err));
	assert_made(order_of(p, wanted), order);
}

static void test_select(void **state)
{
	struct pipeline *p = parsed("stages:\n"
				    "  d: {cmd: x, deps: [b, c]}\n"
				    "  b: {cmd: x, deps: [a], outs: [b]}\n"
				    "  c: {cmd: x, outs: [c]}\n"
				    "  a: {cmd: x, outs: [a]}\n");
	const char *const names[] = { "b", "c" }, *const wrong[] = { "bb" };
	const struct run_how none = { .targets = wrong, .n_targets = 1 };
	autoerr err = ERR_INIT;
	bool wanted[4];

	(void)state;
	assert_selected(p, &(struct run_how){ 0 }, "a b c d");
	assert_selected(p, &(struct run_how){ .targets = names, .n_targets = 1 }, "a b");
	assert_selected(p, &(struct run_how){ .targets = names, .n_targets = 2 }, "a b c");
	assert_selected(p, &(struct run_how){ .targets = names, .n_targets = 1, .reach = RUN_SINGLE }, "b");
	assert_selected(p, &(struct run_how){ .targets = names, .n_targets = 1, .reach = RUN_USERS }, "b d");
	assert_selected(p, &(struct run_how){ .from = "b" }, "b d");
	assert_selected(p, &(struct run_how){ .from = "a", .to = "b" }, "a b");
	assert_error(select_stages(p, &none, wanted, &err), MLOPS_EUSAGE, "no stage 'bb'");
	mlops_pipeline_free(p);
}

/* The name in front of the '@' stands for all of them. */
static void test_select_many(void **state)
{
	struct pipeline *p = parsed("stages:\n"
				    "  t: {foreach: [a, b], do: {cmd: x}}\n"
				    "  tt: {cmd: x}\n");
	const char *const names[] = { "t" };

	(void)state;
	assert_selected(p, &(struct run_how){ .targets = names, .n_targets = 1 }, "t@a t@b");
	mlops_pipeline_free(p);
}

static void assert_refused(const char *text, const char *message)
{
	struct pipeline *p = NULL;
	autoerr err = ERR_INIT;

	assert_error(spec_parse(NULL, text, strlen(text), &p, &err), MLOPS_EINVALID, message);
	assert_null(p);
}

static void test_cycles(void **state)
{
	(void)state;
	assert_refused("stages:\n"
		       "  a: {cmd: x, deps: [b], outs: [a]}\n"
		       "  b: {cmd: x, deps: [a], outs: [b]}\n",
		       "mlops.yaml:2:3: stages need each other: a -> b -> a");
	assert_refused("stages:\n"
		       "  way: {cmd: x, deps: [a]}\n"
		       "  a: {cmd: x, deps: [b/f], outs: [a]}\n"
		       "  b: {cmd: x, deps: [c], outs: [b]}\n"
		       "  c: {cmd: x, deps: [a], outs: [c]}\n",
		       "mlops.yaml:3:3: stages need each other: a -> b -> c -> a");
}

static void test_outs(void **state)
{
	(void)state;
	assert_refused("stages:\n"
		       "  a: {cmd: x, outs: [f]}\n"
		       "  b: {cmd: x, metrics: [./f]}\n",
		       "mlops.yaml:3:25: output 'f' is already given by stage 'a' on line 2");
	assert_refused("stages:\n"
		       "  a: {cmd: x, outs: [dir/sub/f]}\n"
		       "  b: {cmd: x, outs: [dir]}\n",
		       "mlops.yaml:2:22: output 'dir/sub/f' lies in output 'dir' of stage 'b'");
	assert_refused("stages:\n  a: {cmd: x, deps: [f], outs: [f]}\n",
		       "mlops.yaml:2:22: 'f' is a dependency and an output of stage 'a'");
	assert_refused("stages:\n  a: {cmd: x, deps: [d], outs: [d/f]}\n",
		       "a dependency and an output");
	assert_refused("stages:\n  a: {cmd: x, params: [k], outs: [params.yaml]}\n",
		       "a dependency and an output");
}

/* One long chain, written backwards: as deep as it gets, on a stack that does not grow. */
static void test_long_chain(void **state)
{
	enum { LENGTH = 9000 };
	autobuf text = { 0 };
	struct pipeline *p;

	(void)state;
	strbuf_adds(&text, "stages:\n");
	for (int i = LENGTH; i > 0; i--)
		strbuf_addf(&text, "  s%d: {cmd: x, deps: [f%d], outs: [f%d]}\n", i, i - 1, i);
	p = parsed(text.buf);
	assert_int_equal(p->stages.n, LENGTH);
	assert_string_equal(p->stages.v[p->order[0]].name, "s1");
	assert_string_equal(p->stages.v[p->order[LENGTH - 1]].name, "s9000");
	mlops_pipeline_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),      cmocka_unit_test(test_folders),
		cmocka_unit_test(test_made),       cmocka_unit_test(test_select),
		cmocka_unit_test(test_cycles),     cmocka_unit_test(test_outs),
		cmocka_unit_test(test_long_chain), cmocka_unit_test(test_select_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
