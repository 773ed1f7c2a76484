/* SHA-256, object names as text, comparing secrets. */
#include "crypto/hash.h"

#include "base/hex.h"
#include "unit.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct mlops_error err;

static void known_answers(void **state)
{
	char hex[MLOPS_OID_HEX + 1];
	struct oid oid;

	(void)state;
	assert_success(hash_buf("", 0, &oid, &err));
	assert_string_equal(mlops_oid_hex(&oid, hex), EMPTY);
	assert_success(hash_buf("abc", 3, &oid, &err));
	assert_string_equal(mlops_oid_hex(&oid, hex), ABC);
}

static void pieces_and_reuse(void **state)
{
	struct hasher *h;
	struct oid pieces, whole;

	(void)state;
	assert_success(hasher_new(&h, &err));
	hasher_update(h, "noise", 5);
	hasher_reset(h);
	hasher_update(h, "a", 1);
	hasher_update(h, "", 0);
	hasher_update(h, "bc", 2);
	hasher_final(h, &pieces);
	hasher_free(h);
	hasher_free(NULL);
	assert_success(hash_buf("abc", 3, &whole, &err));
	assert_true(mlops_oid_equal(&pieces, &whole));
}

static void names_as_text(void **state)
{
	static const char *const bad[] = { "",         "sha256:",  ABC "0",
					   "BA7816BF", "md5:" ABC, "sha256:sha256:" ABC,
					   " " ABC };
	struct oid oid, other;

	(void)state;
	assert_true(mlops_oid_parse(ABC, &oid) && mlops_oid_parse("sha256:" ABC, &other));
	assert_true(mlops_oid_equal(&oid, &other));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mlops_oid_parse(bad[i], &other));
	assert_true(mlops_oid_equal(&oid, &other)); /* untouched */
	assert_true(mlops_oid_parse(EMPTY, &other));
	assert_true(mlops_oid_compare(&oid, &other) < 0);
	assert_false(mlops_oid_parse(
		"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", &oid));
}

static void hex(void **state)
{
	unsigned char raw[2];
	char text[5];

	(void)state;
	assert_string_equal(hex_encode(text, "\x0f\xa0", 2), "0fa0");
	assert_true(hex_decode(raw, 2, "0fa0") && raw[0] == 0x0f && raw[1] == 0xa0);
	assert_false(hex_decode(raw, 2, "0fa"));
	assert_false(hex_decode(raw, 2, "0FA0"));
}

static void secrets(void **state)
{
	bool equal = false;

	(void)state;
	assert_success(secret_equal("abcd", "abcd", 4, &equal, &err));
	assert_true(equal);
	assert_success(secret_equal("abcd", "abce", 4, &equal, &err));
	assert_false(equal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers), cmocka_unit_test(pieces_and_reuse),
		cmocka_unit_test(names_as_text), cmocka_unit_test(hex),
		cmocka_unit_test(secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
