/* Sources of all kinds through one window, and cursors that never leave their range. */
#include "unit.h"

#include "base/fs.h"
#include "fmt/proto.h"
#include "fmt/source.h"
#include "fmt/unpack.h"

#define N ((size_t)3 << 20) /* more than two windows */

struct fixture {
	uint8_t *bytes;
	char path[32];
	struct mlops_error err;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	int fd;

	f->bytes = xmalloc(N);
	for (size_t i = 0; i < N; i++)
		f->bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	memcpy(f->path, "/tmp/mlops-source-XXXXXX", 25);
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, f->bytes, N, f->path, &f->err), 0);
	close(fd);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	mlops_error_clear(&f->err);
	free(f->bytes);
	free(f);
	return 0;
}

static void check_peek(struct fixture *f, struct source *s, uint64_t at, size_t want, size_t expect)
{
	const uint8_t *p;
	size_t got;

	assert_int_equal(source_peek(s, at, want, &p, &got, &f->err), 0);
	assert_int_equal(got, expect);
	if (got)
		assert_memory_equal(p, f->bytes + at, got);
}

static void a_file_is_read_at_any_offset(void **state)
{
	struct fixture *f = *state;
	autosource s = { .fd = -1 };

	assert_int_equal(source_open(&s, f->path, &f->err), 0);
	assert_true(s.size == N);
	check_peek(f, &s, 0, 16, 16);
	check_peek(f, &s, 100, SOURCE_WINDOW, SOURCE_WINDOW);
	check_peek(f, &s, N - 5, 100, 5);
	check_peek(f, &s, 7, 1, 1);
	check_peek(f, &s, N, 1, 0);
	check_peek(f, &s, N + 1000, 1, 0);
	check_peek(f, &s, SOURCE_WINDOW - 1, 2, 2);
	for (uint64_t at = 0; at < N; at += 77777)
		check_peek(f, &s, at, 1000, N - at < 1000 ? N - at : 1000);
}

static void a_part_ends_where_it_ends(void **state)
{
	struct fixture *f = *state;
	autosource s = { .fd = -1 }, part = { .fd = -1 }, bad = { .fd = -1 };
	autobuf all = { 0 };
	const uint8_t *p;
	size_t got;

	assert_int_equal(source_open(&s, f->path, &f->err), 0);
	assert_int_equal(source_part(&part, &s, "part", 1000, 50, &f->err), 0);
	assert_int_equal(source_peek(&part, 10, 100, &p, &got, &f->err), 0);
	assert_int_equal(got, 40);
	assert_memory_equal(p, f->bytes + 1010, 40);
	assert_int_equal(source_slurp(&part, 50, &all, &f->err), 0);
	assert_int_equal(all.len, 50);
	assert_int_equal(source_slurp(&part, 49, &all, &f->err), -1);
	assert_int_equal(source_part(&bad, &s, "part", N - 10, 11, &f->err), -1);
	assert_int_equal(source_part(&bad, &s, "part", UINT64_MAX, 2, &f->err), -1);
}

/* zlib's format with stored blocks: a header, then each block with its length and its complement. */
static uint8_t *packed(const struct fixture *f, size_t *n)
{
	autobuf out = { 0 };
	uint32_t a = 1, b = 0;

	strbuf_add(&out, "\x78\x01", 2);
	for (size_t at = 0; at < N; at += 32768) {
		uint16_t len = 32768, not_len = (uint16_t)~len;

		strbuf_addc(&out, at + 32768 == N);
		strbuf_add(&out, &len, 2);
		strbuf_add(&out, &not_len, 2);
		strbuf_add(&out, f->bytes + at, len);
	}
	for (size_t i = 0; i < N; i++) {
		a = (a + f->bytes[i]) % 65521;
		b = (b + a) % 65521;
	}
	const uint8_t sum[] = { (uint8_t)(b >> 8), (uint8_t)b, (uint8_t)(a >> 8), (uint8_t)a };
	strbuf_add(&out, sum, sizeof(sum));
	*n = out.len;
	return (uint8_t *)strbuf_steal(&out);
}

static void a_stream_goes_forward_only(void **state)
{
	struct fixture *f = *state;
	autosource from = { .fd = -1 }, s = { .fd = -1 };
	struct unpack *u;
	const uint8_t *p;
	size_t n, got;
	autofree uint8_t *data = packed(f, &n);

	source_mem(&from, "packed", data, n);
	assert_int_equal(unpack_sniff(data, n), UNPACK_ZLIB);
	assert_int_equal(unpack_new(UNPACK_ZLIB, &from, UINT64_MAX, &u, &f->err), 0);
	source_stream(&s, "packed", u);
	check_peek(f, &s, 0, 100, 100);
	check_peek(f, &s, 5, 100, 100); /* still in the window */
	check_peek(f, &s, 2 << 20, SOURCE_WINDOW, SOURCE_WINDOW);
	assert_int_equal(source_peek(&s, 0, 1, &p, &got, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "backwards"));
	check_peek(f, &s, N - 3, 10, 3);
	assert_true(s.size == N);
	check_peek(f, &s, N + 5, 10, 0);
}

