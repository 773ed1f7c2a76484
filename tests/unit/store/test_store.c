/* Objects in and out of a store: packed, loose, streamed, exported; and every way they can be damaged. */
#include "mlops/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <utime.h>

#include "store/pack.h"
#include "store/private.h"
#include "unit.h"

static struct mlops_error err;

struct fixture {
	char *dir, *store_dir;
	struct store *store;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = unit_scratch();
	f->store_dir = path_join(f->dir, "store");
	assert_success(mlops_store_open(f->store_dir, &f->store, &err));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	mlops_store_free(f->store);
	unit_scratch_remove(f->dir);
	free(f->store_dir);
	free(f);
	return 0;
}

/* As another process would see the store. */
static void reopen(struct fixture *f)
{
	mlops_store_free(f->store);
	assert_success(mlops_store_open(f->store_dir, &f->store, &err));
}

static struct oid put(struct fixture *f, const char *text)
{
	struct oid oid;

	assert_success(mlops_store_put(f->store, text, strlen(text), &oid, &err));
	return oid;
}

static void holds(struct fixture *f, const struct oid *oid, const char *text)
{
	autofree char *buf = NULL;
	uint64_t size;
	size_t n;

	assert_true(mlops_store_has(f->store, oid));
	assert_success(mlops_store_size(f->store, oid, &size, &err));
	assert_int_equal(size, strlen(text));
	assert_success(mlops_store_get(f->store, oid, 1 << 20, &buf, &n, &err));
	assert_int_equal(n, strlen(text));
	assert_string_equal(buf, text);
}

static void ignore_report(const char *what, void *arg)
{
	(void)what;
	(*(int *)arg)++;
}

/* How many faults verify finds. */
static int faults(struct fixture *f)
{
	struct store_check counts;
	int reported = 0;

	reopen(f);
	assert_success(mlops_store_verify(f->store, ignore_report, &reported, &counts, &err));
	assert_int_equal(reported, counts.damaged);
	return reported;
}

/* The one file in a folder of the store whose name ends so; new. */
static char *only_file(struct fixture *f, const char *folder, const char *suffix)
{
	autofree char *dir = path_join(f->store_dir, folder);
	char *found = NULL;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	DIR *d = fdopendir(fd);

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		size_t n = strlen(e->d_name), m = strlen(suffix);

		if (e->d_name[0] == '.' || n < m || strcmp(e->d_name + n - m, suffix))
			continue;
		assert_null(found);
		found = path_join(dir, e->d_name);
	}
	closedir(d);
	assert_non_null(found);
	return found;
}

static void change_byte(const char *path, off_t at)
{
	int fd;
	char c;

	assert_int_equal(chmod(path, 0644), 0);
	fd = open(path, O_RDWR);
	if (at < 0)
		at += lseek(fd, 0, SEEK_END);
	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static void test_packed(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "one"), b = put(f, ""), c = put(f, "three");

	holds(f, &a, "one"); /* out of the open pack */
	assert_success(mlops_store_flush(f->store, &err));
	holds(f, &b, "");
	reopen(f);
	holds(f, &a, "one");
	holds(f, &c, "three");
	assert_int_equal(faults(f), 0);
}

static void test_single_is_loose(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "only");

	assert_success(mlops_store_flush(f->store, &err));
	autofree char *path = loose_path(f->store, &a);
	assert_true(fs_exists(path));
	holds(f, &a, "only");
	assert_int_equal(faults(f), 0);
}

static void test_not_flushed(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "gone"), b = put(f, "too");

	reopen(f);
	assert_false(mlops_store_has(f->store, &a) || mlops_store_has(f->store, &b));
	assert_int_equal(faults(f), 0);
}

static void test_twice(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "same"), b = put(f, "other"), again = put(f, "same");

	assert_true(mlops_oid_equal(&a, &again));
	assert_success(mlops_store_flush(f->store, &err));
	put(f, "same");
	put(f, "other");
	assert_success(mlops_store_flush(f->store, &err));
	free(only_file(f, "packs", ".pack"));
	holds(f, &b, "other");
}

static void test_other_process_adds(void **state)
{
	struct fixture *f = *state, other = *f;
	struct oid none = put(f, "first"), first = put(f, "second");

	assert_success(mlops_store_flush(f->store, &err));
	assert_success(mlops_store_open(f->store_dir, &other.store, &err));
	struct oid a = put(&other, "late"), b = put(&other, "later");
	assert_success(mlops_store_flush(other.store, &err));
	mlops_store_free(other.store);
	holds(f, &none, "first");
	holds(f, &first, "second");
	holds(f, &a, "late");
	holds(f, &b, "later");
}

