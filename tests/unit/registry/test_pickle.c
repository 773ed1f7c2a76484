/* The pickle machine: which globals, calls and values come out of given opcodes. */
#include "unit.h"

#include "registry/pickle/pickle.h"

struct walk {
	struct pickle pk;
	struct strbuf log; /* "os.system! " for an import, a letter for what else happens */
	struct mlops_error err;
	int rc;
};

static void note(void *arg, const struct pickle_event *e)
{
	static const char letters[] = "IHCPEpA";
	struct walk *w = arg;

	if (e->kind == PICKLE_E_IMPORT)
		strbuf_addf(&w->log, "%s.%s%s ", e->import->module, e->import->name,
			    e->import->trust == PICKLE_SAFE ? "" : e->import->trust == PICKLE_DANGEROUS ? "!" : "?");
	else
		strbuf_addf(&w->log, "%c ", letters[e->kind]);
}

static struct walk *walk(const void *bytes, size_t n, bool joblib)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	autosource s = { .fd = -1 };

	w->pk.event = note;
	w->pk.arg = w;
	w->pk.joblib = joblib;
	strbuf_adds(&w->log, "");
	source_mem(&s, "it", bytes, n);
	struct cursor c = cursor_of(&s);
	w->rc = pickle_walk(&w->pk, &c, &w->err);
	return w;
}

static void walk_free(struct walk *w)
{
	pickle_clear(&w->pk);
	strbuf_clear(&w->log);
	mlops_error_clear(&w->err);
	free(w);
}

static void check(const void *bytes, size_t n, int rc, const char *log)
{
	struct walk *w = walk(bytes, n, false);

	assert_int_equal(w->rc, rc);
	assert_string_equal(w->log.buf, log);
	walk_free(w);
}
#define CHECK(lit, rc, log) check(lit, sizeof(lit) - 1, rc, log)

static void globals_are_named(void **state)
{
	(void)state;
	CHECK("cos\nsystem\n.", 0, "os.system! ");
	CHECK("ccollections\nOrderedDict\n.", 0, "collections.OrderedDict ");
	CHECK("cvendor\nthing\n.", 0, "vendor.thing? ");
	CHECK("\x80\x04\x8c\x02os\x8c\x06system\x93.", 0, "os.system! ");
	CHECK("(ios\nsystem\n.", 0, "os.system! ");
	CHECK("U\x02osX\x06\0\0\0system\x93.", 0, "os.system! ");
}

static void strings_are_followed(void **state)
{
	(void)state;
	CHECK("S'o\\x73'\nS'\\163ystem'\n\x93.", 0, "os.system! ");
	CHECK("Vo\\u0073\nV\\U00000073ystem\n\x93.", 0, "os.system! ");
	CHECK("\x80\x04\x8c\x06system\x94\x8c\x02os\x94h\x00\x93.", 0, "os.system! ");
	CHECK("S'os'\np900000\n0S'system'\nr\xff\xff\xff\xffg900000\nj\xff\xff\xff\xff\x93.", 0, "os.system! ");
	CHECK("\x8c\x02os2\x93.", 0, "os.os! ");
	CHECK("(\x8c\x02os\x8c\x06system1\x8c\x01x\x8c\x01y\x93.", 0, "x.y? ");
}

static void hidden_names_are_told(void **state)
{
	(void)state;
	CHECK("cbuiltins\nstr\n)R\x8c\x01x\x93.", 0, "builtins.str H ");
	CHECK("N\x8c\x01x\x93.", -1, ""); /* Python refuses: a name must be a string */
	CHECK("C\x02os\x8c\x01x\x93.", -1, "");
	CHECK("\x82\x05.", 0, "E ");
	CHECK("Pid\n.", 0, "p ");
	CHECK("NQ.", 0, "p ");
}

static void calls_and_changes_are_told(void **state)
{
	(void)state;
	CHECK("ccollections\nOrderedDict\n)R.", 0, "collections.OrderedDict ");
	CHECK("ccollections\nOrderedDict\n)R)R.", 0, "collections.OrderedDict C ");
	CHECK("N)R.", 0, "C ");
	CHECK("ccollections\nOrderedDict\n}b.", 0, "collections.OrderedDict P ");
	CHECK("ccollections\nOrderedDict\nNNs.", 0, "collections.OrderedDict P ");
	CHECK("ccollections\nOrderedDict\n(NNu.", 0, "collections.OrderedDict P ");
	CHECK("ccollections\nOrderedDict\nNa.", 0, "collections.OrderedDict P ");
	CHECK("ccollections\nOrderedDict\n)R}b.", 0, "collections.OrderedDict ");
}

