/* Three-way merges: every pair of changes of one entry, and random trees against a plain model. */
#include "store/merge.h"

#include "unit_project.h"

static struct mlops_error err;

static struct tree_entry entry(enum tree_kind kind, int content)
{
	struct tree_entry e = { .kind = kind, .size = 1, .files = 1 };

	e.oid.sha256[0] = (uint8_t)content;
	return e;
}

static void count(const char *path, const struct merge_sides *sides, void *arg)
{
	(void)path, (void)sides;
	++*(size_t *)arg;
}

/* An entry as two characters, kind and content: "f1"; "" is none. */
static const struct tree_entry *parse(const char *text, struct tree_entry *e)
{
	if (!*text)
		return NULL;
	*e = entry((enum tree_kind)text[0], text[1]);
	return e;
}

/* "!" stands for a conflict. */
static void check(const char *base, const char *ours, const char *theirs, const char *want)
{
	struct tree_entry e[3], got;
	const struct merge_sides sides = { parse(base, &e[0]), parse(ours, &e[1]),
					   parse(theirs, &e[2]) };
	size_t conflicts = 0;
	struct merge m = { .conflict = count, .arg = &conflicts };
	char text[3] = "";
	bool there;

	assert_success(merge_entries(&m, "p", &sides, &got, &there, &err));
	if (there)
		snprintf(text, sizeof(text), "%c%c", (char)got.kind, got.oid.sha256[0]);
	assert_int_equal(conflicts, m.conflicts);
	assert_string_equal(conflicts ? "!" : text, want);
}

static void test_entries(void **state)
{
	static const char *const cases[][4] = {
		{ "f1", "f1", "f1", "f1" }, { "f1", "f2", "f1", "f2" }, { "f1", "f1", "f2", "f2" },
		{ "f1", "f2", "f2", "f2" }, { "f1", "f2", "f3", "!" },  { "", "f1", "", "f1" },
		{ "", "", "f1", "f1" },     { "", "f1", "f1", "f1" },   { "", "f1", "f2", "!" },
		{ "f1", "", "f1", "" },     { "f1", "f1", "", "" },     { "f1", "", "", "" },
		{ "f1", "", "f2", "!" },    { "f1", "f2", "", "!" },    { "f1", "x1", "f2", "x2" },
		{ "f1", "f2", "x1", "x2" }, { "x1", "f1", "x2", "f2" }, { "f1", "x2", "f2", "x2" },
		{ "f1", "x2", "x3", "!" },  { "", "f1", "x1", "!" },    { "l1", "l2", "f1", "!" },
		{ "f1", "l1", "f1", "l1" }, { "f1", "d1", "f1", "d1" }, { "d1", "f1", "d2", "!" },
		{ "d1", "", "d2", "!" },    { "d1", "d1", "", "" },     { "f1", "d1", "f2", "!" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
}

/* ---- random trees ---- */

enum { NAMES = 8, ROUNDS = 400 };

/* A folder of files a to h in which each has a content, 0 for none; in folder "s" as well. */
struct model {
	int top[NAMES], sub[NAMES];
};

static uint32_t seed = 1;

static int any(int below)
{
	seed = seed * 1664525u + 1013904223u;
	return (int)((seed >> 16) % (uint32_t)below);
}

static struct tree_entry put(struct store *store, const int *content, const struct tree_entry *sub)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	struct tree_entry out = { .kind = TREE_FOLDER };
	struct tree tree = { 0 };
	autobuf text = { 0 };

	for (int i = 0; i < NAMES; i++) {
		struct tree_entry e = entry(TREE_FILE, content[i]);

		e.name = names[i];
		if (content[i])
			vec_push(&tree.entries, e);
	}
	if (sub)
		vec_push(&tree.entries, *sub);
	tree_format(&tree, &text);
	assert_true(tree_totals(&tree, &out.size, &out.files));
	assert_success(mlops_store_put(store, text.buf, text.len, &out.oid, &err));
	tree_clear(&tree);
	return out;
}

static struct tree_entry put_model(struct store *store, const struct model *m)
{
	struct tree_entry sub = put(store, m->sub, NULL);

	sub.name = "s";
	return put(store, m->top, &sub);
}

static void vary(const int *from, int *to)
{
	for (int i = 0; i < NAMES; i++)
		to[i] = any(4) ? from[i] : any(3);
}

static size_t merge_model(const int *base, const int *ours, const int *theirs, int favor, int *out)
{
	size_t conflicts = 0;

	for (int i = 0; i < NAMES; i++) {
		bool both = ours[i] != theirs[i] && ours[i] != base[i] && theirs[i] != base[i];

		conflicts += both;
		out[i] = both               ? (favor == MERGE_THEIRS ? theirs[i] : ours[i]) :
			 ours[i] != base[i] ? ours[i] :
					      theirs[i];
	}
	return conflicts;
}

static void test_trees(void **state)
{
	struct unit_project *u = *state;
	struct store *store;

	assert_success(mlops_store_of(u->project, &store, &err));
	for (int round = 0; round < ROUNDS; round++) {
		enum merge_favor favor = (enum merge_favor)any(3);
		struct model b, o, t, want;
		size_t told = 0;
		struct merge m = { store, favor, count, &told, 0 };
		struct tree_entry got;
		bool there;

		for (int i = 0; i < NAMES; i++)
			b.top[i] = any(3), b.sub[i] = any(3);
		vary(b.top, o.top), vary(b.sub, o.sub), vary(b.top, t.top), vary(b.sub, t.sub);
		size_t conflicts = merge_model(b.top, o.top, t.top, favor, want.top) +
				   merge_model(b.sub, o.sub, t.sub, favor, want.sub);
		struct tree_entry base = put_model(store, &b), ours = put_model(store, &o),
				  theirs = put_model(store, &t), wanted = put_model(store, &want);
		const struct merge_sides sides = { &base, &ours, &theirs };
		assert_success(merge_entries(&m, "", &sides, &got, &there, &err));
		assert_int_equal(told, favor == MERGE_NEITHER ? conflicts : 0);
		assert_int_equal(m.conflicts, told);
		if (told)
			continue;
		assert_true(there && mlops_oid_equal(&got.oid, &wanted.oid));
		assert_int_equal(got.size, wanted.size);
		assert_int_equal(got.files, wanted.files);
	}
}

static void test_absent(void **state)
{
	struct unit_project *u = *state;
	struct tree_entry base = entry(TREE_FOLDER, 1), ours = entry(TREE_FOLDER, 2),
			  theirs = entry(TREE_FOLDER, 3), got;
	const struct merge_sides sides = { &base, &ours, &theirs };
	size_t told = 0;
	struct merge m = { .conflict = count, .arg = &told };
	bool there;

	assert_success(mlops_store_of(u->project, &m.store, &err));
	assert_error(merge_entries(&m, "data", &sides, &got, &there, &err), MLOPS_ENOTFOUND,
		     "listing of the folder 'data' is not in the store");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		unit_project_test(test_trees),
		unit_project_test(test_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
