/* Containers: map, vec, strlist, arena. */
#include "base/map.h"

#include "base/arena.h"
#include "unit.h"

static void map_keeps_all(void **state)
{
	automap m = { 0 };
	char key[32];

	(void)state;
	assert_null(map_get(&m, "absent"));
	for (size_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%zu", i);
		assert_null(map_put(&m, key, (void *)(i + 1)));
	}
	for (size_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%zu", i);
		assert_ptr_equal(map_get(&m, key), (void *)(i + 1));
		assert_string_equal(m.v[i].key, key); /* the order of insertion */
	}
	assert_null(map_get(&m, "key-5000"));
	assert_ptr_equal(map_put(&m, "key-7", (void *)99), (void *)8);
	assert_int_equal(m.n, 5000);
}

static void map_takes_bytes(void **state)
{
	automap m = { 0 };

	(void)state;
	map_putn(&m, "a\0b", 3, (void *)"first");
	map_putn(&m, "a\0c", 3, (void *)"second");
	map_putn(&m, "", 0, (void *)"empty");
	assert_string_equal(map_getn(&m, "a\0b", 3), "first");
	assert_string_equal(map_getn(&m, "a\0c", 3), "second");
	assert_string_equal(map_get(&m, ""), "empty");
	assert_null(map_get(&m, "a"));
}

static void map_frees_values(void **state)
{
	struct map m = { 0 };

	(void)state;
	map_put(&m, "a", xstrdup("value"));
	map_clear_values(&m, free);
	assert_int_equal(m.n, 0);
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void vec_grows_and_sorts(void **state)
{
	VEC(int) v = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		vec_push(&v, (i * 37) % 100);
	vec_sort(&v, by_value);
	for (int i = 0; i < 100; i++)
		assert_int_equal(v.v[i], i);
	vec_free(&v);
	assert_null(v.v);
}

static void strlist(void **state)
{
	autostrlist list = { 0 };

	(void)state;
	strlist_sort(&list);
	strlist_add(&list, "b");
	strlist_take(&list, xstrdup("a"));
	strlist_sort(&list);
	assert_string_equal(list.v[0], "a");
	assert_true(strlist_has(&list, "b") && !strlist_has(&list, "c"));
}

static void arena_aligns_and_zeroes(void **state)
{
	autoarena a = { 0 };

	(void)state;
	for (size_t n = 0; n < 3000; n += 7) {
		char *p = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	assert_non_null(arena_alloc(&a, 1 << 20));
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	assert_string_equal(arena_strndup(&a, "abc", 2), "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_keeps_all),    cmocka_unit_test(map_takes_bytes),
		cmocka_unit_test(map_frees_values), cmocka_unit_test(vec_grows_and_sorts),
		cmocka_unit_test(strlist),          cmocka_unit_test(arena_aligns_and_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
