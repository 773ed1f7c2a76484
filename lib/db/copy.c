/* A copy of a database that others may be writing to meanwhile, by SQLite's own way to make one. */
#include "db/handle.h"

#define BUSY_TIMEOUT_MS 10000

static int open_plain(const char *path, int flags, struct db **out, struct mlops_error *err)
{
	if (db_open_raw(path, flags, out, err))
		return -1;
	db_set_timeout(*out, BUSY_TIMEOUT_MS);
	return 0;
}

/* All pages in one step: one state, which writers of a WAL don't have to wait for. */
static int copy_pages(struct db *from, struct db *to, struct mlops_error *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to->raw, "main", from->raw, "main");

	if (!b)
		return db_fail(to, sqlite3_errcode(to->raw), err);
	int stepped = sqlite3_backup_step(b, -1), rc = sqlite3_backup_finish(b);
	if (stepped != SQLITE_DONE && (stepped & 0xff) != SQLITE_IOERR && stepped != SQLITE_FULL)
		return db_fail(from, stepped, err);
	return rc ? db_fail(to, rc, err) : 0;
}

/* Damage in the copy is damage of what it is of. */
static int check(struct db *from, struct db *db, struct mlops_error *err)
{
	struct db_stmt *stmt;

	int rc = db_row(db, &stmt, err, "PRAGMA quick_check(1)", "");
	if (rc < 0)
		return -1;
	bool good = rc && !strcmp(db_text(stmt, 0), "ok");
	if (rc)
		db_done(stmt);
	return good ? 0 : db_fail(from, SQLITE_CORRUPT, err);
}

int db_copy(const char *from, const char *to, struct mlops_error *err)
{
	autodb *source = NULL;
	autodb *copy = NULL;

	if (open_plain(from, SQLITE_OPEN_READWRITE, &source, err) ||
	    open_plain(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &copy, err) ||
	    copy_pages(source, copy, err) || check(source, copy, err))
		return -1;
	return db_exec(copy, "PRAGMA journal_mode = delete", err);
}
