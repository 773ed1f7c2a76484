/* Numbers out of metrics files, and the values that both metrics and parameters are read as. */
#include "unit.h"

#include "pipeline/metrics.h"
#include "pipeline/values.h"

/* The metrics in a text as "key=value ..."; new. */
static char *metrics_of(const char *file, const char *text)
{
	struct run_metric *metrics = NULL;
	autoerr err = ERR_INIT;
	autobuf out = { 0 };
	size_t n = 0;

	assert_success(metrics_parse(file, text, strlen(text), &metrics, &n, &err));
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&out, "%s%s=%g", i ? " " : "", metrics[i].key, metrics[i].value);
	mlops_metrics_free(metrics, n);
	return strbuf_steal(&out);
}

static void test_flattened(void **state)
{
	(void)state;
	assert_made(metrics_of("m.json", "{\"b\": {\"y\": 2, \"x\": 1.5}, \"a\": -3e2}"),
		    "a=-300 b.x=1.5 b.y=2");
	assert_made(metrics_of("m.yaml", "b:\n  x: 1.5\nlist: [1, {k: 2}]\n"),
		    "b.x=1.5 list.0=1 list.1.k=2");
	assert_made(metrics_of("m.json",
			       "{\"a\": \"1\", \"b\": true, \"c\": null, \"d\": {}, \"e\": 0}"),
		    "e=0");
	assert_made(metrics_of("m.yaml", "a: '1'\nb: yes\nc: 2\n"), "c=2");
	assert_made(metrics_of("m.json", "5"), "");
	assert_made(metrics_of("m.yaml", ""), "");
}

static void test_faults(void **state)
{
	struct run_metric *metrics;
	autoerr err = ERR_INIT;
	size_t n;

	(void)state;
	assert_error(metrics_parse("m.json", "{\"a\": 1,}", 9, &metrics, &n, &err), MLOPS_EINVALID,
		     "'m.json' is not valid JSON: line 1, column 9");
	assert_error(metrics_parse("m.yaml", "a: [", 4, &metrics, &n, &err), MLOPS_EINVALID,
		     "m.yaml:");
}

/* Each alias doubles what is there: refused, not unfolded. */
static void test_bomb(void **state)
{
	struct json *value;
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	(void)state;
	strbuf_adds(&text, "a0: &a0 [1, 1]\n");
	for (int i = 1; i < 40; i++)
		strbuf_addf(&text, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
	assert_error(values_parse("p.yaml", text.buf, text.len, &value, &err), MLOPS_EINVALID,
		     "more than");
}

static void test_find(void **state)
{
	static const char text[] = "{\"a\": {\"b\": [10, 20]}, \"x.y\": 1}";
	autojson *root = NULL;
	autoerr err = ERR_INIT;
	int64_t v;

	(void)state;
	assert_success(values_parse("p.json", text, strlen(text), &root, &err));
	assert_true(js_to_int(values_find(root, "a.b.1"), &v));
	assert_int_equal(v, 20);
	assert_true(js_to_int(values_find(root, "x.y"), &v));
	assert_int_equal(v, 1);
	assert_null(values_find(root, "a.b.2"));
	assert_null(values_find(root, "a.c"));
	assert_null(values_find(root, "a.b.1.z"));
	values_missing(root, "p.json", "a.bb", &err);
	assert_string_equal(err.hint, "did you mean 'a.b'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flattened),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
