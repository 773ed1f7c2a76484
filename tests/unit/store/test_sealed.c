/* Sealed stores: objects of every shape come back, in parts too; and what only a holder of the key could forge. */
#include "store/sealed.h"

#include "crypto/key.h"
#include "unit.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct mlops_error err;
static char *dir;

static int set_up(void **state)
{
	(void)state;
	dir = unit_scratch();
	setenv("MLOPS_KEY", KEY, 1);
	setenv("MLOPS_CORE_ENCRYPTION", "aes-256-gcm", 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unsetenv("MLOPS_KEY");
	unsetenv("MLOPS_CORE_ENCRYPTION");
	unit_scratch_remove(dir);
	return 0;
}

static char *make_bytes(size_t n)
{
	char *bytes = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + i / 1000);
	return bytes;
}

static void check_object(struct store *s, const struct oid *oid, const char *bytes, size_t n)
{
	autofree char *got = NULL;
	uint64_t size;
	size_t got_n;

	assert_true(mlops_store_has(s, oid));
	assert_success(mlops_store_size(s, oid, &size, &err));
	assert_int_equal(size, n);
	assert_success(mlops_store_get(s, oid, n, &got, &got_n, &err));
	assert_int_equal(got_n, n);
	assert_memory_equal(got, bytes, n);
}

static void every_size(void **state)
{
	static const size_t sizes[] = {
		0, 1, 65536, 65537, 1 << 20, (1 << 20) + 1, 3 << 19, (2 << 20) - 1
	};
	struct store *s;
	struct oid oids[ARRAY_LEN(sizes)];

	(void)state;
	assert_success(mlops_store_open(dir, &s, &err));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		autofree char *bytes = make_bytes(sizes[i]);

		assert_success(mlops_store_put(s, bytes, sizes[i], &oids[i], &err));
		check_object(s, &oids[i], bytes, sizes[i]);
	}
	assert_success(mlops_store_flush(s, &err));
	mlops_store_free(s);
	assert_success(mlops_store_open(dir, &s, &err));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		autofree char *bytes = make_bytes(sizes[i]);

		check_object(s, &oids[i], bytes, sizes[i]);
	}
	mlops_store_free(s);
}

static void streams_and_parts(void **state)
{
	enum { N = 1500000 };
	autofree char *bytes = make_bytes(N);
	struct store_writer *w;
	struct sealed_reader *r;
	struct store *s;
	struct oid oid;
	char part[70000];

	(void)state;
	assert_success(mlops_store_open(dir, &s, &err));
	assert_success(mlops_store_writer_new(s, NULL, &w, &err));
	for (size_t at = 0; at < N; at += 99999)
		assert_success(mlops_store_writer_add(w, bytes + at,
						      N - at < 99999 ? N - at : 99999, &err));
	assert_success(mlops_store_writer_commit(w, &oid, &err));
	mlops_store_writer_free(w);
	check_object(s, &oid, bytes, N);
	assert_success(store_open_sealed(s, &oid, &r, &err));
	for (size_t at = 0; at + sizeof(part) <= N; at += 65536 + 333) {
		assert_success(sealed_reader_read(r, at, part, sizeof(part), &err));
		assert_memory_equal(part, bytes + at, sizeof(part));
	}
	assert_success(sealed_reader_read(r, N, part, 0, &err));
	assert_error(sealed_reader_read(r, N - 1, part, 2, &err), MLOPS_ECORRUPT, "too short");
	sealed_reader_free(r);
	mlops_store_free(s);
}

static void ignore(const char *what, void *arg)
{
	(void)what, (void)arg;
}

/* Under the name of one object another is sealed, with the right key: only the hash tells. */
static void forged(void **state)
{
	uint8_t sealed[SEALED_HEADER + 5 + CIPHER_TAG];
	struct store_check counts;
	struct store *s;
	struct oid oid, name;
	char *got;
	size_t n;

	(void)state;
	assert_success(mlops_store_open(dir, &s, &err));
	assert_success(hash_buf("right", 5, &oid, &err));
	sealed_name(s, &oid, &name);
	assert_success(sealed_put(s->key, &name, "wrong", 5, sealed, &err));
	autofree char *path = sealed_path(s, &name);
	assert_success(fs_mkdirs_for(path, &err));
	assert_success(fs_write_atomic(path, sealed, sizeof(sealed), 0444, &err));
	assert_error(mlops_store_get(s, &oid, 5, &got, &n, &err), MLOPS_ECORRUPT, "is damaged");
	assert_success(mlops_store_verify(s, ignore, NULL, &counts, &err));
	assert_int_equal(counts.damaged, 1);
	mlops_store_free(s);
}

/* What others sealed goes in and comes out as it is, under the name in its header. */
static void without_the_key(void **state)
{
	uint8_t sealed[SEALED_HEADER + 5 + CIPHER_TAG], secret[KEY_SIZE] = { 1 };
	struct seal_key *key;
	struct store_writer *w;
	struct store *s;
	struct oid name = { { 9 } }, other = { { 8 } }, got;

	(void)state;
	assert_success(seal_key_new(secret, CIPHER_AES_256_GCM, &key, &err));
	assert_success(sealed_put(key, &name, "bytes", 5, sealed, &err));
	seal_key_free(key);
	assert_success(mlops_store_open_unkeyed(dir, &s, &err));
	assert_success(mlops_store_writer_new(s, &other, &w, &err));
	assert_success(mlops_store_writer_add(w, sealed, sizeof(sealed), &err));
	assert_error(mlops_store_writer_commit(w, &got, &err), MLOPS_ECORRUPT, "another name");
	mlops_store_writer_free(w);
	assert_success(mlops_store_writer_new(s, &name, &w, &err));
	assert_success(mlops_store_writer_add(w, sealed, sizeof(sealed), &err));
	assert_success(mlops_store_writer_commit(w, &got, &err));
	mlops_store_writer_free(w);
	check_object(s, &name, (const char *)sealed, sizeof(sealed));
	assert_success(mlops_store_flush(s, &err));
	check_object(s, &name, (const char *)sealed, sizeof(sealed));
	mlops_store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(streams_and_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_the_key, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
