/* Sealed objects: made by another program, round trips, and everything that must not open. */
#include "crypto/sealed.h"

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "unit.h"

/* "abc" sealed by a Python program written from mlops-sealed(5), with key 00 01 .. 1f. */
static const char aes_abc[] = "4d4c5345010000000100000000000000bad139f4399f99512021222324252627"
			      "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f94add43cf5a347ac"
			      "6aac03067645a3b8f6c0816e61d3ab5bf6121f4f147b42a5c496c2f1f1683bd4"
			      "a09aef0e02023b52400fe35090232b2cf99712242f3ba8538c2a8f76e8e622ee"
			      "fcf94a";
static const char chacha_abc[] = "4d4c5345010000000200000000000000bad139f4399f99512021222324252627"
				 "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f94add43cf5a347ac"
				 "6aac03067645a3b8f6c0816e61d3ab5bf6121f4f147b42a5530b408ed89dfdb2"
				 "fd8616b1e02440888f0553e5ad9dbd0c9ae660dd55eee78b47ec60806d68e68b"
				 "61073a";

static struct mlops_error err;

static struct seal_key *make_key(uint8_t first, enum cipher_kind kind)
{
	struct seal_key *key;
	uint8_t secret[KEY_SIZE];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(first + i);
	assert_success(seal_key_new(secret, kind, &key, &err));
	return key;
}

static void name_of(const struct seal_key *key, const void *p, size_t n, struct oid *out)
{
	struct oid oid;

	assert_success(hash_buf(p, n, &oid, &err));
	seal_name(key, &oid, out);
}

static void known_answers(void **state)
{
	const char *const texts[] = { aes_abc, chacha_abc };
	uint8_t bytes[SEALED_HEADER + 3 + CIPHER_TAG], out[3];
	struct seal_key *key = make_key(0, CIPHER_AES_256_GCM);
	struct oid name;

	(void)state;
	assert_string_equal(seal_key_id(key), "bad139f4399f9951");
	name_of(key, "abc", 3, &name);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_true(hex_decode(bytes, sizeof(bytes), texts[i]));
		assert_success(sealed_get(key, &name, bytes, sizeof(bytes), out, &err));
		assert_memory_equal(out, "abc", 3);
	}
	seal_key_free(key);
}

static void sizes(void **state)
{
	static const uint64_t plain[] = { 0,     1,      65535,  65536,
					  65537, 131072, 131073, (uint64_t)5 << 40 };
	uint64_t n = 7;

	(void)state;
	assert_int_equal(sealed_size(0), SEALED_HEADER + CIPHER_TAG);
	assert_int_equal(sealed_size(65537), SEALED_HEADER + 65537 + 2 * CIPHER_TAG);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		assert_true(sealed_plain_size(sealed_size(plain[i]), &n));
		assert_int_equal(n, plain[i]);
	}
	assert_false(sealed_plain_size(0, &n));
	assert_false(sealed_plain_size(SEALED_HEADER + CIPHER_TAG - 1, &n));
	assert_false(
		sealed_plain_size(sealed_size(65536) + CIPHER_TAG, &n)); /* an empty last chunk */
	assert_false(sealed_plain_size(UINT64_MAX, &n));
	assert_int_equal(n, plain[7]);
}

static void round_trips(void **state)
{
	static const size_t plain[] = { 0, 1, 65535, 65536, 65537, 200000 };

	(void)state;
	for (int kind = CIPHER_AES_256_GCM; kind <= CIPHER_CHACHA20_POLY1305; kind++) {
		struct seal_key *key = make_key(9, (enum cipher_kind)kind);

		for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
			size_t n = plain[i], size = (size_t)sealed_size(n);
			autofree uint8_t *in = xmalloc(n + 1), *out = xmalloc(n + 1);
			autofree uint8_t *a = xmalloc(size), *b = xmalloc(size);
			struct oid name;

			memset(in, 'x', n);
			name_of(key, in, n, &name);
			assert_success(sealed_put(key, &name, in, n, a, &err));
			assert_success(sealed_put(key, &name, in, n, b, &err));
			assert_memory_not_equal(a, b, size); /* no two seals are alike */
			assert_success(sealed_get(key, &name, a, size, out, &err));
			assert_memory_equal(in, out, n);
		}
		seal_key_free(key);
	}
}

