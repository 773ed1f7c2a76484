/* Opening, migrating, statements, nested transactions, and the errors of a database. */
#include "db/db.h"

#include <sys/wait.h>

#include "db/audit.h"
#include "unit.h"

static struct mlops_error err;

struct fixture {
	char *dir, *path;
	struct db *db;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = unit_scratch();
	f->path = path_join(f->dir, "mlops.db");
	assert_success(db_open(f->path, &f->db, &err));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	db_free(f->db);
	mlops_error_clear(&err);
	unit_scratch_remove(f->dir);
	free(f->path);
	free(f);
	return 0;
}

static int64_t ask(struct fixture *f, const char *sql)
{
	struct db_stmt *stmt;

	assert_success(db_query(f->db, &stmt, &err, sql, ""));
	assert_int_equal(db_step(stmt, &err), 1);
	int64_t v = db_int(stmt, 0);
	db_done(stmt);
	return v;
}

static int add(struct db *db, const char *name, struct mlops_error *e)
{
	return db_change(db, e, "INSERT INTO experiments (name, created_ms) VALUES (?, ?)", "si",
			 name, (int64_t)1);
}

static void close_db(struct fixture *f)
{
	db_free(f->db);
	f->db = NULL;
}

static void a_new_file_has_the_schema(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "PRAGMA user_version"), 14);
	assert_int_equal(ask(f, "PRAGMA foreign_keys"), 1);
	assert_int_equal(ask(f, "PRAGMA synchronous"), 2);
	assert_int_equal(ask(f, "SELECT count(*) FROM runs"), 0);
	assert_int_equal(ask(f, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
}

static void opening_again_keeps_the_rows(void **state)
{
	struct fixture *f = *state;

	assert_success(add(f->db, "kept", &err));
	close_db(f);
	assert_success(db_open(f->path, &f->db, &err));
	assert_int_equal(ask(f, "SELECT count(*) FROM experiments"), 1);
}

static void a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_success(db_exec(f->db, "PRAGMA user_version = 99", &err));
	close_db(f);
	assert_error(db_open(f->path, &f->db, &err), MLOPS_EINVALID, "schema 99");
	assert_null(f->db);
}

static void a_file_that_is_no_database_is_corrupt(void **state)
{
	struct fixture *f = *state;
	char junk[8192];

	close_db(f);
	memset(junk, 'x', sizeof(junk));
	assert_success(fs_write_atomic(f->path, junk, sizeof(junk), 0644, &err));
	assert_int_equal(db_open(f->path, &f->db, &err), -1);
	assert_int_equal(err.kind, MLOPS_ECORRUPT);
	assert_non_null(strstr(err.hint, ".recover"));
}

static void a_folder_that_is_not_there_is_an_io_error(void **state)
{
	struct fixture *f = *state;
	autofree char *path = path_join(f->dir, "none/mlops.db");
	struct db *db = NULL;

	assert_error(db_open(path, &db, &err), MLOPS_EIO, "none/mlops.db");
}

static void values_come_back_as_they_were_bound(void **state)
{
	struct fixture *f = *state;
	struct db_stmt *stmt;
	size_t n;

	assert_int_equal(db_query(f->db, &stmt, &err, "SELECT ?, ?, ?, ?, ?, ?", "sidbns", "text",
				  INT64_MIN, 0.1, "a\0b", (size_t)3, NULL), 0);
	assert_int_equal(db_step(stmt, &err), 1);
	assert_string_equal(db_text(stmt, 0), "text");
	assert_true(db_int(stmt, 1) == INT64_MIN);
	assert_true(db_num(stmt, 2) == 0.1);
	assert_memory_equal(db_blob(stmt, 3, &n), "a\0b", 3);
	assert_int_equal(n, 3);
	assert_true(db_is_null(stmt, 4));
	assert_null(db_text(stmt, 5));
	assert_int_equal(db_step(stmt, &err), 0);
}

static void a_query_can_run_inside_its_own_loop(void **state)
{
	struct fixture *f = *state;
	const char *sql = "SELECT name FROM experiments ORDER BY name";
	struct db_stmt *outer, *inner;
	int pairs = 0;

	assert_success(add(f->db, "a", &err) | add(f->db, "b", &err));
	assert_success(db_query(f->db, &outer, &err, sql, ""));
	while (db_step(outer, &err) == 1) {
		assert_success(db_query(f->db, &inner, &err, sql, ""));
		while (db_step(inner, &err) == 1)
			pairs++;
	}
	assert_int_equal(pairs, 4);
}

