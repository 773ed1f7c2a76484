/* Child processes, the thread pool, randomness. */
#include "base/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/pool.h"
#include "base/rand.h"
#include "unit.h"

static struct mlops_error err;

static int run_sh(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL }, *const env[] = { "UNIT=yes",
										  NULL };
	const struct proc_spec spec = { .argv = argv,
					.dir = "/",
					.env = env,
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1 };
	struct proc_result result;
	pid_t pid;

	assert_success(proc_spawn(&spec, &pid, &err));
	assert_success(proc_wait(pid, &result, &err));
	return result.status;
}

static void status_folder_environment(void **state)
{
	(void)state;
	assert_int_equal(run_sh("exit 7"), 7);
	assert_int_equal(run_sh("kill -9 $$"), 128 + 9);
	assert_int_equal(run_sh("test $PWD = / && test $UNIT = yes"), 0);
	assert_int_equal(run_sh("! read line"), 0); /* standard input is empty */
}

static void output_goes_to_a_pipe(void **state)
{
	const char *const argv[] = { "echo", "hello", NULL };
	char buf[16] = { 0 };
	int fds[2];
	pid_t pid;
	struct proc_result result;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	const struct proc_spec spec = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = fds[1], .stderr_fd = -1
	};
	assert_success(proc_spawn(&spec, &pid, &err));
	close(fds[1]);
	assert_int_equal(read(fds[0], buf, sizeof(buf)), 6);
	assert_string_equal(buf, "hello\n");
	close(fds[0]);
	assert_success(proc_wait(pid, &result, &err));
}

static void output_is_read_up_to_a_limit(void **state)
{
	const char *const argv[] = { "sh", "-c", "printf 12345; exit 3", NULL };
	struct proc_result result = { 0 };
	autobuf out = { 0 };

	(void)state;
	assert_success(proc_read(argv, 5, &out, &result, &err));
	assert_string_equal(out.buf, "12345");
	assert_int_equal(result.status, 3);
	assert_error(proc_read(argv, 4, &out, &result, &err), MLOPS_EINVALID, "writes too much");
	const char *const none[] = { "/nowhere/at/all", NULL };
	assert_error(proc_read(none, 4, &out, &result, &err), MLOPS_EIO, "cannot start");
}

static void failure_to_start_is_told(void **state)
{
	const char *const argv[] = { "/nonexistent/program", NULL };
	struct proc_spec spec = { .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
	pid_t pid;

	(void)state;
	assert_error(proc_spawn(&spec, &pid, &err), MLOPS_EIO,
		     "cannot start '/nonexistent/program'");
	const char *const good[] = { "true", NULL };
	spec.argv = good;
	spec.dir = "/nonexistent";
	assert_error(proc_spawn(&spec, &pid, &err), MLOPS_EIO, "No such file");
}

static void group_can_be_ended(void **state)
{
	const char *const argv[] = { "sh", "-c", "sleep 60 & wait", NULL };
	const struct proc_spec spec = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .new_group = true
	};
	struct proc_result result;
	pid_t pid;

	(void)state;
	assert_success(proc_spawn(&spec, &pid, &err));
	assert_int_equal(getpgid(pid), pid);
	assert_true(proc_is_alive(pid));
	kill(-pid, SIGTERM);
	assert_success(proc_wait(pid, &result, &err));
	assert_int_equal(result.status, 128 + SIGTERM);
	assert_false(proc_is_alive(pid));
}

static atomic_int jobs_done;

static int count_job(void *arg, struct mlops_error *e)
{
	if (arg && ++jobs_done == 50)
		return err_set(e, MLOPS_EFAIL, "the fiftieth");
	jobs_done += !arg;
	return 0;
}

static void pool_runs_all(void **state)
{
	struct pool *p;

	(void)state;
	jobs_done = 0;
	assert_success(pool_new(3, 4, &p, &err));
	for (int i = 0; i < 1000; i++)
		pool_add(p, count_job, NULL);
	assert_success(pool_wait(p, &err));
	assert_int_equal(jobs_done, 1000);
	pool_free(p);
}

static void pool_keeps_the_first_error(void **state)
{
	struct pool *p;

	(void)state;
	jobs_done = 0;
	assert_success(pool_new(2, 4, &p, &err));
	for (int i = 0; i < 1000; i++)
		pool_add(p, count_job, p);
	assert_error(pool_wait(p, &err), MLOPS_EFAIL, "the fiftieth");
	assert_in_range(jobs_done, 50, 999); /* later jobs are skipped, once it is told of the error */
	pool_add(p, count_job, NULL);       /* it can be used again */
	assert_success(pool_wait(p, &err));
	pool_free(p);
}

static void randomness(void **state)
{
	char a[RAND_HEX_SIZE(16)], b[RAND_HEX_SIZE(16)];

	(void)state;
	assert_int_equal(strlen(rand_hex(a, 16)), 32);
	assert_string_not_equal(a, rand_hex(b, 16));
	assert_true(rand_u64() != rand_u64());
	assert_true(pool_cpus() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_folder_environment),
		cmocka_unit_test(output_goes_to_a_pipe),
		cmocka_unit_test(output_is_read_up_to_a_limit),
		cmocka_unit_test(failure_to_start_is_told),
		cmocka_unit_test(group_can_be_ended),
		cmocka_unit_test(pool_runs_all),
		cmocka_unit_test(pool_keeps_the_first_error),
		cmocka_unit_test(randomness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