static void damage_ends_the_walk_after_what_came_before(void **state)
{
	(void)state;
	CHECK("cos\nsystem\n\xff", -1, "os.system! ");
	CHECK("cos\nsystem\n)R", -1, "os.system! ");
	CHECK("", -1, "");
	CHECK(".", -1, "");
	CHECK("0", -1, "");
	CHECK("t", -1, "");
	CHECK("h\x01.", -1, "");
	CHECK("N(0.", 0, ""); /* POP takes the mark */
	CHECK("N(t.", 0, "");
	CHECK("(N1.", -1, "");
	CHECK("N(R.", -1, ""); /* what lies below a mark is out of reach */
	CHECK("}(Nu.", -1, "");
	CHECK("\x80\x06N.", -1, "");
	CHECK("X\xff\xff\xff\xff" "abc.", -1, "");
	CHECK("T\xff\xff\xff\xff" "abc.", -1, "");
	CHECK("S'abc\n.", -1, "");
	CHECK("Ix\n.", -1, "");
	CHECK("cos\nsystem", -1, "");
}

static void values_can_be_asked(void **state)
{
	(void)state;
	const char bytes[] = "\x80\x04}(\x8c\x01" "aK\x05\x8c\x01" "b\x8c\x02hi\x8c\x01" "aK\x06u.";
	struct walk *w = walk(bytes, sizeof(bytes) - 1, false);
	const struct pickle_value *a = pickle_get(&w->pk.top, "a"), *b = pickle_get(&w->pk.top, "b");

	assert_int_equal(w->pk.protocol, 4);
	assert_true(a && a->kind == PICKLE_INT && a->num == 6); /* the later one holds */
	assert_true(b && b->kind == PICKLE_STR && !strcmp(b->str, "hi"));
	assert_null(pickle_get(&w->pk.top, "c"));
	walk_free(w);
}

static void trust_is_a_list(void **state)
{
	(void)state;
	assert_int_equal(pickle_trust("sklearn.svm._classes", "SVC"), PICKLE_SAFE);
	assert_int_equal(pickle_trust("sklearn.linear_model._logistic", "LogisticRegression"), PICKLE_SAFE);
	assert_int_equal(pickle_trust("sklearn.svm._classes", "SV"), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("sklearn.svm._classes", "SVC NuSVC"), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("sklearn.svm", "os.system"), PICKLE_DANGEROUS);
	assert_int_equal(pickle_trust("sklearn.utils._testing", "SVC"), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("sklearn.externals.x", "SVC"), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("sklearnx", "SVC"), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("torch.nn.modules.linear", "Linear"), PICKLE_SAFE);
	assert_int_equal(pickle_trust("torch.nn.modules.linear", "init.os"), PICKLE_DANGEROUS);
	assert_int_equal(pickle_trust("torch.nn.modules.utils", "parse"), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("builtins", "eval"), PICKLE_DANGEROUS);
	assert_int_equal(pickle_trust("builtins", ""), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("", ""), PICKLE_UNKNOWN);
	assert_int_equal(pickle_trust("numpy", "ndarray"), PICKLE_SAFE);
	assert_int_equal(pickle_trust("numpy", "load"), PICKLE_DANGEROUS);
}

static void a_huge_memo_index_costs_nothing(void **state)
{
	(void)state;
	const char bytes[] = "Nr\xff\xff\xff\x7f" "0j\xff\xff\xff\x7f.";
	struct walk *w = walk(bytes, sizeof(bytes) - 1, false);

	assert_int_equal(w->rc, 0);
	assert_true(w->pk.memo.cap < 4096);
	walk_free(w);
}

/* Reads no further than a stack of a million would need, and frees it all. */
static void deep_nesting_is_no_recursion(void **state)
{
	(void)state;
	autobuf deep = { 0 };

	for (int i = 0; i < 1000000; i++)
		strbuf_addc(&deep, ')');
	for (int i = 0; i < 999999; i++)
		strbuf_addc(&deep, '\x86');
	strbuf_addc(&deep, '.');
	struct walk *w = walk(deep.buf, deep.len, false);
	assert_int_equal(w->rc, 0);
	walk_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globals_are_named),
		cmocka_unit_test(strings_are_followed),
		cmocka_unit_test(hidden_names_are_told),
		cmocka_unit_test(calls_and_changes_are_told),
		cmocka_unit_test(damage_ends_the_walk_after_what_came_before),
		cmocka_unit_test(values_can_be_asked),
		cmocka_unit_test(trust_is_a_list),
		cmocka_unit_test(a_huge_memo_index_costs_nothing),
		cmocka_unit_test(deep_nesting_is_no_recursion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