static void a_broken_constraint_is_eexists(void **state)
{
	struct fixture *f = *state;

	assert_success(add(f->db, "a", &err));
	assert_error(add(f->db, "a", &err), MLOPS_EEXISTS, "UNIQUE");
	assert_success(add(f->db, "b", &err)); /* the statement is fit for use again */
}

static int add_and_fail(struct db *db, void *arg, struct mlops_error *e)
{
	if (add(db, arg, e))
		return -1;
	return err_set(e, MLOPS_EFAIL, "on purpose");
}

static int add_around_a_failure(struct db *db, void *arg, struct mlops_error *e)
{
	autoerr inner = ERR_INIT;

	(void)arg;
	assert_int_equal(db_transaction(db, add_and_fail, (void *)"inner", &inner), -1);
	return add(db, "outer", e);
}

static int fail_around_a_success(struct db *db, void *arg, struct mlops_error *e)
{
	assert_int_equal(db_transaction(db, add_around_a_failure, NULL, e), 0);
	return add_and_fail(db, arg, e);
}

static void transactions_nest(void **state)
{
	struct fixture *f = *state;

	assert_error(db_transaction(f->db, add_and_fail, (void *)"x", &err), MLOPS_EFAIL,
		     "on purpose");
	assert_int_equal(ask(f, "SELECT count(*) FROM experiments"), 0);
	assert_int_equal(db_transaction(f->db, fail_around_a_success, (void *)"x", &err), -1);
	assert_int_equal(ask(f, "SELECT count(*) FROM experiments"), 0);
	assert_success(db_transaction(f->db, add_around_a_failure, NULL, &err));
	assert_int_equal(ask(f, "SELECT count(*) FROM experiments"), 1);
	assert_int_equal(ask(f, "SELECT count(*) FROM experiments WHERE name = 'outer'"), 1);
}

static void a_writer_that_waits_too_long_is_elocked(void **state)
{
	struct fixture *f = *state;
	struct db *other;

	assert_success(db_open(f->path, &other, &err));
	db_set_timeout(other, 20);
	assert_success(db_exec(f->db, "BEGIN IMMEDIATE", &err));
	assert_error(add(other, "x", &err), MLOPS_ELOCKED, "in use by another process");
	assert_int_equal(mlops_error_exit_code(MLOPS_ELOCKED), 5);
	assert_success(db_exec(f->db, "COMMIT", &err));
	assert_success(add(other, "x", &err));
	db_free(other);
}

/* Many processes make the same new database at once: each finds it whole. */
static void a_race_to_make_it_ends_well(void **state)
{
	struct fixture *f = *state;
	autofree char *path = path_join(f->dir, "new.db");
	int status;

	for (int i = 0; i < 8; i++) {
		if (fork())
			continue;
		autofree char *name = xasprintf("e%d", i);
		struct db *db;
		_exit(db_open(path, &db, &err) || add(db, name, &err));
	}
	for (int i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	close_db(f);
	assert_success(db_open(path, &f->db, &err));
	assert_int_equal(ask(f, "SELECT count(*) FROM experiments"), 8);
}

static void audit_rows_say_who(void **state)
{
	struct fixture *f = *state;

	setenv("USER", "ada", 1);
	assert_success(audit_add(f->db, "model.register", "wine:1", NULL, &err));
	assert_int_equal(ask(f, "SELECT count(*) FROM audit WHERE user = 'ada' AND detail = ''"
				" AND subject = 'wine:1' AND at_ms > 0"), 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_has_the_schema),
		TEST(opening_again_keeps_the_rows),
		TEST(a_newer_schema_is_refused),
		TEST(a_file_that_is_no_database_is_corrupt),
		TEST(a_folder_that_is_not_there_is_an_io_error),
		TEST(values_come_back_as_they_were_bound),
		TEST(a_query_can_run_inside_its_own_loop),
		TEST(a_broken_constraint_is_eexists),
		TEST(transactions_nest),
		TEST(a_writer_that_waits_too_long_is_elocked),
		TEST(a_race_to_make_it_ends_well),
		TEST(audit_rows_say_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