/* Whichever bit is turned, the answer is damage: also in the id of the key. */
static void every_bit(void **state)
{
	struct seal_key *key = make_key(0, CIPHER_AES_256_GCM);
	uint8_t sealed[SEALED_HEADER + 3 + CIPHER_TAG], out[3];
	struct oid name;

	(void)state;
	name_of(key, "abc", 3, &name);
	assert_success(sealed_put(key, &name, "abc", 3, sealed, &err));
	for (size_t i = 0; i < 8 * sizeof(sealed); i++) {
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_error(sealed_get(key, &name, sealed, sizeof(sealed), out, &err),
			     MLOPS_ECORRUPT, "sealed object");
		sealed[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_success(sealed_get(key, &name, sealed, sizeof(sealed), out, &err));
	seal_key_free(key);
}

static void other_keys_and_names(void **state)
{
	struct seal_key *key = make_key(0, CIPHER_AES_256_GCM);
	struct seal_key *other = make_key(1, CIPHER_AES_256_GCM);
	uint8_t sealed[SEALED_HEADER + 3 + CIPHER_TAG], out[3];
	struct sealed_info info;
	struct oid name, elsewhere;

	(void)state;
	name_of(key, "abc", 3, &name);
	name_of(key, "abd", 3, &elsewhere);
	assert_success(sealed_put(key, &name, "abc", 3, sealed, &err));
	assert_error(sealed_get(other, &name, sealed, sizeof(sealed), out, &err), MLOPS_EKEY,
		     "sealed with key bad139f4399f9951, this key is ");
	assert_error(sealed_get(key, &elsewhere, sealed, sizeof(sealed), out, &err), MLOPS_ECORRUPT,
		     "damaged");
	assert_success(sealed_inspect(sealed, &info, &err));
	assert_true(mlops_oid_equal(&info.name, &name));
	assert_string_equal(info.key_id, seal_key_id(key));
	seal_key_free(key);
	seal_key_free(other);
}

/* Chunks that were cut off, put behind, exchanged, or come from another object. */
static void chunks(void **state)
{
	enum { N = 3 * SEALED_CHUNK, SIZE = SEALED_HEADER + 3 * SEALED_BLOCK };
	struct seal_key *key = make_key(0, CIPHER_AES_256_GCM);
	autofree uint8_t *in = xcalloc(1, N), *out = xmalloc(N + SEALED_CHUNK);
	autofree uint8_t *good = xmalloc(SIZE), *bad = xmalloc(SIZE + SEALED_BLOCK);
	uint8_t *first = bad + SEALED_HEADER;
	struct oid name;

	(void)state;
	name_of(key, in, N, &name);
	assert_success(sealed_put(key, &name, in, N, good, &err));
	memcpy(bad, good, SIZE);
	assert_error(sealed_get(key, &name, bad, SIZE - SEALED_BLOCK, out, &err), MLOPS_ECORRUPT,
		     "damaged");
	memcpy(bad + SIZE, bad + SIZE - SEALED_BLOCK, SEALED_BLOCK);
	assert_error(sealed_get(key, &name, bad, SIZE + SEALED_BLOCK, out, &err), MLOPS_ECORRUPT,
		     "damaged");
	memcpy(first, good + SEALED_HEADER + SEALED_BLOCK, SEALED_BLOCK);
	memcpy(first + SEALED_BLOCK, good + SEALED_HEADER, SEALED_BLOCK);
	assert_error(sealed_get(key, &name, bad, SIZE, out, &err), MLOPS_ECORRUPT, "damaged");
	assert_success(sealed_put(key, &name, in, N, bad, &err));
	memcpy(first, good + SEALED_HEADER, SEALED_BLOCK);
	assert_error(sealed_get(key, &name, bad, SIZE, out, &err), MLOPS_ECORRUPT, "damaged");
	seal_key_free(key);
}

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static void keys_as_text(void **state)
{
	static const char *const good[] = { DIGITS, "  " DIGITS "\n",
					    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n" };
	static const char *const bad[] = { "", DIGITS "00", "hunter2",
					   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
					   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" };
	uint8_t key[KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		memset(key, 0, sizeof(key));
		assert_success(key_parse(str_of(good[i]), "it", key, &err));
		assert_int_equal(key[31], 31);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(key_parse(str_of(bad[i]), "the file 'k'", key, &err), -1);
		assert_int_equal(err.kind, MLOPS_EKEY);
		assert_non_null(strstr(err.msg, "the file 'k' holds no key"));
		assert_null(strstr(err.msg, "hunter2"));
		mlops_error_clear(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers), cmocka_unit_test(sizes),
		cmocka_unit_test(round_trips),   cmocka_unit_test(every_bit),
		cmocka_unit_test(chunks),        cmocka_unit_test(other_keys_and_names),
		cmocka_unit_test(keys_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
