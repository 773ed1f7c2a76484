/* Heads and chunked bodies: what is read, and what is refused so that nothing hides in a request. */
#include "unit.h"

#include "http/message.h"

#define REQUEST "POST /x HTTP/1.1\r\nHost: a\r\n"

static ssize_t end_of(const char *text)
{
	size_t looked_at = 0;

	return http_message_end(text, strlen(text), &looked_at);
}

static void test_end(void **state)
{
	const char *whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
	size_t looked_at = 0;

	(void)state;
	for (size_t n = 0; n < strlen(whole) - 4; n++)
		assert_int_equal(http_message_end(whole, n, &looked_at), 0);
	assert_int_equal(http_message_end(whole, strlen(whole), &looked_at), strlen(whole) - 4);
	assert_int_equal(end_of("GET / HTTP/1.1\nHost: a\n\n"), -1);
	assert_int_equal(end_of("GET / HTTP/1.1\r\nHost: a\n\r\n"), -1);
	assert_int_equal(end_of("\nGET"), -1);
	assert_int_equal(end_of(""), 0);
}

static void read_request(const char *text, struct http_message *m)
{
	autoerr err = ERR_INIT;

	if (http_message_request(text, strlen(text), m, &err))
		fail_msg("%s: %s", text, err.msg);
}

static void test_request(void **state)
{
	struct http_message m;

	(void)state;
	read_request("GET /v2?a=b HTTP/1.1\r\nHost: a\r\nX-A:  b c \t\r\nEmpty:\r\n\r\n", &m);
	assert_true(str_eq(m.method, "GET") && str_eq(m.target, "/v2?a=b"));
	assert_true(str_eq(*http_message_field(&m, "x-a"), "b c"));
	assert_int_equal(http_message_field(&m, "EMPTY")->n, 0);
	assert_null(http_message_field(&m, "X"));
	assert_true(m.keep_alive && m.framing == HTTP_BODY_NONE && m.minor == 1);
	read_request("GET http://host:80/p HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", &m);
	assert_true(str_eq(m.target, "/p") && !m.keep_alive);
	read_request("GET http://host HTTP/1.1\r\nHost: a\r\n\r\n", &m);
	assert_true(str_eq(m.target, "/"));
	read_request("GET / HTTP/1.0\r\n\r\n", &m);
	assert_true(!m.keep_alive && m.minor == 0);
	read_request("GET / HTTP/1.0\r\nConnection: x, keep-alive\r\n\r\n", &m);
	assert_true(m.keep_alive);
	read_request(REQUEST "Content-Length: 12\r\nExpect: 100-Continue\r\n\r\n", &m);
	assert_true(m.framing == HTTP_BODY_LENGTH && m.length == 12 && m.expects_continue);
	read_request(REQUEST "Transfer-Encoding: Chunked\r\n\r\n", &m);
	assert_true(m.framing == HTTP_BODY_CHUNKED);
}

static void test_refused_requests(void **state)
{
	static const char *const texts[] = {
		REQUEST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		REQUEST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
		REQUEST "Content-Length: 5, 5\r\n\r\n",
		REQUEST "Content-Length: +5\r\n\r\n",
		REQUEST "Content-Length: 0x5\r\n\r\n",
		REQUEST "Content-Length:\r\n\r\n",
		REQUEST "Content-Length: 99999999999999999999\r\n\r\n",
		REQUEST "Content-Length : 5\r\n\r\n",
		REQUEST " Content-Length: 5\r\n\r\n",
		REQUEST "X: a\r\n b\r\n\r\n",
		REQUEST "Transfer-Encoding: gzip, chunked\r\n\r\n",
		REQUEST "Transfer-Encoding: xchunked\r\n\r\n",
		REQUEST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
		REQUEST "Transfer-Encoding:\vchunked\r\n\r\n",
		REQUEST "Host: b\r\n\r\n",
		REQUEST "X: a\rContent-Length: 5\r\n\r\n",
		REQUEST "no colon\r\n\r\n",
		REQUEST ": none\r\n\r\n",
		"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
		"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
		"GET / http/1.1\r\nHost: a\r\n\r\n",
		"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
		"GET x HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
		"G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /\r\nHost: a\r\n\r\n",
		"\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct http_message m;
		autoerr err = ERR_INIT;

		if (!http_message_request(texts[i], strlen(texts[i]), &m, &err))
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.kind, MLOPS_EINVALID);
	}
}