static void what_unpacks_without_end_is_stopped(void **state)
{
	struct fixture *f = *state;
	autosource from = { .fd = -1 }, s = { .fd = -1 };
	autobuf all = { 0 };
	struct unpack *u;
	size_t n;
	autofree uint8_t *data = packed(f, &n);

	source_mem(&from, "bomb", data, n);
	assert_int_equal(unpack_new(UNPACK_ZLIB, &from, 1 << 20, &u, &f->err), 0);
	source_stream(&s, "bomb", u);
	assert_int_equal(source_slurp(&s, N, &all, &f->err), -1);
	assert_non_null(strstr(f->err.msg, "unpacks to more than 1048576 bytes"));
}

static void a_damaged_stream_is_an_error(void **state)
{
	struct fixture *f = *state;
	autosource from = { .fd = -1 }, s = { .fd = -1 };
	autobuf all = { 0 };
	struct unpack *u;
	size_t n;
	autofree uint8_t *data = packed(f, &n);

	source_mem(&from, "cut", data, n / 2);
	assert_int_equal(unpack_new(UNPACK_ZLIB, &from, UINT64_MAX, &u, &f->err), 0);
	source_stream(&s, "cut", u);
	assert_int_equal(source_slurp(&s, N, &all, &f->err), -1);
	assert_int_equal(f->err.kind, MLOPS_EINVALID);
}

static void a_cursor_stays_in_its_range(void **state)
{
	struct fixture *f = *state;
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	autosource s = { .fd = -1 };
	autoarena arena = { 0 };
	struct cursor sub;
	uint64_t v;
	char *text;

	source_mem(&s, "bytes", bytes, sizeof(bytes));
	struct cursor c = cursor_of(&s);
	assert_int_equal(cursor_uint(&c, "number", 4, &v, &f->err), 0);
	assert_true(v == 0x04030201);
	c.at = 0;
	c.big_endian = true;
	assert_int_equal(cursor_uint(&c, "number", 4, &v, &f->err), 0);
	assert_true(v == 0x01020304);
	assert_int_equal(cursor_uint(&c, "a number", 8, &v, &f->err), -1);
	assert_string_equal(f->err.msg,
			    "'bytes' is damaged: a number at offset 4: the data ends here");
	assert_int_equal(cursor_skip(&c, "x", UINT64_MAX, &f->err), -1);
	assert_int_equal(cursor_sub(&c, "x", UINT64_MAX - 2, &sub, &f->err), -1);
	assert_int_equal(cursor_text(&c, "x", 1ull << 60, SIZE_MAX, &arena, &text, &f->err), -1);
	assert_int_equal(cursor_sub(&c, "x", 3, &sub, &f->err), 0);
	assert_int_equal(cursor_skip(&sub, "x", 4, &f->err), -1);
	assert_int_equal(cursor_skip(&sub, "x", 3, &f->err), 0);
	assert_true(c.at == 7);
}

static int read_all(const uint8_t *bytes, size_t n, struct mlops_error *err)
{
	autosource s = { .fd = -1 };
	struct proto_field field;
	int more, count = 0;

	source_mem(&s, "proto", bytes, n);
	struct cursor c = cursor_of(&s);
	while ((more = proto_next(&c, "message", &field, err)) > 0)
		count++;
	return more < 0 ? -1 : count;
}

static void protobuf_fields_are_walked(void **state)
{
	struct fixture *f = *state;
	const uint8_t good[] = { 0x08, 0x96, 0x01, 0x12, 2, 'h', 'i', 0x1d, 1, 2, 3,
				 4,    0x21, 1,    2,    3, 4,   5,   6,    7, 8 };
	const uint8_t long_body[] = { 0x12, 3, 'h', 'i' }, no_field[] = { 0x00, 1 },
		      group[] = { 0x0b };
	const uint8_t endless[] = {
		0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1
	};

	assert_int_equal(read_all(good, sizeof(good), &f->err), 4);
	assert_int_equal(read_all(long_body, sizeof(long_body), &f->err), -1);
	assert_int_equal(read_all(no_field, sizeof(no_field), &f->err), -1);
	assert_int_equal(read_all(group, sizeof(group), &f->err), -1);
	assert_int_equal(read_all(endless, sizeof(endless), &f->err), -1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_at_any_offset), TEST(a_part_ends_where_it_ends),
		TEST(a_stream_goes_forward_only),   TEST(what_unpacks_without_end_is_stopped),
		TEST(a_damaged_stream_is_an_error), TEST(a_cursor_stays_in_its_range),
		TEST(protobuf_fields_are_walked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
