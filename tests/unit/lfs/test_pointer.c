/* Pointers as git-lfs reads and writes them; patterns of paths; packets of git. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "lfs/lfs.h"

#define HEX    "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
#define V1     "version https://git-lfs.github.com/spec/v1\n"
#define SAMPLE V1 "oid sha256:" HEX "\nsize 12345\n"

static bool parses(const char *text)
{
	struct lfs_pointer p;

	return lfs_pointer_parse(text, strlen(text), &p);
}

static void test_read(void **state)
{
	struct lfs_pointer p;
	char hex[MLOPS_OID_HEX + 1];
	autobuf text = { 0 };

	(void)state;
	assert_true(lfs_pointer_parse(SAMPLE, strlen(SAMPLE), &p));
	assert_string_equal(mlops_oid_hex(&p.oid, hex), HEX);
	assert_int_equal(p.size, 12345);
	assert_false(p.extended);
	lfs_pointer_format(&p, &text);
	assert_string_equal(text.buf, SAMPLE);
	assert_true(parses("version http://git-media.io/v/2\noid sha256:" HEX "\nsize 0"));
	assert_true(parses(V1 "\noid sha256:" HEX "\r\n\nsize 1\n\n"));
	assert_true(lfs_pointer_parse(V1 "ext-0-a sha256:" HEX "\next-1-b x\noid sha256:" HEX
					 "\nsize 1\n",
				      strlen(V1 "ext-0-a sha256:" HEX "\next-1-b x\noid sha256:" HEX
						"\nsize 1\n"),
				      &p));
	assert_true(p.extended);
}

static void test_refuse(void **state)
{
	static const char *const bad[] = {
		"",
		"version x\noid sha256:" HEX "\nsize 1\n",
		"oid sha256:" HEX "\nsize 1\n" V1,
		V1 "size 1\noid sha256:" HEX "\n",
		V1 "oid sha256:" HEX "\n",
		V1 "oid sha256:" HEX "\nsize -1\n",
		V1 "oid sha256:" HEX "\nsize 1x\n",
		V1 "oid sha256:" HEX "\nsize 9223372036854775808\n",
		V1 "oid md5:" HEX "\nsize 1\n",
		V1 "oid " HEX "\nsize 1\n",
		V1 "oid sha256:" HEX "0\nsize 1\n",
		V1 "oid sha256:4D7A214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 1\n",
		V1 "oid sha256:" HEX "\nsize 1\nmore 1\n",
		V1 "ext-x-a y\noid sha256:" HEX "\nsize 1\n",
		V1 "oid\nsize 1\n",
	};
	char large[LFS_POINTER_MAX + 1] = SAMPLE;
	struct lfs_pointer p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parses(bad[i]))
			fail_msg("taken for a pointer: %s", bad[i]);
	memset(large + strlen(SAMPLE), '\n', sizeof(large) - strlen(SAMPLE));
	assert_true(lfs_pointer_parse(large, LFS_POINTER_MAX - 1, &p));
	assert_false(lfs_pointer_parse(large, LFS_POINTER_MAX, &p));
	assert_false(lfs_pointer_parse(SAMPLE "\0", sizeof(SAMPLE), &p));
}

static bool has(const char *include, const char *exclude, const char *path)
{
	struct lfs none = { .shared_loaded = true };
	struct lfs_choice c;

	lfs_choice_init(&c, &none, include, exclude);
	bool yes = lfs_choice_has(&c, path);
	lfs_choice_clear(&c);
	return yes;
}

static void test_choice(void **state)
{
	(void)state;
	assert_true(has("", "", "a/b"));
	assert_true(has("*.bin", "", "a/b.bin"));
	assert_false(has("*.bin", "", "a/b.txt"));
	assert_true(has("a", "", "a/b/c"));
	assert_true(has("b", "", "a/b/c"));
	assert_true(has("a/b/", "", "a/b/c"));
	assert_false(has("/b", "", "a/b/c"));
	assert_true(has("/a", "", "a/b/c"));
	assert_true(has("x, a/**", "", "a/b/c"));
	assert_false(has("a", "*.c", "a/b.c"));
	assert_false(has("", "a/b", "a/b/c"));
	assert_true(has("", "a/b", "a/bc"));
}

static void test_packets(void **state)
{
	int fds[2];
	struct pkt_writer w;
	struct pkt_reader r;
	enum pkt_kind kind;
	struct str got;
	autoerr err = ERR_INIT;
	autofree char *large = xcalloc(1, 70000);

	(void)state;
	assert_int_equal(pipe(fds), 0);
	w = (struct pkt_writer){ .fd = fds[1] };
	r = (struct pkt_reader){ .fd = fds[0] };
	assert_int_equal(pkt_text(&w, &err, "a=%d", 1), 0);
	assert_int_equal(pkt_add(&w, large, 20000, &err), 0);
	assert_int_equal(pkt_flush(&w, &err), 0);
	assert_int_equal(pkt_send(&w, &err), 0);
	assert_int_equal(pkt_read(&r, &kind, &got, &err), 0);
	assert_int_equal(kind, PKT_DATA);
	assert_true(str_eq(got, "a=1\n"));
	assert_int_equal(pkt_read(&r, &kind, &got, &err), 0);
	assert_int_equal(got.n, 20000);
	assert_int_equal(pkt_read(&r, &kind, &got, &err), 0);
	assert_int_equal(kind, PKT_FLUSH);
	assert_int_equal(write(fds[1], "0003", 4), 4);
	assert_error(pkt_read(&r, &kind, &got, &err), MLOPS_EINVALID, "no packet");
	r.at = r.n;
	assert_int_equal(write(fds[1], "0009abc", 7), 7);
	close(fds[1]);
	assert_error(pkt_read(&r, &kind, &got, &err), MLOPS_EINVALID, "within a packet");
	close(fds[0]);
	free(w.buf);
	free(r.buf);
}

/* A buffer that is full but for less than the head of a packet. */
static void test_full(void **state)
{
	autofree char *large = xcalloc(1, PKT_MAX);
	char path[] = "/tmp/mlops-unit.XXXXXX";
	struct pkt_writer w = { .fd = mkstemp(path) };
	size_t room = (size_t)1 << 20;
	autoerr err = ERR_INIT;
	struct stat st;

	(void)state;
	assert_true(w.fd >= 0 && !unlink(path));
	for (; room > PKT_MAX + 4; room -= PKT_MAX + 4)
		assert_success(pkt_add(&w, large, PKT_MAX, &err));
	assert_success(pkt_add(&w, large, room - 4 - 2, &err));
	assert_success(pkt_flush(&w, &err));
	assert_success(pkt_add(&w, large, 10, &err));
	assert_success(pkt_send(&w, &err));
	assert_true(!fstat(w.fd, &st) && st.st_size == (1 << 20) - 2 + 4 + 14);
	close(w.fd);
	free(w.buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