static void test_many_fields(void **state)
{
	struct http_message m;
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	(void)state;
	strbuf_adds(&text, REQUEST);
	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		strbuf_adds(&text, "a: b\r\n");
	autofree char *most = xasprintf("%s\r\n", text.buf);
	read_request(most, &m);
	strbuf_adds(&text, "a: b\r\n\r\n");
	assert_int_equal(http_message_request(text.buf, text.len, &m, &err), -1);
}

static void reads_response(const char *text, bool bodyless, int status, enum http_framing framing)
{
	struct http_message m;
	autoerr err = ERR_INIT;

	if (http_message_response(text, strlen(text), bodyless, &m, &err))
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(m.status, status);
	assert_int_equal(m.framing, framing);
	assert_true(m.framing != HTTP_BODY_UNTIL_CLOSE || !m.keep_alive);
}

static void test_response(void **state)
{
	struct http_message m;
	autoerr err = ERR_INIT;

	(void)state;
	reads_response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", false, 200, HTTP_BODY_LENGTH);
	reads_response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, 200, HTTP_BODY_NONE);
	reads_response("HTTP/1.1 200\r\n\r\n", false, 200, HTTP_BODY_UNTIL_CLOSE);
	reads_response("HTTP/1.1 204 No Content\r\n\r\n", false, 204, HTTP_BODY_NONE);
	reads_response("HTTP/1.0 404 Not here\r\nTransfer: x\r\n\r\n", false, 404, HTTP_BODY_UNTIL_CLOSE);
	reads_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, 200,
		       HTTP_BODY_CHUNKED);
	assert_int_equal(http_message_response("HTTP/1.1 20 OK\r\n\r\n", 18, false, &m, &err), -1);
	assert_int_equal(http_message_response("HTTP/1.1 2000 OK\r\n\r\n", 20, false, &m, &err), -1);
}

static void test_hops(void **state)
{
	struct http_message m;
	size_t hops = 0;

	(void)state;
	read_request(REQUEST "Connection: close, X-Mine\r\nX-Mine: 1\r\nX-Other: 2\r\nTE: trailers\r\n"
			     "Upgrade: h2c\r\n\r\n",
		     &m);
	for (size_t i = 0; i < m.n_fields; i++)
		hops += http_message_is_hop(&m, &m.fields[i]);
	assert_int_equal(hops, 4);
}

/* Takes the text in pieces of `step`; its content into `out`. How much was taken, or -1. */
static ssize_t dechunk(const char *text, size_t step, struct strbuf *out)
{
	struct http_chunks c = { 0 };
	size_t at = 0, n = strlen(text);

	while (at < n && !http_chunks_ended(&c)) {
		struct str data;
		ssize_t took = http_chunks_take(&c, text + at, n - at < step ? n - at : step, &data);

		if (took < 0)
			return -1;
		strbuf_add(out, data.p, data.n);
		at += (size_t)took;
	}
	return http_chunks_ended(&c) ? (ssize_t)at : 0;
}

static void test_chunks(void **state)
{
	static const char text[] = "5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nX: y\r\nZ: w\r\n\r\nrest";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		autobuf out = { 0 };

		assert_int_equal(dechunk(text, step, &out), strlen(text) - 4);
		assert_string_equal(out.buf, "hello0123456789");
	}
}

static void test_refused_chunks(void **state)
{
	static const char *const texts[] = {
		"\r\n",           "5\nhello",        "5\rXhello",      "5\r\nhelloX",
		"5\r\nhello\rX",  "5\r\nhello\n",    "-1\r\n",         "0x5\r\nhello",
		" 5\r\nhello",    "5 \r\nhello",     "g\r\n",          "10000000000000000\r\n",
		"0\r\nX: a\nb",   "5;a\nb\r\nhello", "0\r\n\rX",       "5;\x01\r\nhello",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		autobuf out = { 0 };

		if (dechunk(texts[i], 64, &out) != -1)
			fail_msg("taken: %s", texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_refused_requests),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_refused_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
