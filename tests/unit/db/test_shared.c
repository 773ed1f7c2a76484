/* A database that threads share: jobs in groups, failing alone, and readers that do not wait. */
#include "db/shared.h"

#include <pthread.h>

#include "unit.h"

#define THREADS 8
#define ROWS	20

static struct mlops_error err;

struct row {
	struct db_shared *db;
	int64_t number;
};

static int insert(struct db *db, void *arg, struct mlops_error *e)
{
	const struct row *r = arg;
	autofree char *name = xasprintf("e%lld", (long long)r->number);

	if (db_change(db, e, "INSERT INTO experiments (name, created_ms) VALUES (?, 1)", "s", name))
		return -1;
	return r->number % 5 ? 0 : err_set(e, MLOPS_EINVALID, "%lld is a multiple of five",
					   (long long)r->number);
}

static void *insert_rows(void *arg)
{
	const struct row *first = arg;

	for (int64_t i = 0; i < ROWS; i++) {
		autoerr e = ERR_INIT;
		struct row r = { first->db, first->number + i };

		if (db_shared_write(first->db, insert, &r, &e) != (r.number % 5 ? 0 : -1) ||
		    (e.kind && e.kind != MLOPS_EINVALID))
			return (void *)1;
	}
	return NULL;
}

static int count(struct db *db, void *arg, struct mlops_error *e)
{
	struct db_stmt *stmt;

	if (db_row(db, &stmt, e, "SELECT count(*) FROM experiments", "") < 0)
		return -1;
	*(int64_t *)arg = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

static void each_job_stands_alone(void **state)
{
	char *dir = unit_scratch();
	autofree char *path = path_join(dir, "mlops.db");
	struct row rows[THREADS];
	pthread_t threads[THREADS];
	struct db_shared *db;
	int64_t n;

	(void)state;
	assert_success(db_shared_open(path, &db, &err));
	for (size_t i = 0; i < THREADS; i++) {
		rows[i] = (struct row){ db, (int64_t)i * ROWS };
		assert_int_equal(pthread_create(&threads[i], NULL, insert_rows, &rows[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		void *bad;

		pthread_join(threads[i], &bad);
		assert_null(bad);
	}
	assert_success(db_shared_read(db, count, &n, &err));
	assert_int_equal(n, THREADS * ROWS * 4 / 5);
	db_shared_free(db);
	unit_scratch_remove(dir);
}

/* Asked from within a job, before its transaction ends. */
static int read_meanwhile(struct db *db, void *arg, struct mlops_error *e)
{
	struct row *r = arg;
	int64_t n = -1;

	r->number = 1;
	if (insert(db, r, e) || db_shared_read(r->db, count, &n, e))
		return -1;
	r->number = n;
	return 0;
}

static void readers_see_the_state_before(void **state)
{
	char *dir = unit_scratch();
	autofree char *path = path_join(dir, "mlops.db");
	struct row r = { 0 };
	int64_t n;

	(void)state;
	assert_success(db_shared_open(path, &r.db, &err));
	assert_success(db_shared_write(r.db, read_meanwhile, &r, &err));
	assert_int_equal(r.number, 0);
	assert_success(db_shared_read(r.db, count, &n, &err));
	assert_int_equal(n, 1);
	db_shared_free(r.db);
	unit_scratch_remove(dir);
}

static void readers_cannot_write(void **state)
{
	char *dir = unit_scratch();
	autofree char *path = path_join(dir, "mlops.db");
	struct row r = { .number = 1 };

	(void)state;
	assert_success(db_shared_open(path, &r.db, &err));
	assert_error(db_shared_read(r.db, insert, &r, &err), MLOPS_EIO, "readonly");
	db_shared_free(r.db);
	unit_scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_job_stands_alone),
		cmocka_unit_test(readers_see_the_state_before),
		cmocka_unit_test(readers_cannot_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
