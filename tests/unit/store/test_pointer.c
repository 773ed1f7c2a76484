/* Pointer files: what is written is read again, and none can name anything but its sibling. */
#include "store/pointer.h"

#include "unit.h"

#define HEX "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"
#define REST "kind: file\noid: sha256:" HEX "\nsize: 3\n"

static struct mlops_error err;

static int parse(const char *shown, const char *text, struct pointer *out)
{
	return pointer_parse(shown, text, strlen(text), out, &err);
}

static void round_trip(const char *path, enum object_kind kind)
{
	struct pointer p = { (char *)path, { .kind = kind, .size = 1ull << 40, .files = 1 } }, again;
	autofree char *shown = xasprintf("%s" POINTER_SUFFIX, path);
	autobuf text = { 0 };

	p.ref.executable = kind == OBJECT_FILE;
	p.ref.files = kind == OBJECT_TREE ? 99 : 1;
	assert_true(mlops_oid_parse(HEX, &p.ref.oid));
	pointer_format(&p, &text);
	assert_success(parse(shown, text.buf, &again));
	assert_string_equal(again.path, path);
	assert_true(again.ref.kind == kind && again.ref.executable == p.ref.executable);
	assert_int_equal(again.ref.size, p.ref.size);
	assert_int_equal(again.ref.files, p.ref.files);
	assert_true(mlops_oid_equal(&again.ref.oid, &p.ref.oid));
	free(again.path);
}

static void test_round_trip(void **state)
{
	static const char *const paths[] = { "x",	"data/x.csv", "a/- b", "a/true",   "a/#x: y",
					     "a/\n",	"a/\xff\xfe", "a/%41", "a/'\"",    "a/12",
					     "a/\xc3\xa9", "a/ b ",   "a/~",   "a/\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		round_trip(paths[i], OBJECT_FILE);
		round_trip(paths[i], OBJECT_TREE);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "must be a map" },
		{ "- 1\n", "must be a map" },
		{ "path: x\n" REST, "'mlops: 1' is missing" },
		{ "mlops: 7\npath: x\n" REST, "d/x.mlops:1:8: version 7" },
		{ "mlops: 1\n" REST, "'path' is missing" },
		{ "mlops: 1\npath: ../x\n" REST, "d/x.mlops:2:7: path must be 'x'" },
		{ "mlops: 1\npath: /etc/passwd\n" REST, "path must be 'x'" },
		{ "mlops: 1\npath: y\n" REST, "path must be 'x'" },
		{ "mlops: 1\npath: d/x\n" REST, "path must be 'x'" },
		{ "mlops: 1\npath: .\n" REST, "path must be 'x'" },
		{ "mlops: 1\npath: x\nkidn: file\n" REST, "d/x.mlops:3:1: unknown key 'kidn'" },
		{ "mlops: 1\npath: x\npath: x\n" REST, "already given" },
		{ "mlops: 1\npath: x\nkind: file\nsize: 3\n", "'oid' is missing" },
		{ "mlops: 1\npath: x\nkind: file\noid: " HEX "\nsize: 3\n", "oid must be" },
		{ "mlops: 1\npath: x\nkind: file\noid: sha256:" HEX "0\nsize: 3\n", "oid must be" },
		{ "mlops: 1\npath: x\nkind: file\noid: sha256:" HEX "\nsize: -3\n", "whole number" },
		{ "mlops: 1\npath: x\nkind: file\noid: sha256:" HEX "\nsize: [1]\n", "must be" },
		{ "mlops: 1\npath: x\nkind: tree\noid: sha256:" HEX "\nsize: 3\n", "'files' is missing" },
		{ "mlops: 1\npath: x\nfiles: 3\n" REST, "'files' is for trees" },
		{ "mlops: 1\npath: x\nexecutable: maybe\n" REST, "true or false" },
		{ "mlops: 1\npath: x\nkind: {\n", "d/x.mlops:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pointer p;

		assert_error(parse("d/x.mlops", bad[i].text, &p), MLOPS_EINVALID, bad[i].why);
	}
}

static void test_suggestion(void **state)
{
	struct pointer p;

	(void)state;
	assert_int_equal(parse("x.mlops", "mlops: 1\npath: x\nkidn: file\n" REST, &p), -1);
	assert_string_equal(err.hint, "did you mean 'kind'?");
	mlops_error_clear(&err);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(pointer_is_name("x.mlops"));
	assert_true(pointer_is_name("..mlops"));
	assert_false(pointer_is_name(".mlops"));
	assert_false(pointer_is_name("x.mlop"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_suggestion),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