static void test_missing(void **state)
{
	struct fixture *f = *state;
	struct oid none = { { 1 } };
	uint64_t size;
	char *buf;
	size_t n;

	assert_false(mlops_store_has(f->store, &none));
	assert_error(mlops_store_size(f->store, &none, &size, &err), MLOPS_ENOTFOUND,
		     "not in the store");
	assert_error(mlops_store_get(f->store, &none, 10, &buf, &n, &err), MLOPS_ENOTFOUND,
		     "sha256:01");
}

static void test_limit(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "0123456789");
	char *buf;
	size_t n;

	assert_error(mlops_store_get(f->store, &a, 9, &buf, &n, &err), MLOPS_EINVALID,
		     "larger than 9");
}

/* Incompressible, so that the pack stays as large as it is. */
static char *noise(size_t n)
{
	char *p = xmalloc(n);
	uint64_t x = 88172645463325252ull;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (char)x;
	}
	return p;
}

static int compare_sink(const void *buf, size_t n, void *arg, struct mlops_error *e)
{
	const char **at = arg;

	(void)e;
	assert_memory_equal(buf, *at, n);
	*at += n;
	return 0;
}

static void check_stream(struct fixture *f, size_t n, size_t piece)
{
	autofree char *bytes = noise(n);
	struct store_writer *w;
	struct oid oid, direct;
	const char *at = bytes;

	assert_success(mlops_store_writer_new(f->store, NULL, &w, &err));
	for (size_t i = 0; i < n; i += piece)
		assert_success(
			mlops_store_writer_add(w, bytes + i, n - i < piece ? n - i : piece, &err));
	assert_success(mlops_store_writer_commit(w, &oid, &err));
	mlops_store_writer_free(w);
	assert_success(mlops_store_flush(f->store, &err));
	assert_success(mlops_store_read(f->store, &oid, compare_sink, &at, &err));
	assert_ptr_equal(at, bytes + n);
	assert_success(mlops_store_put(f->store, bytes, n, &direct, &err));
	assert_true(mlops_oid_equal(&oid, &direct));
}

static void test_streams(void **state)
{
	struct fixture *f = *state;

	check_stream(f, 0, 1);
	check_stream(f, 1000, 7);
	check_stream(f, (1 << 20) - 1, 100000);
	check_stream(f, 1 << 20, 1 << 20);
	check_stream(f, (3 << 20) + 5, 65536);
	assert_int_equal(faults(f), 0);
}

static void test_wrong_stream(void **state)
{
	struct fixture *f = *state;
	autofree char *bytes = noise(2 << 20);
	struct oid expect = put(f, "something else"), got;
	struct store_writer *w;

	for (size_t n = 10; n <= 2 << 20; n += (2 << 20) - 10) {
		assert_success(mlops_store_writer_new(f->store, &expect, &w, &err));
		assert_success(mlops_store_writer_add(w, bytes, n, &err));
		assert_error(mlops_store_writer_commit(w, &got, &err), MLOPS_ECORRUPT,
			     "have the hash");
		mlops_store_writer_free(w);
	}
	autofree char *tmp = path_join(f->store_dir, "tmp");
	reopen(f);
	assert_int_equal(rmdir(tmp), 0); /* nothing was left in it */
}

