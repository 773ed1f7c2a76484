/* Files: whole reads, atomic writes, removal, locks; and errors as values. */
#include "base/fs.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/vec.h"
#include "unit.h"

static char *root;
static struct mlops_error err;

static int set_up(void **state)
{
	(void)state;
	root = unit_scratch();
	return chdir(root);
}

static int tear_down(void **state)
{
	(void)state;
	mlops_error_clear(&err);
	unit_scratch_remove(root);
	return 0;
}

static void reads_and_limits(void **state)
{
	autobuf text = { 0 };

	(void)state;
	assert_error(fs_read("absent", 10, &text, &err), MLOPS_ENOTFOUND, "'absent'");
	assert_error(fs_read(".", 10, &text, &err), MLOPS_EIO, "directory");
	assert_success(fs_write_atomic("f", "0123456789", 10, 0644, &err));
	assert_error(fs_read("f", 9, &text, &err), MLOPS_EINVALID, "larger than 9 bytes");
	strbuf_trunc(&text, 0);
	assert_success(fs_read("f", 10, &text, &err));
	assert_string_equal(text.buf, "0123456789");
	assert_success(fs_write_atomic("f", "", 0, 0644, &err));
	strbuf_clear(&text);
	assert_success(fs_read("f", 10, &text, &err));
	assert_string_equal(text.buf, "");
}

static void pread_tells_a_short_file(void **state)
{
	char buf[8];

	(void)state;
	assert_success(fs_write_atomic("f", "0123456789", 10, 0644, &err));
	autoclose int fd = open("f", O_RDONLY | O_CLOEXEC);
	assert_success(fs_pread_all(fd, buf, 8, 2, "f", &err));
	assert_memory_equal(buf, "23456789", 8);
	assert_error(fs_pread_all(fd, buf, 8, 3, "f", &err), MLOPS_ECORRUPT, "ends too early");
}

static int count_name(const char *name, void *arg, struct mlops_error *e)
{
	(void)name, (void)e;
	++*(int *)arg;
	return 0;
}

static void atomic_write_leaves_no_trace(void **state)
{
	struct stat st;
	int names = 0;

	(void)state;
	umask(022);
	assert_success(fs_write_atomic("f", "old", 3, 0600, &err));
	assert_success(fs_write_atomic("f", "new", 3, 0644, &err));
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_error(fs_write_atomic("no/f", "x", 1, 0644, &err), MLOPS_EIO, "cannot write 'no/f'");
	assert_success(fs_mkdirs("dir", &err));
	assert_error(fs_write_atomic("dir", "x", 1, 0644, &err), MLOPS_EIO, "cannot rename");
	assert_success(fs_each_name(".", count_name, &names, &err));
	assert_int_equal(names, 2);
}

static void failed_write_keeps_the_old(void **state)
{
	autobuf text = { 0 };

	(void)state;
#ifndef MLOPS_FAULTS
	skip();
#endif
	assert_success(fs_write_atomic("f", "old", 3, 0600, &err));
	setenv("MLOPS_FAULT", "fs.rename:1", 1);
	assert_error(fs_write_atomic("f", "new", 3, 0600, &err), MLOPS_EIO, "cannot rename");
	unsetenv("MLOPS_FAULT");
	assert_success(fs_read("f", 10, &text, &err));
	assert_string_equal(text.buf, "old");
}

static void folders(void **state)
{
	(void)state;
	assert_success(fs_mkdirs("a/b/c", &err));
	assert_success(fs_mkdirs("a/b/c", &err));
	assert_true(fs_is_dir("a/b/c") && !fs_is_dir("a/x"));
	assert_success(fs_mkdirs_for("d/e/file", &err));
	assert_true(fs_is_dir("d/e") && !fs_exists("d/e/file"));
	assert_success(fs_write_atomic("a/b/f", "x", 1, 0644, &err));
	assert_error(fs_mkdirs("a/b/f/g", &err), MLOPS_EIO, "cannot create folder");
	assert_success(fs_mkdirs_synced("s/t", &err));
	assert_success(fs_mkdirs_synced("s/t", &err));
	assert_true(fs_is_dir("s/t"));
	assert_error(fs_mkdirs_synced("a/b/f/g", &err), MLOPS_EIO, "cannot create folder");
	assert_error(fs_each_name("absent", count_name, NULL, &err), MLOPS_ENOTFOUND, "'absent'");
	fs_remove_empty_dirs("a/b/c", "a");
	assert_true(!fs_exists("a/b/c") && fs_exists("a/b"));
	fs_remove_empty_dirs("d/e", "d");
	assert_true(fs_exists("d") && !fs_exists("d/e"));
}

static void removal_does_not_follow_links(void **state)
{
	(void)state;
	assert_success(fs_mkdirs("keep", &err));
	assert_success(fs_write_atomic("keep/f", "x", 1, 0644, &err));
	assert_success(fs_mkdirs("tree/deep", &err));
	assert_int_equal(symlink("../keep", "tree/link"), 0);
	assert_success(fs_remove_tree("tree", &err));
	assert_true(!fs_exists("tree") && fs_exists("keep/f"));
	assert_success(fs_remove_tree("tree", &err)); /* fine when there is none */
}

static void locks(void **state)
{
	autoclose int a = -1, b = -1, c = -1;
	int64_t start = clock_mono_ms();

	(void)state;
	assert_success(fs_lock("lock", FS_LOCK_SHARED, 0, &a, &err));
	assert_success(fs_lock("lock", FS_LOCK_SHARED, 0, &b, &err));
	assert_error(fs_lock("lock", FS_LOCK_EXCLUSIVE, 60, &c, &err), MLOPS_ELOCKED,
		     "locked by another");
	assert_true(clock_mono_ms() - start >= 60);
	close(steal_fd(&a));
	close(steal_fd(&b));
	assert_success(fs_lock("lock", FS_LOCK_EXCLUSIVE, 0, &c, &err));
	assert_error(fs_lock("lock", FS_LOCK_SHARED, 0, &a, &err), MLOPS_ELOCKED, "lock");
}

static void errors_carry_context(void **state)
{
	autoerr other = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, MLOPS_ENOTFOUND, "no '%s'", "x"), -1);
	err_hint(&err, "make one");
	err_wrap(&err, "cannot push");
	assert_string_equal(err.msg, "cannot push: no 'x'");
	assert_int_equal(err.kind, MLOPS_ENOTFOUND);
	err_set(&err, MLOPS_EINVALID, "again: %s", err.msg); /* its own text as an argument */
	assert_string_equal(err.msg, "again: cannot push: no 'x'");
	assert_null(err.hint);
	err_move(&other, &err);
	assert_int_equal(err.kind, MLOPS_OK);
	assert_int_equal(mlops_error_exit_code(other.kind), 1);
	assert_int_equal(mlops_error_exit_code(MLOPS_ELOCKED), 5);
	assert_string_equal(mlops_error_name(MLOPS_EAUTH), "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(reads_and_limits),
		TEST(pread_tells_a_short_file),
		TEST(atomic_write_leaves_no_trace),
		TEST(failed_write_keeps_the_old),
		TEST(folders),
		TEST(removal_does_not_follow_links),
		TEST(locks),
		TEST(errors_carry_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
