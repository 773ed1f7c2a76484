/* Repairing a store: what survives, what is lost, and what stays aside until it is here again. */
#include <fcntl.h>
#include <sys/stat.h>

#include "mlops/store.h"
#include "store/private.h"
#include "unit.h"

static char *dir;
static struct store *store;
static struct mlops_error err;

static int set_up(void **state)
{
	(void)state;
	dir = unit_scratch();
	return mlops_store_open(dir, &store, &err);
}

static int tear_down(void **state)
{
	(void)state;
	mlops_store_free(store);
	mlops_error_clear(&err);
	unit_scratch_remove(dir);
	return 0;
}

static struct oid put(const char *text)
{
	struct oid oid;

	assert_success(mlops_store_put(store, text, strlen(text), &oid, &err));
	return oid;
}

static void overwrite(const char *path, off_t at, const char *text)
{
	assert_int_equal(chmod(path, 0600), 0);
	autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
}

static void count_fault(const char *what, void *arg)
{
	assert_non_null(what);
	++*(int *)arg;
}

static int repair(void)
{
	struct store_check counts;
	int faults = 0;

	assert_success(mlops_store_repair(store, count_fault, &faults, &counts, &err));
	return faults;
}

static size_t lost(struct oid *first)
{
	struct oid *oids;
	size_t n;

	assert_success(mlops_store_lost(store, &oids, &n, &err));
	if (n)
		*first = oids[0];
	free(oids);
	return n;
}

/* A pack of "one" and "two" at 8 and 8 + 56 + 3, and its path. */
static char *make_pack(struct oid *one, struct oid *two)
{
	*one = put("one");
	*two = put("two");
	assert_success(mlops_store_flush(store, &err));
	assert_int_equal(store->packs.n, 1);
	return xstrdup(store->packs.v[0]->path);
}

static void whole_entries_survive(void **state)
{
	struct oid one, two, gone;
	autofree char *pack = make_pack(&one, &two);

	(void)state;
	overwrite(pack, 8 + 56, "X");
	assert_int_equal(repair(), 1);
	assert_false(mlops_store_has(store, &one));
	assert_true(mlops_store_has(store, &two));
	assert_int_equal(lost(&gone), 1);
	assert_true(mlops_oid_equal(&gone, &one));
	assert_int_equal(repair(), 0);
	assert_int_equal(lost(&gone), 1); /* it stays so */
	put("one");
	assert_success(mlops_store_flush(store, &err));
	assert_int_equal(lost(&gone), 0);
	autofree char *aside = path_join(dir, "damaged");
	assert_false(fs_exists(aside));
}

static void a_pack_without_index_is_used_again(void **state)
{
	struct oid one, two, gone;
	autofree char *pack = make_pack(&one, &two);
	autofree char *index = xasprintf("%.*s.idx", (int)(strlen(pack) - 5), pack);

	(void)state;
	assert_int_equal(unlink(index), 0);
	mlops_store_free(store);
	assert_success(mlops_store_open(dir, &store, &err));
	assert_false(mlops_store_has(store, &one));
	assert_int_equal(repair(), 0);
	assert_true(mlops_store_has(store, &one) && mlops_store_has(store, &two));
	assert_int_equal(lost(&gone), 0);
}

static void a_loose_object_counts_as_absent(void **state)
{
	struct oid oid = put("alone"), gone;

	(void)state;
	assert_success(mlops_store_flush(store, &err));
	autofree char *path = loose_path(store, &oid);
	overwrite(path, 0, "A");
	assert_int_equal(repair(), 1);
	assert_false(mlops_store_has(store, &oid));
	assert_int_equal(lost(&gone), 1);
	assert_true(mlops_oid_equal(&gone, &oid));
}

static int count_claim(const struct pack_entry *e, void *arg, struct mlops_error *ignored)
{
	assert_non_null(e);
	(void)ignored;
	++*(int *)arg;
	return 0;
}

static void claims_end_where_a_header_cannot_be_one(void **state)
{
	struct oid one, two;
	autofree char *pack = make_pack(&one, &two);
	autofree char *index = xasprintf("%.*s.idx", (int)(strlen(pack) - 5), pack);
	autofree char *hex = xstrndup(path_base(pack), MLOPS_OID_HEX);
	autofree char *packs = path_dir(pack);
	int n = 0;

	(void)state;
	assert_success(pack_claims(packs, hex, count_claim, &n, &err));
	assert_int_equal(n, 2);
	overwrite(pack, 8 + 56 + 3 + 48, "\7"); /* no such compression */
	assert_int_equal(unlink(index), 0);
	n = 0;
	assert_success(pack_claims(packs, hex, count_claim, &n, &err));
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(whole_entries_survive),
		TEST(a_pack_without_index_is_used_again),
		TEST(a_loose_object_counts_as_absent),
		TEST(claims_end_where_a_header_cannot_be_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
