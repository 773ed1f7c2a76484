/* Framed objects and lists of names, in pieces of any size, whole and broken. */
#include "unit.h"

#include "crypto/hash.h"
#include "remote/remote.h"

/* What a stream held, as text: "[SIZE:BYTES]" an object. */
static int log_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	(void)oid, (void)err;
	strbuf_addf(arg, "[%llu:", (unsigned long long)size);
	return 0;
}

static int log_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)err;
	strbuf_add(arg, buf, n);
	return 0;
}

static int log_end(void *arg, struct mlops_error *err)
{
	(void)err;
	strbuf_addc(arg, ']');
	return 0;
}

static int fail_end(void *arg, struct mlops_error *err)
{
	(void)arg;
	return err_set(err, MLOPS_EIO, "no more room");
}

static void add_object(struct strbuf *out, const char *text)
{
	uint8_t head[FRAME_ENTRY];
	autoerr err = ERR_INIT;
	struct oid oid;

	if (!out->len) {
		frame_put_header(head);
		strbuf_add(out, head, FRAME_HEADER);
	}
	assert_success(hash_buf(text, strlen(text), &oid, &err));
	frame_put_entry(head, &oid, strlen(text));
	strbuf_add(out, head, FRAME_ENTRY);
	strbuf_adds(out, text);
}

/* Reads the stream in pieces of `step` bytes. */
static int read_frames(const struct strbuf *in, size_t step, struct strbuf *log,
		       struct mlops_error *err)
{
	const struct frame_sink sink = {
		.begin = log_begin, .piece = log_piece, .end = log_end, .arg = log
	};
	struct frame_reader reader;

	frame_reader_init(&reader, &sink);
	for (size_t at = 0; at < in->len; at += step) {
		size_t n = in->len - at < step ? in->len - at : step;

		if (frame_reader_add(&reader, in->buf + at, n, err))
			return -1;
	}
	return frame_reader_end(&reader, err);
}

static void test_pieces_of_any_size(void **state)
{
	autobuf in = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	add_object(&in, "hello");
	add_object(&in, "");
	add_object(&in, "a longer one, to be cut more often");
	add_object(&in, "");
	for (size_t step = 1; step <= in.len; step++) {
		autobuf log = { 0 };

		assert_success(read_frames(&in, step, &log, &err));
		assert_string_equal(log.buf,
				    "[5:hello][0:][34:a longer one, to be cut more often][0:]");
	}
}

static void test_nothing(void **state)
{
	autobuf in = { 0 }, log = { 0 };
	uint8_t head[FRAME_HEADER];
	autoerr err = ERR_INIT;

	(void)state;
	assert_error(read_frames(&in, 1, &log, &err), MLOPS_ECORRUPT, "too early");
	frame_put_header(head);
	strbuf_add(&in, head, sizeof(head));
	assert_success(read_frames(&in, 3, &log, &err));
	assert_int_equal(log.len, 0);
}

static void test_cut_anywhere(void **state)
{
	autobuf in = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	add_object(&in, "hello");
	for (size_t n = in.len - 1; n > FRAME_HEADER; n--) {
		autobuf log = { 0 };

		strbuf_trunc(&in, n);
		assert_error(read_frames(&in, 7, &log, &err), MLOPS_ECORRUPT, "too early");
	}
}

static void test_broken_headers(void **state)
{
	static const size_t places[] = { 0,
					 3,
					 4,
					 7,
					 FRAME_HEADER + 32,
					 FRAME_HEADER + 47,
					 FRAME_HEADER + 48,
					 FRAME_HEADER + 55 };
	autoerr err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		autobuf in = { 0 }, log = { 0 };

		add_object(&in, "hello");
		in.buf[places[i]] ^= 0x40;
		assert_error(read_frames(&in, 100, &log, &err), MLOPS_ECORRUPT,
			     "stream of objects");
	}
}

static void test_sink_fails(void **state)
{
	autobuf in = { 0 }, log = { 0 };
	const struct frame_sink sink = {
		.begin = log_begin, .piece = log_piece, .end = fail_end, .arg = &log
	};
	struct frame_reader reader;
	autoerr err = ERR_INIT;

	(void)state;
	add_object(&in, "");
	frame_reader_init(&reader, &sink);
	assert_error(frame_reader_add(&reader, in.buf, in.len, &err), MLOPS_EIO, "no more room");
}

static void test_names(void **state)
{
	struct oid_list in = { 0 }, out = { 0 };
	autobuf text = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	for (uint8_t i = 0; i < 3; i++)
		vec_push(&in, (struct oid){ { i, 0xab } });
	oid_list_print(in.v, in.n, &text);
	assert_int_equal(text.len, 3 * (MLOPS_OID_HEX + 1));
	assert_success(oid_list_parse(text.buf, text.len, 3, &out, &err));
	assert_int_equal(out.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(mlops_oid_equal(&in.v[i], &out.v[i]));
	assert_success(oid_list_parse("", 0, 3, &out, &err));
	assert_int_equal(out.n, 3);
	assert_error(oid_list_parse(text.buf, text.len, 2, &out, &err), MLOPS_EINVALID,
		     "more than 2");
	assert_error(oid_list_parse("abc\n", 4, 2, &out, &err), MLOPS_EINVALID, "line 1");
	assert_error(oid_list_parse("\n", 1, 2, &out, &err), MLOPS_EINVALID, "line 1");
	text.buf[70] = 'X';
	assert_error(oid_list_parse(text.buf, text.len, 3, &out, &err), MLOPS_EINVALID, "line 2");
	vec_free(&in);
	vec_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_of_any_size), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_cut_anywhere),       cmocka_unit_test(test_broken_headers),
		cmocka_unit_test(test_sink_fails),         cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