static void test_put_file(void **state)
{
	struct fixture *f = *state;
	autofree char *path = path_join(f->dir, "in"), *link = path_join(f->dir, "link");
	autofree char *fifo = path_join(f->dir, "fifo");
	struct oid oid;
	uint64_t size;

	assert_success(fs_write_atomic(path, "text", 4, 0644, &err));
	assert_success(mlops_store_put_file(f->store, path, &oid, &size, &err));
	assert_int_equal(size, 4);
	holds(f, &oid, "text");
	assert_int_equal(symlink("in", link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_error(mlops_store_put_file(f->store, link, &oid, &size, &err), MLOPS_EIO,
		     "cannot open");
	assert_error(mlops_store_put_file(f->store, fifo, &oid, &size, &err), MLOPS_EINVALID,
		     "not a regular");
	assert_error(mlops_store_put_file(f->store, f->dir, &oid, &size, &err), MLOPS_EINVALID,
		     "not a regular");
}

static void test_export(void **state)
{
	struct fixture *f = *state;
	autofree char *large = noise(2 << 20), *path = path_join(f->dir, "out");
	struct oid a = put(f, "small"), b;
	struct stat st;

	assert_success(mlops_store_put(f->store, large, 2 << 20, &b, &err));
	assert_success(mlops_store_export(f->store, &a, path, 0755, &err));
	assert_success(mlops_store_export(f->store, &b, path, 0644, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 2 << 20);
	assert_int_equal(st.st_mode & 0111, 0);
	f->store->hard_link = true;
	for (int i = 0; i < 2; i++) {
		assert_success(mlops_store_export(f->store, &b, path, 0644, &err));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_nlink, 2);
	}
	assert_success(mlops_store_export(f->store, &b, path, 0755, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_nlink, 1);
}

static uint64_t packed_size(const char *buf, size_t n)
{
	struct pack_form form;
	struct scratch *scratch;

	assert_success(scratch_new(&scratch, &err));
	pack_encode(buf, n, scratch, &form);
	assert_int_equal(form.raw, n);
	assert_int_equal(form.codec == PACK_RAW, form.n == n);
	scratch_free(scratch);
	return form.n;
}

/* Compressed where it pays; what looks random is not even tried. */
static void test_encode(void **state)
{
	enum { N = 4096 };
	char bytes[N], text[N], floats[N], repeats[N];
	uint64_t x = 88172645463325252;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		bytes[i] = (char)(x >> 24);
		text[i] = "abcdefghijklmnopqrstuvwxyz      "[x >> 40 & 31];
		floats[i] = i % 4 == 3 ? 0x3f : bytes[i];
		repeats[i] = bytes[i % 256];
	}
	assert_int_equal(packed_size(bytes, N), N);
	assert_int_equal(packed_size(bytes, 100), 100);
	assert_int_equal(packed_size(bytes, 0), 0);
	assert_in_range(packed_size(text, N), 1, N * 3 / 4);
	assert_in_range(packed_size(floats, N), 1, N * 15 / 16);
	assert_in_range(packed_size(repeats, N), 1, N / 4);
}

static void test_damaged_loose(void **state)
{
	struct fixture *f = *state;
	autofree char *large = noise(2 << 20), *out = path_join(f->dir, "out");
	struct oid oid;
	char *buf;
	size_t n;

	assert_success(mlops_store_put(f->store, large, 2 << 20, &oid, &err));
	autofree char *path = loose_path(f->store, &oid);
	change_byte(path, 4000);
	assert_error(mlops_store_get(f->store, &oid, 4 << 20, &buf, &n, &err), MLOPS_ECORRUPT,
		     "damaged");
	assert_error(mlops_store_export(f->store, &oid, out, 0644, &err), MLOPS_ECORRUPT,
		     "damaged");
	assert_false(fs_exists(out));
	assert_int_equal(faults(f), 1);
}

static void fill_pack(struct fixture *f, struct oid *first)
{
	*first = put(f, "one");
	put(f, "two");
	put(f, "a text long enough to be worth compressing, compressing, compressing, compressing, "
	       "compressing, compressing, compressing, compressing, compressing, compressing");
	assert_success(mlops_store_flush(f->store, &err));
}

static void test_damaged_pack(void **state)
{
	struct fixture *f = *state;
	struct oid first;
	char *buf;
	size_t n;

	fill_pack(f, &first);
	autofree char *pack = only_file(f, "packs", ".pack");
	change_byte(pack, PACK_HEADER + PACK_ENTRY_HEADER); /* the text of the first */
	assert_error(mlops_store_get(f->store, &first, 99, &buf, &n, &err), MLOPS_ECORRUPT,
		     "damaged");
	assert_int_equal(faults(f), 1);
	change_byte(pack, PACK_HEADER); /* its name */
	assert_error(mlops_store_get(f->store, &first, 99, &buf, &n, &err), MLOPS_ECORRUPT,
		     "not where");
	change_byte(pack, -1); /* the compressed one */
	assert_int_equal(faults(f), 2);
}

static void test_damaged_index(void **state)
{
	struct fixture *f = *state;
	struct oid first;
	struct stat st;

	fill_pack(f, &first);
	autofree char *path = only_file(f, "packs", ".idx");
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		change_byte(path, at);
		assert_int_equal(faults(f), 1);
		mlops_store_has(f->store, &first); /* whatever it answers, it does not crash */
		change_byte(path, at);
	}
	assert_int_equal(faults(f), 0);
}

static void test_truncated(void **state)
{
	struct fixture *f = *state;
	struct oid first;
	struct stat st;

	fill_pack(f, &first);
	autofree char *pack = only_file(f, "packs", ".pack"),
		      *index = only_file(f, "packs", ".idx");
	assert_int_equal(chmod(pack, 0644) | chmod(index, 0644) | stat(index, &st), 0);
	for (off_t n = st.st_size - 1; n >= 0; n -= 97) {
		assert_int_equal(truncate(index, n), 0);
		assert_int_equal(faults(f), 1);
		assert_false(mlops_store_has(f->store, &first));
	}
	assert_int_equal(truncate(pack, 3), 0);
	assert_int_equal(faults(f), 1);
}

static void test_pack_without_index(void **state)
{
	struct fixture *f = *state;
	struct oid first;

	fill_pack(f, &first);
	autofree char *index = only_file(f, "packs", ".idx");
	assert_int_equal(unlink(index), 0);
	assert_int_equal(faults(f), 0);
	assert_false(mlops_store_has(f->store, &first));
	fill_pack(f, &first);
	holds(f, &first, "one");
}

static void test_newer_version(void **state)
{
	struct fixture *f = *state;
	struct oid first;
	struct pack *p;

	fill_pack(f, &first);
	autofree char *index = only_file(f, "packs", ".idx");
	autofree char *dir = path_dir(index), *hex = xstrndup(path_base(index), MLOPS_OID_HEX);
	change_byte(index, 5);
	assert_error(pack_open(dir, hex, &p, &err), MLOPS_EINVALID, "version 257");
}

static void test_leftovers(void **state)
{
	struct fixture *f = *state;
	autofree char *old = path_join(f->store_dir, "tmp/old"),
		      *fresh = path_join(f->store_dir, "tmp/new");
	struct utimbuf times = { 1000, 1000 };

	assert_success(fs_mkdirs_for(old, &err));
	assert_success(fs_write_atomic(old, "x", 1, 0644, &err));
	assert_success(fs_write_atomic(fresh, "x", 1, 0644, &err));
	assert_int_equal(utime(old, &times), 0);
	put(f, "anything");
	assert_false(fs_exists(old));
	assert_true(fs_exists(fresh));
}

static void *put_many(void *arg)
{
	struct fixture *f = arg;
	autoerr own = ERR_INIT;
	char text[32];
	struct oid oid;

	for (int i = 0; i < 200; i++) {
		autofree char *buf = NULL;
		size_t n;

		snprintf(text, sizeof(text), "object %d", i);
		if (mlops_store_put(f->store, text, strlen(text), &oid, &own) ||
		    (i % 50 == 49 && mlops_store_flush(f->store, &own)) ||
		    mlops_store_get(f->store, &oid, 100, &buf, &n, &own))
			return xstrdup(own.msg);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_create(&threads[i], NULL, put_many, f);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *failure;

		pthread_join(threads[i], &failure);
		if (failure)
			fail_msg("%s", (char *)failure);
	}
	assert_success(mlops_store_flush(f->store, &err));
	assert_int_equal(faults(f), 0);
}

#define store_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

/* A look at which folders of loose/ there are does not hide what is made after. */
static void test_found_without_fresh_look(void **state)
{
	struct fixture *f = *state;
	struct place place;
	struct oid absent;

	memset(&absent, 1, sizeof(absent));
	store_find(f->store, &absent, false, &place);
	assert_int_equal(place.kind, PLACE_NONE);
	f->store->pack_threshold = 1;
	struct oid oid = put(f, "large");
	store_find(f->store, &oid, false, &place);
	assert_int_equal(place.kind, PLACE_LOOSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(test_packed),
		store_test(test_single_is_loose),
		store_test(test_not_flushed),
		store_test(test_twice),
		store_test(test_other_process_adds),
		store_test(test_missing),
		store_test(test_limit),
		store_test(test_streams),
		store_test(test_wrong_stream),
		store_test(test_put_file),
		store_test(test_export),
		store_test(test_encode),
		store_test(test_damaged_loose),
		store_test(test_damaged_pack),
		store_test(test_damaged_index),
		store_test(test_truncated),
		store_test(test_pack_without_index),
		store_test(test_newer_version),
		store_test(test_leftovers),
		store_test(test_threads),
		store_test(test_found_without_fresh_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
