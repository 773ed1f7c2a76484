/* Many files at once: all there after the commit, none before, and nothing left behind. */
#include "base/fs_batch.h"

#include "unit.h"

static struct mlops_error err;

static int count_name(const char *name, void *arg, struct mlops_error *e)
{
	(void)name, (void)e;
	++*(int *)arg;
	return 0;
}

static int count_names(const char *dir)
{
	int n = 0;

	assert_success(fs_each_name(dir, count_name, &n, &err));
	return n;
}

static void add(struct fs_batch *b, const char *dir, int from, int to)
{
	for (int i = from; i < to; i++) {
		autofree char *path = xasprintf("%s/%d", dir, i);
		autofree char *text = xasprintf("text %d", i);

		assert_success(fs_batch_add(b, path, text, strlen(text), 0666, &err));
	}
}

static void test_commit(void **state)
{
	char *dir = unit_scratch();
	autofree char *tmp = path_join(dir, "tmp"), *out = path_join(dir, "out");
	autofree char *last = path_join(out, "39");

	(void)state;
	assert_success(fs_mkdirs(tmp, &err));
	assert_success(fs_mkdirs(out, &err));
	for (int n = 0; n <= 40; n += 20) { /* none, one by one, all at once */
		struct fs_batch b = { .tmp_dir = tmp };

		add(&b, out, 0, n);
		assert_success(fs_batch_commit(&b, &err));
		fs_batch_clear(&b);
		assert_int_equal(count_names(out), n);
		assert_int_equal(count_names(tmp), 0);
	}
	autobuf text = { 0 };
	assert_success(fs_read(last, 100, &text, &err));
	assert_string_equal(text.buf, "text 39");
	unit_scratch_remove(dir);
}

static void test_dropped(void **state)
{
	char *dir = unit_scratch();
	autofree char *tmp = path_join(dir, "tmp"), *out = path_join(dir, "out");
	struct fs_batch b = { .tmp_dir = tmp };

	(void)state;
	assert_success(fs_mkdirs(tmp, &err));
	add(&b, out, 0, 3);
	assert_error(fs_batch_commit(&b, &err), MLOPS_EIO, "cannot write");
	fs_batch_clear(&b);
	assert_int_equal(count_names(tmp), 0);
	unit_scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
