/* Zip files put together by hand: what is read of them, and what contradicts itself. */
#include "unit.h"

#include "fmt/zip.h"

/* A zip file of stored members, with room to lie. */
struct maker {
	struct strbuf out, directory;
	unsigned count;
};

static void put(struct strbuf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strbuf_addc(b, i < 8 ? (char)(v >> (8 * i)) : 0);
}

static void put_numbers(struct strbuf *b, unsigned method, size_t size, size_t name)
{
	put(b, 20, 2), put(b, 0, 2), put(b, method, 2), put(b, 0, 4), put(b, 0, 4);
	put(b, size, 4), put(b, size, 4), put(b, name, 2), put(b, 0, 2);
}

static void add(struct maker *m, const char *name, const char *local_name, const char *data)
{
	size_t at = m->out.len, n = strlen(data);

	strbuf_adds(&m->out, "PK\3\4");
	put_numbers(&m->out, 0, n, strlen(local_name));
	strbuf_adds(&m->out, local_name);
	strbuf_adds(&m->out, data);
	if (!name)
		return; /* in no directory */
	strbuf_adds(&m->directory, "PK\1\2");
	put(&m->directory, 20, 2);
	put_numbers(&m->directory, 0, n, strlen(name));
	put(&m->directory, 0, 2 + 2 + 2 + 4);
	put(&m->directory, at, 4);
	strbuf_adds(&m->directory, name);
	m->count++;
}

static void finish(struct maker *m, uint64_t count)
{
	size_t at = m->out.len, size = m->directory.len;

	strbuf_add(&m->out, m->directory.buf, size);
	strbuf_adds(&m->out, "PK\5\6");
	put(&m->out, 0, 4), put(&m->out, count, 2), put(&m->out, count, 2);
	put(&m->out, size, 4), put(&m->out, at, 4), put(&m->out, 0, 2);
	strbuf_clear(&m->directory);
}

static void members_are_found_and_read(void **state)
{
	struct maker m = { 0 };
	autosource src = { .fd = -1 };
	autozip z = { 0 };
	autobuf text = { 0 };
	autoerr err = ERR_INIT;
	uint64_t first;
	size_t hidden;
	unsigned odd;

	(void)state;
	add(&m, "a.txt", "a.txt", "hello");
	add(&m, "b/c.txt", "b/c.txt", "");
	finish(&m, 2);
	source_mem(&src, "z", m.out.buf, m.out.len);
	assert_success(zip_open(&z, &src, &err));
	assert_int_equal(z.entries.n, 2);
	assert_null(zip_find(&z, "c.txt"));
	struct zip_entry *e = zip_find(&z, "a.txt");
	assert_non_null(e);
	assert_success(zip_locate(&z, e, &odd, &err));
	assert_int_equal(odd, 0);
	assert_success(zip_slurp(&z, e, 5, &text, &err));
	assert_string_equal(text.buf, "hello");
	assert_error(zip_slurp(&z, e, 4, &text, &err), MLOPS_EINVALID, "larger than 4 bytes");
	assert_success(zip_hidden(&z, &hidden, &first, &err));
	assert_int_equal(hidden, 0);
	strbuf_clear(&m.out);
}

static void bytes_in_front_move_the_offsets(void **state)
{
	struct maker m = { 0 };
	autosource src = { .fd = -1 };
	autozip z = { 0 };
	autobuf moved = { 0 }, text = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	add(&m, "a", "a", "hello");
	finish(&m, 1);
	strbuf_adds(&moved, "#!/bin/sh\n");
	strbuf_add(&moved, m.out.buf, m.out.len);
	source_mem(&src, "z", moved.buf, moved.len);
	assert_success(zip_open(&z, &src, &err));
	assert_int_equal(z.prefix, 10);
	assert_success(zip_slurp(&z, zip_find(&z, "a"), 5, &text, &err));
	assert_string_equal(text.buf, "hello");
	strbuf_clear(&m.out);
}

static void a_local_header_that_differs_is_told(void **state)
{
	struct maker m = { 0 };
	autosource src = { .fd = -1 };
	autozip z = { 0 };
	autoerr err = ERR_INIT;
	uint64_t first;
	size_t hidden;
	unsigned odd;

	(void)state;
	add(&m, "safe", "evil", "x");
	add(&m, NULL, "hidden", "y");
	add(&m, "last", "last", "z");
	finish(&m, 2);
	source_mem(&src, "z", m.out.buf, m.out.len);
	assert_success(zip_open(&z, &src, &err));
	assert_success(zip_locate(&z, zip_find(&z, "safe"), &odd, &err));
	assert_int_equal(odd, ZIP_ODD_LOCAL_NAME);
	assert_success(zip_locate(&z, zip_find(&z, "last"), &odd, &err));
	assert_int_equal(odd, 0);
	assert_success(zip_hidden(&z, &hidden, &first, &err));
	assert_int_equal(hidden, 1);
	assert_int_equal(first, 30 + 4 + 1);
	strbuf_clear(&m.out);
}

static void lies_are_refused(void **state)
{
	struct maker m = { 0 };
	autosource src = { .fd = -1 };
	autozip z = { 0 };
	autoerr err = ERR_INIT;

	(void)state;
	add(&m, "a", "a", "hello");
	finish(&m, 60000);
	source_mem(&src, "z", m.out.buf, m.out.len);
	assert_error(zip_open(&z, &src, &err), MLOPS_EINVALID, "cannot list 60000 members");
	char *end = m.out.buf + m.out.len - 22;
	end[10] = 1, end[11] = 0;
	end[15] = 0x7f;
	assert_error(zip_open(&z, &src, &err), MLOPS_EINVALID, "ends behind the end record");
	end[15] = 0;
	m.out.buf[m.out.len - 22 - 1 - 4 + 3] = 0x7f; /* the highest byte of the header's offset */
	assert_error(zip_open(&z, &src, &err), MLOPS_EINVALID, "local header offset");
	source_close(&src);
	source_mem(&src, "z", m.out.buf, m.out.len - 1);
	assert_error(zip_open(&z, &src, &err), MLOPS_EINVALID, "no end record");
	strbuf_clear(&m.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_and_read),
		cmocka_unit_test(bytes_in_front_move_the_offsets),
		cmocka_unit_test(a_local_header_that_differs_is_told),
		cmocka_unit_test(lies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
