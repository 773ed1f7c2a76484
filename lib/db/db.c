/*
 * Opening a database, transactions, and SQLite's errors turned into ours. Statements are in
 * stmt.c, the schema in migrate.c.
 */
#include "db/handle.h"

#include "base/clock.h"

#undef db_fail
#define BUSY_TIMEOUT_MS 10000
#define BUSY_POLL_MS 10

int db_fail(struct db *db, int rc, struct mlops_error *err)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_set(err, MLOPS_ELOCKED, "database '%s' is in use by another process", db->path);
		return err_hint(err, "wait for it to end, then try again");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		err_set(err, MLOPS_ECORRUPT, "database '%s' is damaged: %s", db->path,
			sqlite3_errstr(rc));
		return err_hint(err, "keep a copy of it, then save what is readable with: "
				"sqlite3 '%s' .recover | sqlite3 new.db", db->path);
	case SQLITE_CONSTRAINT:
		return err_set(err, MLOPS_EEXISTS, "database '%s' refused the change: %s", db->path,
			       sqlite3_errmsg(db->raw));
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		if (sqlite3_system_errno(db->raw))
			return err_set(err, MLOPS_EIO, "cannot use database '%s': %s", db->path,
				       strerror(sqlite3_system_errno(db->raw)));
		break;
	case SQLITE_NOMEM:
		abort();
	}
	return err_set(err, MLOPS_EIO, "cannot use database '%s': %s", db->path,
		       sqlite3_errmsg(db->raw));
}

void db_free(struct db *db)
{
	if (!db)
		return;
	db_drop_statements(db);
	sqlite3_close(db->raw);
	free(db->path);
	free(db);
}

void db_set_timeout(struct db *db, int64_t ms)
{
	sqlite3_busy_timeout(db->raw, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

int db_exec(struct db *db, const char *sql, struct mlops_error *err)
{
	int rc = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);

	return rc ? db_fail(db, rc, err) : 0;
}

/*
 * Two processes that make the same database at once can meet here, and SQLite does not wait with
 * its busy handler while the journal mode changes: so we do.
 */
static int use_wal(struct db *db, struct mlops_error *err)
{
	int64_t deadline = clock_mono_ms() + BUSY_TIMEOUT_MS;
	int rc;

	while ((rc = sqlite3_exec(db->raw, "PRAGMA journal_mode = wal", NULL, NULL, NULL)) &&
	       (rc & 0xff) == SQLITE_BUSY && clock_mono_ms() < deadline)
		clock_sleep_ms(BUSY_POLL_MS);
	return rc ? db_fail(db, rc, err) : 0;
}

/* The file may come from anywhere: its schema gets no functions with side effects. */
static void guard(struct db *db)
{
	sqlite3_extended_result_codes(db->raw, 1);
	db_set_timeout(db, BUSY_TIMEOUT_MS);
	sqlite3_db_config(db->raw, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	sqlite3_db_config(db->raw, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static int configure(struct db *db, struct mlops_error *err)
{
	guard(db);
	if (use_wal(db, err))
		return -1;
	return db_exec(db, "PRAGMA synchronous = full", err);
}

int db_open_raw(const char *path, int flags, struct db **out, struct mlops_error *err)
{
	autodb *db = xcalloc(1, sizeof(*db));

	db->path = xstrdup(path);
	int rc = sqlite3_open_v2(path, &db->raw, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc)
		return db_fail(db, rc, err);
	*out = steal_ptr(&db);
	return 0;
}

int db_open(const char *path, struct db **out, struct mlops_error *err)
{
	autodb *db = NULL;

	if (db_open_raw(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, err) || configure(db, err) ||
	    db_migrate(db, err))
		return -1;
	*out = steal_ptr(&db);
	return 0;
}

int db_open_to_read(const char *path, struct db **out, struct mlops_error *err)
{
	if (db_open_raw(path, SQLITE_OPEN_READONLY, out, err))
		return -1;
	guard(*out);
	return 0;
}

/* Runs fn between two statements; `undo` leaves everything as it was before `begin`. */
static int run_between(struct db *db, const char *const sql[3],
		       int (*fn)(struct db *db, void *arg, struct mlops_error *err), void *arg,
		       struct mlops_error *err)
{
	const char *begin = sql[0], *commit = sql[1], *undo = sql[2];

	if (db_exec(db, begin, err))
		return -1;
	db->depth++;
	int rc = fn(db, arg, err);
	db->depth--;
	if (!rc && !db_exec(db, commit, err))
		return 0;
	/* Fails only where SQLite has rolled back by itself, which is as good. */
	sqlite3_exec(db->raw, undo, NULL, NULL, NULL);
	return -1;
}

int db_transaction(struct db *db, int (*fn)(struct db *db, void *arg, struct mlops_error *err),
		   void *arg, struct mlops_error *err)
{
	static const char *const outer[] = { "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK" };
	static const char *const inner[] = { "SAVEPOINT inner_", "RELEASE inner_",
					     "ROLLBACK TO inner_; RELEASE inner_" };

	return run_between(db, db->depth ? inner : outer, fn, arg, err);
}

int db_snapshot(struct db *db, int (*fn)(struct db *db, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err)
{
	static const char *const sql[] = { "BEGIN", "COMMIT", "ROLLBACK" };

	return run_between(db, sql, fn, arg, err);
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->raw);
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->raw);
}

const char *db_version(void)
{
	return sqlite3_libversion();
}
