/*
 * SQLite with migrations; the only header through which other parts see a database. WAL,
 * synchronous=FULL, foreign keys on, busy timeout 10 s. One handle a thread. Errors: MLOPS_ELOCKED
 * after the timeout, MLOPS_ECORRUPT for a damaged file, MLOPS_EEXISTS for a broken constraint.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"

struct db;
struct db_stmt;

/* The version of SQLite; static. */
const char *db_version(void);

/* Opens or makes the file and brings its schema up to date (lib/db/schema/NNNN-*.sql). */
int db_open(const char *path, struct db **out, struct mlops_error *err);
/* A database of another program, which is read and not changed. */
int db_open_to_read(const char *path, struct db **out, struct mlops_error *err);
void db_free(struct db *db); /* NULL is fine */
/*
 * Makes the file `to` a copy of one state of `from`, which may be in use, as it is: a single file, and
 * checked. `to` is absent.
 */
int db_copy(const char *from, const char *to, struct mlops_error *err);
/* How long to wait for another process's lock before MLOPS_ELOCKED; 10 s unless set. */
void db_set_timeout(struct db *db, int64_t ms);

/* Plain SQL without values, one or more statements. */
int db_exec(struct db *db, const char *sql, struct mlops_error *err);
/*
 * Runs fn in a transaction that holds the write lock; rolled back when it fails. Nests: an inner
 * one that fails undoes its own changes only, and none lasts unless the outermost commits.
 */
int db_transaction(struct db *db, int (*fn)(struct db *db, void *arg, struct mlops_error *err),
		   void *arg, struct mlops_error *err);

/* Runs fn, which only reads, on one state of the database, whatever others write meanwhile. */
int db_snapshot(struct db *db, int (*fn)(struct db *db, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err);

/*
 * A statement of the handle's cache, ready to bind; values are bound from 1 by format:
 *   s text (NULL: null)   i int64_t   d double   b const void *, size_t   n (no argument) null
 */
int db_query(struct db *db, struct db_stmt **out, struct mlops_error *err, const char *sql,
	     const char *format, ...);
/* A value to bind, for statements whose number of values is not known beforehand. */
struct db_value {
	char type; /* 's', 'i' or 'd', as above */
	union {
		const char *s; /* lent until the statement is done */
		int64_t i;
		double d;
	};
};
int db_query_values(struct db *db, struct db_stmt **out, struct mlops_error *err, const char *sql,
		    const struct db_value *values, size_t n);
/* 1: a row, 0: the end (or done, for a change), -1. After 0 or -1 the statement is back in the cache. */
int db_step(struct db_stmt *stmt, struct mlops_error *err);
void db_done(struct db_stmt *stmt); /* gives back a statement before its end; NULL is fine */
/* db_query() and the first db_step(): 1 with a row (db_done() it), 0 when there is none, or -1. */
int db_row(struct db *db, struct db_stmt **out, struct mlops_error *err, const char *sql,
	   const char *format, ...);
/* Adds the first column of each row, as text, to *out; what was added stays on failure. */
int db_texts(struct db *db, struct strlist *out, struct mlops_error *err, const char *sql,
	     const char *format, ...);
/* Runs a change to its end. */
int db_change(struct db *db, struct mlops_error *err, const char *sql, const char *format, ...);

int64_t db_int(struct db_stmt *stmt, int column);
double db_num(struct db_stmt *stmt, int column);
const char *db_text(struct db_stmt *stmt, int column);  /* lent until the next step; NULL for null */
char *db_text_dup(struct db_stmt *stmt, int column);    /* new; NULL for null */
const void *db_blob(struct db_stmt *stmt, int column, size_t *n);
bool db_is_null(struct db_stmt *stmt, int column);
int64_t db_last_id(struct db *db);
int64_t db_changes(struct db *db);

