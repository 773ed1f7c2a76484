/* Frames over a socket pair whose other side is slow, silent, gone or lying. */
#include "unit.h"

#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "serve/frame.h"

#define LARGE (3u << 20) /* more than a socket holds */

static int pair[2];

static int setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static struct channel side(int i)
{
	return (struct channel){ pair[i], -1 };
}

static int64_t in_ms(int64_t ms)
{
	return clock_mono_ms() + ms;
}

static void test_whole(void **state)
{
	autobuf body = { 0 };

	(void)state;
	assert_int_equal(frame_send(side(0), "{}", 2, in_ms(1000)), FRAME_OK);
	assert_int_equal(frame_send(side(0), "", 0, in_ms(1000)), FRAME_OK);
	assert_int_equal(frame_receive(side(1), &body, in_ms(1000)), FRAME_OK);
	assert_string_equal(body.buf, "{}");
	assert_int_equal(frame_receive(side(1), &body, in_ms(1000)), FRAME_OK);
	assert_int_equal(body.len, 0);
}

static void *send_large(void *arg)
{
	autofree char *p = xmalloc(LARGE);

	(void)arg;
	memset(p, 'x', LARGE);
	return (void *)(intptr_t)frame_send(side(0), p, LARGE, in_ms(10000));
}

static void test_large(void **state)
{
	pthread_t thread;
	autobuf body = { 0 };
	void *sent;

	(void)state;
	pthread_create(&thread, NULL, send_large, NULL);
	assert_int_equal(frame_receive(side(1), &body, in_ms(10000)), FRAME_OK);
	assert_int_equal(body.len, LARGE);
	assert_int_equal(body.buf[LARGE - 1], 'x');
	pthread_join(thread, &sent);
	assert_int_equal((intptr_t)sent, FRAME_OK);
}

static void test_timeouts(void **state)
{
	autobuf body = { 0 };
	autofree char *p = xcalloc(1, LARGE);

	(void)state;
	assert_int_equal(frame_receive(side(1), &body, in_ms(1)), FRAME_TIMEOUT);
	assert_int_equal(write(pair[0], "\x05\0\0\0ab", 6), 6); /* half a frame */
	assert_int_equal(frame_receive(side(1), &body, in_ms(1)), FRAME_TIMEOUT);
	assert_int_equal(frame_send(side(0), p, LARGE, in_ms(1)), FRAME_TIMEOUT);
}

static void test_lies(void **state)
{
	autobuf body = { 0 };

	(void)state;
	assert_int_equal(write(pair[0], "\xff\xff\xff\xff", 4), 4);
	assert_int_equal(frame_receive(side(1), &body, in_ms(1000)), FRAME_BAD);
	assert_int_equal(frame_send(side(0), "", FRAME_MAX + 1u, in_ms(1000)), FRAME_BAD);
}

static void test_closed(void **state)
{
	autobuf body = { 0 };

	(void)state;
	assert_int_equal(write(pair[0], "\x05\0\0\0ab", 6), 6);
	close(pair[0]);
	assert_int_equal(frame_receive(side(1), &body, in_ms(1000)), FRAME_CLOSED);
	assert_int_equal(frame_send(side(1), "{}", 2, in_ms(1000)), FRAME_CLOSED);
	pair[0] = dup(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeouts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
