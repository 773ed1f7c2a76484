/* Packs written anew while another process reads; marks; what killed processes leave. */
#include "store/rewrite.h"

#include <fcntl.h>

#include "base/fs.h"
#include "store/leftovers.h"
#include "store/mark.h"
#include "unit.h"

static struct mlops_error err;

struct fixture {
	char *dir;
	struct store *writer, *reader; /* of one folder, as two processes have it */
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = unit_scratch();
	assert_success(mlops_store_open(f->dir, &f->writer, &err));
	assert_success(mlops_store_open(f->dir, &f->reader, &err));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	mlops_store_free(f->writer);
	mlops_store_free(f->reader);
	unit_scratch_remove(f->dir);
	free(f);
	return 0;
}

static struct oid put(struct fixture *f, const char *text)
{
	struct oid oid;

	assert_success(mlops_store_put(f->writer, text, strlen(text), &oid, &err));
	return oid;
}

static void holds(struct store *store, const struct oid *oid, const char *text)
{
	autofree char *buf = NULL;
	size_t n;

	assert_success(mlops_store_get(store, oid, 100, &buf, &n, &err));
	assert_string_equal(buf, text);
}

static bool all(uint32_t i, const struct oid *oid, void *arg)
{
	(void)i, (void)oid, (void)arg;
	return true;
}

static bool not_the(uint32_t i, const struct oid *oid, void *arg)
{
	(void)i;
	return !mlops_oid_equal(oid, arg);
}

/* Writes all packs of the writer anew. */
static void rewrite(struct fixture *f, bool (*wanted)(uint32_t, const struct oid *, void *), void *arg,
		    const struct oid *file)
{
	struct rewrite r;

	assert_success(rewrite_init(&r, f->writer, NULL, &err));
	for (size_t i = 0, n = f->writer->packs.n; i < n; i++)
		assert_success(rewrite_pack(&r, f->writer->packs.v[i], wanted, arg, &err));
	if (file) {
		autofree char *path = loose_path(f->writer, file);

		assert_success(rewrite_file(&r, PLACE_LOOSE, file, &err));
		assert_success(rewrite_finish(&r, &err));
		assert_int_equal(unlink(path), 0);
	} else {
		assert_success(rewrite_finish(&r, &err));
	}
	rewrite_clear(&r);
}

static void readers_go_on(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "a"), b = put(f, "b");

	assert_success(mlops_store_flush(f->writer, &err));
	struct oid c = put(f, "c"), d = put(f, "d");
	assert_success(mlops_store_flush(f->writer, &err));
	struct oid single = put(f, "single");
	assert_success(mlops_store_flush(f->writer, &err));

	holds(f->reader, &a, "a"); /* its pack is open then, the other only mapped */
	struct place place;
	store_find(f->reader, &single, true, &place);
	assert_int_equal(place.kind, PLACE_LOOSE);
	rewrite(f, all, NULL, &single);

	holds(f->reader, &b, "b");
	holds(f->reader, &c, "c");
	holds(f->reader, &d, "d");
	autofree char *buf = NULL;
	size_t n;
	assert_success(mlops_store_get(f->reader, &single, 100, &buf, &n, &err));
	assert_string_equal(buf, "single");
	uint64_t packs;
	assert_success(store_count_packs(f->writer, &packs, &err));
	assert_int_equal(packs, 1);
}

static void left_out(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "a"), b = put(f, "b"), c = put(f, "c");

	assert_success(mlops_store_flush(f->writer, &err));
	rewrite(f, not_the, &b, NULL);
	assert_true(mlops_store_has(f->reader, &a));
	assert_false(mlops_store_has(f->reader, &b));
	assert_true(mlops_store_has(f->reader, &c));
}

/* One that comes out as it was must not be taken away. */
static void same_again(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "a");

	put(f, "b");
	assert_success(mlops_store_flush(f->writer, &err));
	rewrite(f, all, NULL, NULL);
	holds(f->reader, &a, "a");
}

static void keeps_its_age(void **state)
{
	struct fixture *f = *state;
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	struct stat st;

	struct oid a = put(f, "a"), b = put(f, "b");

	put(f, "c");
	assert_success(mlops_store_flush(f->writer, &err));
	assert_int_equal(utimensat(AT_FDCWD, f->writer->packs.v[0]->path, old, 0), 0);
	rewrite(f, not_the, &b, NULL);
	store_load_packs(f->reader, NULL, NULL);
	assert_int_equal(f->reader->packs.n, 1);
	assert_int_equal(stat(f->reader->packs.v[0]->path, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1000);

	assert_false(store_renew(f->reader, &b, false));
	assert_true(store_renew(f->reader, &a, false));
	assert_int_equal(stat(f->reader->packs.v[0]->path, &st), 0);
	assert_true(st.st_mtim.tv_sec > 1000);
}

static void marks_tell(void **state)
{
	struct fixture *f = *state;
	struct oid a = put(f, "a"), b = put(f, "b");

	assert_success(mlops_store_flush(f->writer, &err));
	struct oid single = put(f, "single"), nowhere = { { 7 } };
	assert_success(mlops_store_flush(f->writer, &err));

	struct marks m;
	assert_success(marks_init(&m, f->writer, &err));
	assert_int_equal(m.n, 3);
	assert_success(marks_name(&m, OBJECT_FILE, &a, &err));
	assert_success(marks_name(&m, OBJECT_FILE, &nowhere, &err));
	assert_int_equal(marks_count(&m), 1);
	uint32_t at;
	assert_true(pack_search(f->writer->packs.v[0], &b, &at));
	assert_false(marks_entry_named(&m, 0, at));
	assert_false(marks_file_named(&m, 0));
	assert_success(marks_name_young(&m, 0, &err));
	assert_true(marks_entry_named(&m, 0, at));
	assert_true(marks_file_named(&m, 0));
	assert_true(mlops_oid_equal(&m.files.v[0].name, &single));
	assert_success(marks_name(&m, OBJECT_TREE, &nowhere, &err));
	assert_success(marks_name(&m, OBJECT_TREE, &nowhere, &err));
	assert_int_equal(m.absent, 1);
	marks_clear(&m);
}

/* A pack that lost its index may be mended; one that is going, or held elsewhere too, goes. */
static void leftovers(void **state)
{
	struct fixture *f = *state;
	uint64_t bytes = 0;

	put(f, "a");
	put(f, "b");
	assert_success(mlops_store_flush(f->writer, &err));
	autofree char *pack = xstrdup(f->writer->packs.v[0]->path);
	autofree char *index = pack_index_path(pack), *gone = pack_gone_path(pack);

	assert_int_equal(rename(index, gone), 0);
	assert_int_equal(link(gone, index), 0);
	assert_success(leftovers_remove(f->reader, false, &bytes, &err));
	assert_true(fs_exists(pack) && fs_exists(index) && !fs_exists(gone));

	assert_int_equal(unlink(index), 0);
	assert_success(leftovers_remove(f->reader, false, &bytes, &err));
	assert_true(fs_exists(pack));
	assert_int_equal(bytes, 0);

	assert_success(fs_write_atomic(gone, "", 0, 0444, &err));
	assert_success(leftovers_remove(f->reader, true, &bytes, &err));
	assert_true(fs_exists(pack) && bytes > 0);
	assert_success(leftovers_remove(f->reader, false, &bytes, &err));
	assert_false(fs_exists(pack) || fs_exists(gone));
}

#define store_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(readers_go_on), store_test(left_out),   store_test(same_again),
		store_test(keeps_its_age), store_test(marks_tell), store_test(leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
