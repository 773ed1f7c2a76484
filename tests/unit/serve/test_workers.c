/* Worker processes that answer, die, hang, and do not load. */
#include "unit.h"

#include <signal.h>

#include "base/clock.h"
#include "serve/workers.h"

static const char model[] = "import os, time\n"
			    "def predict(rows):\n"
			    "    if rows == ['pid']: return [os.getpid()]\n"
			    "    if rows == ['die']: os._exit(3)\n"
			    "    if rows == ['hang']: time.sleep(600)\n"
			    "    if rows == ['print']: print('x' * 100000, flush=True)\n"
			    "    if rows == ['short']: return []\n"
			    "    if rows == ['nan']: return [float('nan')]\n"
			    "    if rows == ['text']: return 'x'\n"
			    "    return [len(r) for r in rows]\n";

static char *dir;
static atomic_uint_fast64_t restarts;

static void write_model(const char *text)
{
	autofree char *path = path_join(dir, "predict.py");
	autoerr err = ERR_INIT;

	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0644, &err), 0);
}

static int setup(void **state)
{
	(void)state;
	dir = unit_scratch();
	restarts = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_scratch_remove(dir);
	return 0;
}

static int start(unsigned count, struct workers **out, struct mlops_error *err)
{
	const struct workers_how how = {
		.model_dir = dir,
		.count = count,
		.start_timeout_ms = 20000,
		.restarts = &restarts,
	};

	return workers_start(&how, out, err);
}

static struct workers *started(unsigned count)
{
	struct workers *w;
	autoerr err = ERR_INIT;

	write_model(model);
	if (start(count, &w, &err))
		fail_msg("%s", err.msg);
	return w;
}

static enum workers_outcome ask_within(struct workers *w, int64_t ms, const char *rows,
				       struct strbuf *reply)
{
	autofree char *request = xasprintf("{\"rows\":%s}", rows);

	strbuf_trunc(reply, 0);
	return workers_call(w, str_of(request), clock_mono_ms() + ms, reply);
}

static enum workers_outcome ask(struct workers *w, const char *rows, struct strbuf *reply)
{
	return ask_within(w, 20000, rows, reply);
}

static void answers(struct workers *w, const char *rows, const char *want)
{
	autobuf reply = { 0 };

	assert_int_equal(ask(w, rows, &reply), WORKERS_OK);
	if (!strstr(reply.buf, want))
		fail_msg("'%s' is not in: %s", want, reply.buf);
}

static void test_answers(void **state)
{
	struct workers *w = started(2);

	(void)state;
	assert_int_equal(workers_ready(w), 2);
	answers(w, "[[1,2],[3]]", "{\"predictions\": [2, 1]}");
	answers(w, "[\"print\"]", "[5]");
	answers(w, "[1]", "{\"error\": \"TypeError: ");
	answers(w, "[\"short\"]", "0 predictions for 1 rows");
	answers(w, "[\"nan\"]", "error");
	answers(w, "[\"text\"]", "gave a str, not a list");
	answers(w, "[[1]]", "[1]");
	workers_stop(w);
	assert_int_equal(restarts, 0);
}

static pid_t pid_of_worker(struct workers *w)
{
	autobuf reply = { 0 };

	assert_int_equal(ask(w, "[\"pid\"]", &reply), WORKERS_OK);
	return (pid_t)strtol(strchr(reply.buf, '[') + 1, NULL, 10);
}

static void test_killed_while_idle(void **state)
{
	struct workers *w = started(1);
	pid_t pid = pid_of_worker(w);

	(void)state;
	assert_int_equal(kill(pid, SIGKILL), 0);
	answers(w, "[[1]]", "[1]");
	assert_int_not_equal(pid_of_worker(w), pid);
	assert_int_equal(restarts, 1);
	workers_stop(w);
}

static void test_dies_over_request(void **state)
{
	struct workers *w = started(2);
	autobuf reply = { 0 };

	(void)state;
	assert_int_equal(ask(w, "[\"die\"]", &reply), WORKERS_CRASHED);
	answers(w, "[[1]]", "[1]");
	workers_stop(w);
}

static void test_timeout(void **state)
{
	struct workers *w = started(1);
	autobuf reply = { 0 };
	int64_t deadline = clock_mono_ms() + 20000;
	enum workers_outcome rc;

	(void)state;
	assert_int_equal(ask_within(w, 300, "[\"hang\"]", &reply), WORKERS_TIMEOUT);
	do /* until it is up again */
		rc = ask_within(w, 300, "[[1]]", &reply);
	while (rc == WORKERS_BUSY && clock_mono_ms() < deadline);
	assert_int_equal(rc, WORKERS_OK);
	workers_stop(w);
}

static void does_not_start(const char *text, const char *why)
{
	struct workers *w;
	autoerr err = ERR_INIT;

	write_model(text);
	assert_int_equal(start(2, &w, &err), -1);
	if (!strstr(err.msg, why))
		fail_msg("'%s' is not in: %s", why, err.msg);
}

static void test_does_not_load(void **state)
{
	(void)state;
	does_not_start("raise RuntimeError('boom')\n", "RuntimeError: boom");
	does_not_start("def predict(:\n", "SyntaxError");
	does_not_start("x = 1\n", "no function predict(rows)");
	does_not_start("def predict(rows): pass\ndef load(): raise SystemExit(4)\n",
		       "SystemExit: 4");
	does_not_start("import os\nos._exit(7)\n", "ended with status 7");
	does_not_start("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "signal 11");
	assert_int_equal(restarts, 0);
}

static void test_load_hangs(void **state)
{
	const struct workers_how how = {
		.model_dir = dir,
		.count = 1,
		.start_timeout_ms = 200,
		.restarts = &restarts,
	};
	struct workers *w;
	autoerr err = ERR_INIT;

	(void)state;
	write_model("import time\ndef predict(rows): pass\ndef load(): time.sleep(600)\n");
	assert_int_equal(workers_start(&how, &w, &err), -1);
	assert_non_null(strstr(err.msg, "within 200 ms"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_while_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dies_over_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_does_not_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_hangs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
