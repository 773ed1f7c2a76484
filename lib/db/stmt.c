/*
 * Statements: prepared once a handle and kept by their text. A statement that is in use when the
 * same text is asked for again (a query inside its own loop) gets a second one in its chain.
 */
#include "db/handle.h"

#define MAX_STATEMENTS 256

struct db_stmt {
	struct db *db;
	sqlite3_stmt *raw;
	bool busy; /* lent out: db_query() was called, db_step() has not come to the end */
	struct db_stmt *next;
};

static int prepare(struct db *db, const char *sql, struct db_stmt **out, struct mlops_error *err)
{
	sqlite3_stmt *raw;
	int rc = sqlite3_prepare_v3(db->raw, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, NULL);

	if (rc)
		return db_fail(db, rc, err);
	struct db_stmt *stmt = xcalloc(1, sizeof(*stmt));
	stmt->db = db;
	stmt->raw = raw;
	stmt->next = map_get(&db->statements, sql);
	map_put(&db->statements, sql, stmt);
	*out = stmt;
	return 0;
}

/* Searches have a text each; what is cached of them is dropped when it becomes too many. */
static void drop_idle(struct db *db)
{
	for (size_t i = 0; i < db->statements.n; i++)
		for (const struct db_stmt *s = db->statements.v[i].value; s; s = s->next)
			if (s->busy)
				return;
	db_drop_statements(db);
}

static int take_statement(struct db *db, const char *sql, struct db_stmt **out,
			  struct mlops_error *err)
{
	if (db->statements.n >= MAX_STATEMENTS)
		drop_idle(db);
	struct db_stmt *stmt = map_get(&db->statements, sql);

	while (stmt && stmt->busy)
		stmt = stmt->next;
	if (!stmt && prepare(db, sql, &stmt, err))
		return -1;
	stmt->busy = true;
	*out = stmt;
	return 0;
}

static int bind_values(struct db_stmt *stmt, const char *format, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; !rc && format[i - 1]; i++) {
		switch (format[i - 1]) {
		case 's':
			rc = sqlite3_bind_text(stmt->raw, i, va_arg(ap, const char *), -1,
					       SQLITE_TRANSIENT);
			break;
		case 'i':
			rc = sqlite3_bind_int64(stmt->raw, i, va_arg(ap, int64_t));
			break;
		case 'd':
			rc = sqlite3_bind_double(stmt->raw, i, va_arg(ap, double));
			break;
		case 'b': {
			const void *p = va_arg(ap, const void *);

			rc = sqlite3_bind_blob64(stmt->raw, i, p, va_arg(ap, size_t),
						 SQLITE_TRANSIENT);
			break;
		}
		case 'n':
			rc = sqlite3_bind_null(stmt->raw, i);
			break;
		default:
			abort();
		}
	}
	return rc;
}

static int vquery(struct db *db, struct db_stmt **out, struct mlops_error *err, const char *sql,
		  const char *format, va_list ap)
{
	struct db_stmt *stmt;

	if (take_statement(db, sql, &stmt, err))
		return -1;
	int rc = bind_values(stmt, format, ap);
	if (rc) {
		db_fail(db, rc, err);
		db_done(stmt);
		return -1;
	}
	*out = stmt;
	return 0;
}

int db_query(struct db *db, struct db_stmt **out, struct mlops_error *err, const char *sql,
	     const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	int rc = vquery(db, out, err, sql, format, ap);
	va_end(ap);
	return rc;
}

int db_query_values(struct db *db, struct db_stmt **out, struct mlops_error *err, const char *sql,
		    const struct db_value *values, size_t n)
{
	struct db_stmt *stmt;
	int rc = SQLITE_OK;

	if (take_statement(db, sql, &stmt, err))
		return -1;
	for (size_t i = 0; i < n && !rc; i++) {
		const struct db_value *v = &values[i];
		int at = (int)i + 1;

		rc = v->type == 'i' ? sqlite3_bind_int64(stmt->raw, at, v->i) :
		     v->type == 'd' ? sqlite3_bind_double(stmt->raw, at, v->d) :
				      sqlite3_bind_text(stmt->raw, at, v->s, -1, SQLITE_STATIC);
	}
	if (rc) {
		db_fail(db, rc, err);
		db_done(stmt);
		return -1;
	}
	*out = stmt;
	return 0;
}

int db_step(struct db_stmt *stmt, struct mlops_error *err)
{
	int rc = sqlite3_step(stmt->raw);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		db_fail(stmt->db, rc, err);
	db_done(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

void db_done(struct db_stmt *stmt)
{
	if (!stmt)
		return;
	sqlite3_reset(stmt->raw);
	sqlite3_clear_bindings(stmt->raw);
	stmt->busy = false;
}

int db_row(struct db *db, struct db_stmt **out, struct mlops_error *err, const char *sql,
	   const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	int rc = vquery(db, out, err, sql, format, ap);
	va_end(ap);
	return rc ? -1 : db_step(*out, err);
}

int db_texts(struct db *db, struct strlist *out, struct mlops_error *err, const char *sql,
	     const char *format, ...)
{
	struct db_stmt *stmt;
	va_list ap;

	va_start(ap, format);
	int rc = vquery(db, &stmt, err, sql, format, ap);
	va_end(ap);
	if (rc)
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		strlist_add(out, db_text(stmt, 0));
	return rc;
}

int db_change(struct db *db, struct mlops_error *err, const char *sql, const char *format, ...)
{
	struct db_stmt *stmt;
	va_list ap;

	va_start(ap, format);
	int rc = vquery(db, &stmt, err, sql, format, ap);
	va_end(ap);
	if (rc)
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		; /* a RETURNING clause may give rows */
	return rc;
}

int64_t db_int(struct db_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->raw, column);
}

double db_num(struct db_stmt *stmt, int column)
{
	return sqlite3_column_double(stmt->raw, column);
}

const char *db_text(struct db_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt->raw, column);
}

char *db_text_dup(struct db_stmt *stmt, int column)
{
	const char *text = db_text(stmt, column);

	return text ? xstrdup(text) : NULL;
}

const void *db_blob(struct db_stmt *stmt, int column, size_t *n)
{
	const void *p = sqlite3_column_blob(stmt->raw, column);

	*n = (size_t)sqlite3_column_bytes(stmt->raw, column);
	return p;
}

bool db_is_null(struct db_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt->raw, column) == SQLITE_NULL;
}

static void free_chain(void *first)
{
	struct db_stmt *next;

	for (struct db_stmt *stmt = first; stmt; stmt = next) {
		next = stmt->next;
		sqlite3_finalize(stmt->raw);
		free(stmt);
	}
}

void db_drop_statements(struct db *db)
{
	map_clear_values(&db->statements, free_chain);
}
