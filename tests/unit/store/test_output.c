/* A file written by two buffers and a thread holds what was given, at every point that one may look. */
#include "store/output.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <signal.h>

#include "unit.h"

#define MIB ((size_t)1 << 20)

static struct mlops_error err;

struct fixture {
	char *dir, *path;
	int fd;
	struct output *out;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = unit_scratch();
	f->path = path_join(f->dir, "file");
	f->fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(f->fd >= 0);
	f->out = output_new(f->fd, f->path, true);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	output_free(f->out);
	close(f->fd);
	unit_scratch_remove(f->dir);
	free(f->path);
	free(f);
	return 0;
}

static char byte_at(size_t i)
{
	return (char)(i % 251);
}

static void add(struct fixture *f, size_t n)
{
	autofree char *bytes = xmalloc(n + 1);
	size_t at = output_size(f->out);

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(at + i);
	assert_success(output_add(f->out, bytes, n, &err));
}

static void holds(struct fixture *f, size_t n)
{
	autobuf got = { 0 };

	assert_success(output_settle(f->out, &err));
	assert_int_equal(output_size(f->out), n);
	assert_success(fs_read(f->path, 64 * MIB, &got, &err));
	assert_int_equal(got.len, n);
	for (size_t i = 0; i < n; i++)
		if (got.buf[i] != byte_at(i))
			fail_msg("byte %zu of %zu is wrong", i, n);
}

static void test_sizes(void **state)
{
	struct fixture *f = *state;
	const size_t parts[] = { 1, 4095, MIB - 4096, 1, 2 * MIB, MIB - 2, 1, 300,
				 15 * MIB, 9 * MIB + 5 }; /* beyond where the buffers grow */
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		add(f, parts[i]);
		n += parts[i];
		if (i % 2)
			holds(f, n); /* settled in the middle, and gone on */
	}
	holds(f, n);
}

static void test_space(void **state)
{
	struct fixture *f = *state;
	size_t n = 0, room;

	while (n < 3 * MIB + 7) {
		char *to = output_space(f->out, &room);
		size_t part = room < 100000 ? room : 100000;

		assert_true(room > 0);
		for (size_t i = 0; i < part; i++)
			to[i] = byte_at(n + i);
		assert_success(output_advance(f->out, part, &err));
		n += part;
	}
	holds(f, n);
}

/* What the thread runs into is told to whoever adds next. */
static void test_full(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, small = { MIB / 2, RLIM_INFINITY };
	autofree char *bytes = xcalloc(1, MIB);
	int rc = 0;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; !rc && i < 3; i++)
		rc = output_add(f->out, bytes, MIB, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(rc, -1);
	assert_error(rc, MLOPS_EIO, "cannot write");
	mlops_error_clear(&err);
}

#define output_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		output_test(test_sizes),
		output_test(test_space),
		output_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
