/* What the files of lib/db share: the handle behind struct db, and how SQLite's errors become ours. */
#pragma once

#include <sqlite3.h>

#include "base/map.h"
#include "db/db.h"

struct db {
	sqlite3 *raw;
	char *path;
	struct map statements; /* SQL text -> struct db_stmt, the first of its chain */
	unsigned depth;        /* open transactions, the inner ones as savepoints */
};

DEFINE_CLEANUP(db, db_free)
#define autodb __attribute__((cleanup(cleanup_db))) struct db

/* Opens a file and does no more, with SQLite's flags. */
int db_open_raw(const char *path, int flags, struct db **out, struct mlops_error *err);
/* Sets the error that SQLite's result code `rc` stands for; returns -1. */
int db_fail(struct db *db, int rc, struct mlops_error *err);
#define db_fail(...) ({ db_fail(__VA_ARGS__); -1; }) /* as in base/err.h */
/* Frees every cached statement. */
void db_drop_statements(struct db *db);
/* Brings the schema up to date; a newer one than ours is MLOPS_EINVALID. */
int db_migrate(struct db *db, struct mlops_error *err);
