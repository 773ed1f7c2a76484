/* Tokens of the object server: made, checked, removed, read from a header; ranges of a GET. */
#include "unit.h"

#include <sys/stat.h>

#include "mlops/serve.h"
#include "serve/range.h"
#include "serve/token.h"

static int set_up(void **state)
{
	*state = unit_scratch();
	return 0;
}

static int tear_down(void **state)
{
	unit_scratch_remove(*state);
	return 0;
}

/* "no", or the scope */
static const char *scope_of(struct token_set *set, const char *text)
{
	autoerr err = ERR_INIT;
	struct token token;
	bool known;

	assert_success(token_set_check(set, text, strlen(text), &known, &token, &err));
	return known ? token_scope_name(token.scope) : "no";
}

static void test_life(void **state)
{
	autofree char *reader = NULL, *writer = NULL, *none = NULL;
	struct server_token *list;
	struct token_set *set;
	autoerr err = ERR_INIT;
	size_t n;

	assert_success(token_set_open(*state, &set, &err));
	assert_success(token_set_count(set, &n, &err));
	assert_int_equal(n, 0);
	assert_string_equal(scope_of(set, ""), "no");
	assert_success(mlops_server_token_add(*state, "ann", "read", NULL, &reader, &err));
	assert_success(mlops_server_token_add(*state, "bob", "write", NULL, &writer, &err));
	assert_int_equal(strlen(reader), 4 + 64);
	assert_string_equal(scope_of(set, reader), "read");
	assert_string_equal(scope_of(set, writer), "write");
	reader[10] ^= 1;
	assert_string_equal(scope_of(set, reader), "no");
	reader[10] ^= 1;
	assert_error(mlops_server_token_add(*state, "ann", "read", NULL, &none, &err),
		     MLOPS_EEXISTS, "ann");
	assert_error(mlops_server_token_add(*state, "a b", "read", NULL, &none, &err),
		     MLOPS_EINVALID, "a b");
	assert_error(mlops_server_token_add(*state, "x\n", "read", NULL, &none, &err),
		     MLOPS_EINVALID, "name");
	assert_error(mlops_server_token_add(*state, "x", "owner", NULL, &none, &err), MLOPS_EUSAGE,
		     "owner");
	assert_success(mlops_server_tokens_list(*state, &list, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(list[1].name, "bob");
	assert_string_equal(list[1].scope, "write");
	mlops_server_tokens_free(list, n);
	assert_success(mlops_server_token_remove(*state, "ann", &err));
	assert_string_equal(scope_of(set, reader), "no");
	assert_string_equal(scope_of(set, writer), "write");
	assert_error(mlops_server_token_remove(*state, "ann", &err), MLOPS_ENOTFOUND, "ann");
	token_set_free(set);
}

static void test_file(void **state)
{
	static const char *const broken[] = {
		"",
		"version 3\n",
		"version 1\nread x 1 a\n",
		"version 2\nread "
		"0000000000000000000000000000000000000000000000000000000000000000 1 a\n",
		"version 2\nread ../x "
		"0000000000000000000000000000000000000000000000000000000000000000 1 a\n",
		"version 1\nall 00 1 a\n",
		"version 1\nread "
		"0000000000000000000000000000000000000000000000000000000000000000 x a\n",
		"version 1\nread "
		"0000000000000000000000000000000000000000000000000000000000000000 1 \n",
	};
	autofree char *path = path_join(*state, "tokens"), *token = NULL;
	struct token_set *set;
	autoerr err = ERR_INIT;
	struct stat st;

	assert_success(mlops_server_token_add(*state, "ann", "read", NULL, &token, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		assert_success(fs_write_atomic(path, broken[i], strlen(broken[i]), 0600, &err));
		assert_error(token_set_open(*state, &set, &err), MLOPS_ECORRUPT, "tokens");
	}
}

static void test_projects(void **state)
{
	static const char first[] =
		"version 1\nwrite "
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 1 old\n";
	autofree char *path = path_join(*state, "tokens"), *text = NULL;
	struct token_set *set;
	autoerr err = ERR_INIT;
	struct token token;
	bool known;

	assert_success(fs_write_atomic(path, first, strlen(first), 0600, &err));
	assert_success(mlops_server_token_add(*state, "ann", "admin", "team", &text, &err));
	assert_success(token_set_open(*state, &set, &err));
	assert_success(token_set_check(set, text, strlen(text), &known, &token, &err));
	assert_true(known && token.scope == TOKEN_ADMIN);
	assert_true(token_is_for(&token, "team"));
	assert_false(token_is_for(&token, "default"));
	assert_success(token_set_check(set, "abc", 3, &known, &token, &err));
	assert_true(known && token.scope == TOKEN_WRITE && token_is_for(&token, "team"));
	assert_error(mlops_server_token_add(*state, "x", "read", "../x", &text, &err),
		     MLOPS_EINVALID, "../x");
	assert_error(token_file_remove(*state, "old", "team", &err), MLOPS_ENOTFOUND, "old");
	assert_success(token_file_remove(*state, "ann", "team", &err));
	token_set_free(set);
}

static void test_header(void **state)
{
	(void)state;
	assert_made(token_of_header("Bearer abc"), "abc");
	assert_made(token_of_header("bearer abc"), "abc");
	assert_made(token_of_header("Basic YW5uOnNlY3JldA=="), "secret");
	assert_made(token_of_header("Basic OnNlY3JldDp4"), "secret:x");
	assert_null(token_of_header("Basic YW5u")); /* no colon */
	assert_null(token_of_header("Basic "));
	assert_null(token_of_header("Basic !!!!"));
	assert_null(token_of_header("Digest abc"));
	assert_null(token_of_header(""));
}

static void check_range(const char *header, uint64_t size, enum range_kind kind, uint64_t from,
			uint64_t n)
{
	uint64_t got_from = 0, got_n = 0;

	assert_int_equal(range_parse(header, size, &got_from, &got_n), kind);
	if (kind != RANGE_PART)
		return;
	assert_int_equal(got_from, from);
	assert_int_equal(got_n, n);
}

static void test_range(void **state)
{
	(void)state;
	check_range("bytes=0-0", 10, RANGE_PART, 0, 1);
	check_range("bytes=3-", 10, RANGE_PART, 3, 7);
	check_range("bytes=3-99", 10, RANGE_PART, 3, 7);
	check_range("bytes=-4", 10, RANGE_PART, 6, 4);
	check_range("bytes=-99", 10, RANGE_PART, 0, 10);
	check_range("bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10);
	check_range("bytes=10-", 10, RANGE_NONE, 0, 0);
	check_range("bytes=0-", 0, RANGE_NONE, 0, 0);
	check_range("bytes=-0", 10, RANGE_NONE, 0, 0);
	check_range(NULL, 10, RANGE_ALL, 0, 0);
	check_range("bytes=5-3", 10, RANGE_ALL, 0, 0);
	check_range("bytes=0-1,3-4", 10, RANGE_ALL, 0, 0);
	check_range("rows=0-1", 10, RANGE_ALL, 0, 0);
	check_range("bytes=99999999999999999999-", 10, RANGE_ALL, 0, 0);
	check_range("bytes=", 10, RANGE_ALL, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_projects, set_up, tear_down),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
