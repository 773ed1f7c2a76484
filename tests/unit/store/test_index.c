/* The stat cache: what it trusts, what it does not, and that a bad one is as good as none. */
#include "store/index.h"

#include <fcntl.h>

#include "project/project.h"
#include "unit_project.h"

static struct mlops_error err;
static const struct oid some_oid = { { 1, 2, 3 } };

static struct stat make_file(struct unit_project *u, const char *name, const char *text)
{
	autofree char *path = path_join(u->dir, name);
	struct stat st;

	assert_success(fs_write_atomic(path, text, strlen(text), 0644, &err));
	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static void reopen(struct unit_project *u)
{
	mlops_project_free(u->project);
	assert_success(mlops_project_open(u->dir, &u->project, &err));
}

static bool matches(struct unit_project *u, const char *path, const struct stat *st)
{
	struct oid oid;

	return index_match(index_of(u->project), path, st, &oid) &&
	       mlops_oid_equal(&oid, &some_oid);
}

static void learn(struct unit_project *u, const char *path, const struct stat *st)
{
	struct index *ix = index_of(u->project);

	index_settle(ix, index_time_ns(&st->st_ctim));
	index_put(ix, path, st, &some_oid);
}

static void test_match(void **state)
{
	struct unit_project *u = *state;
	struct stat st = make_file(u, "f", "text"), other;

	assert_false(matches(u, "f", &st));
	learn(u, "f", &st);
	learn(u, "e", &st);
	assert_true(matches(u, "f", &st));
	assert_success(index_write(index_of(u->project), &err));
	reopen(u);
	assert_true(matches(u, "f", &st));
	assert_true(matches(u, "e", &st));
	assert_false(matches(u, "g", &st));
	other = st, other.st_size++;
	assert_false(matches(u, "f", &other));
	other = st, other.st_mtim.tv_nsec ^= 1;
	assert_false(matches(u, "f", &other));
	other = st, other.st_ctim.tv_nsec ^= 1;
	assert_false(matches(u, "f", &other));
	other = st, other.st_ino++;
	assert_false(matches(u, "f", &other));
	other = st, other.st_mode |= 0111;
	assert_false(matches(u, "f", &other));
}

/* Learned in the same tick as the change: another one could leave the same stat data. */
static void test_racy(void **state)
{
	struct unit_project *u = *state;
	struct stat st = make_file(u, "f", "text");
	struct index *ix = index_of(u->project);

	index_put(ix, "f", &st, &some_oid); /* the clock was never looked at */
	assert_false(matches(u, "f", &st));
	assert_success(index_write(ix, &err));
	reopen(u);
	assert_false(matches(u, "f", &st));
	st.st_ctim.tv_sec += 3600; /* a file out of the future */
	learn(u, "f", &st);
	assert_false(matches(u, "f", &st));
}

static void test_settle(void **state)
{
	struct unit_project *u = *state;

	for (int i = 0; i < 20; i++) {
		struct stat st = make_file(u, "f", "text");

		learn(u, "f", &st);
		assert_true(matches(u, "f", &st));
	}
}

static void test_tree(void **state)
{
	struct unit_project *u = *state;
	struct index *ix = index_of(u->project);
	struct strbuf text = { (char *)"abc", 3, 4 }, other = { (char *)"abd", 3, 4 };
	struct fingerprint print = index_fingerprint(&text), wrong = index_fingerprint(&other);
	struct oid oid;

	index_put_tree(ix, "d", &print, &some_oid);
	assert_success(index_write(ix, &err));
	reopen(u);
	ix = index_of(u->project);
	assert_true(index_match_tree(ix, "d", &print, &oid));
	assert_true(mlops_oid_equal(&oid, &some_oid));
	assert_false(index_match_tree(ix, "d", &wrong, &oid));
	assert_false(index_match_tree(ix, "e", &print, &oid));
}

/* What a scan of a folder did not meet is dropped when the index is next written. */
static void test_scanned(void **state)
{
	struct unit_project *u = *state;
	struct stat st = make_file(u, "f", "text");

	learn(u, "d/gone", &st);
	learn(u, "d/here", &st);
	learn(u, "d.x", &st);
	assert_success(index_write(index_of(u->project), &err));
	reopen(u);
	index_scanned(index_of(u->project), "d");
	assert_true(matches(u, "d/here", &st));
	learn(u, "new", &st);
	assert_success(index_write(index_of(u->project), &err));
	reopen(u);
	assert_true(matches(u, "d/here", &st));
	assert_true(matches(u, "d.x", &st));
	assert_false(matches(u, "d/gone", &st));
}

static void test_damaged(void **state)
{
	struct unit_project *u = *state;
	struct stat st = make_file(u, "f", "text");
	autofree char *path = project_file(u->project, "index");
	autobuf whole = { 0 };

	learn(u, "f", &st);
	assert_success(index_write(index_of(u->project), &err));
	assert_success(fs_read(path, 1 << 20, &whole, &err));
	for (size_t i = 0; i < whole.len; i++) {
		whole.buf[i] ^= 1;
		assert_success(fs_write_atomic(path, whole.buf, whole.len, 0644, &err));
		whole.buf[i] ^= 1;
		reopen(u);
		assert_false(matches(u, "f", &st));
		assert_success(fs_write_atomic(path, whole.buf, i, 0644, &err));
		reopen(u);
		assert_false(matches(u, "f", &st));
	}
	learn(u, "f", &st);
	assert_success(index_write(index_of(u->project), &err));
	reopen(u);
	assert_true(matches(u, "f", &st));
}

/*
 * More entries than are kept in memory: those that moved to a file are found like the others, one
 * learned again replaces its old self, and what a scan did not see is gone after writing.
 */
static void test_many(void **state)
{
	struct unit_project *u = *state;
	struct stat st = make_file(u, "f", "text");
	const struct oid other = { { 9 } };
	char path[32];
	struct oid oid;

	for (int round = 0; round < 2; round++) {
		struct index *ix = index_of(u->project);

		index_settle(ix, index_time_ns(&st.st_ctim));
		index_scanned(ix, "d");
		for (int i = 0; i < 60000; i++) {
			snprintf(path, sizeof(path), "d/%d", i);
			if (i % 3 || !round)
				index_put(ix, path, &st, round ? &other : &some_oid);
		}
		index_put(ix, "e", &st, &some_oid);
		assert_true(index_match(ix, "d/1", &st, &oid));
		assert_true(mlops_oid_equal(&oid, round ? &other : &some_oid));
		assert_success(index_write(ix, &err));
		reopen(u);
		ix = index_of(u->project);
		for (int i = 0; i < 60000; i++) {
			snprintf(path, sizeof(path), "d/%d", i);
			assert_int_equal(index_match(ix, path, &st, &oid), i % 3 || !round);
		}
		assert_true(matches(u, "e", &st));
		reopen(u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_project_test(test_match),   unit_project_test(test_racy),
		unit_project_test(test_settle),  unit_project_test(test_tree),
		unit_project_test(test_scanned), unit_project_test(test_damaged),
		unit_project_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
