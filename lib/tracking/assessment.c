/* Assessments: kept as their clients said them, beside what they are searched by. */
#include "tracking/assessment.h"

#include "base/clock.h"
#include "base/rand.h"
#include "tracking/otlp.h"

static int missing(struct db *db, int64_t trace, const char *id, struct mlops_error *err)
{
	autoarena arena = { 0 };
	struct trace t;

	if (trace_load(db, trace, &arena, &t, err))
		return -1;
	return err_set(err, MLOPS_ENOTFOUND, "Assessment with ID '%.100s' not found for trace '%s'", id, t.id);
}

static int override(struct db *db, int64_t trace, const char *id, struct mlops_error *err)
{
	if (db_change(db, err, "UPDATE assessments SET valid = 0 WHERE uuid = ? AND trace_id = ?", "si", id,
		      trace))
		return -1;
	return db_changes(db) ? 0 : missing(db, trace, id, err);
}

/* A text as it is, another value as JSON; NULL for none. New. */
static char *value_text(const struct json *value)
{
	autojson *dumped = NULL;

	if (!value || js_type(value) == JSON_NIL)
		return NULL;
	if (!js_text(value))
		dumped = otlp_text(value);
	return xstrdup(js_text(dumped ? dumped : value));
}

/* An update of what is searched by it. */
static int put_value(struct db *db, const char *id, const struct json *value, struct mlops_error *err)
{
	autofree char *text = value_text(value);
	double number;

	if (js_to_num(value, &number))
		return db_change(db, err, "UPDATE assessments SET value = ?, number = ? WHERE uuid = ?", "sds",
				 text, number, id);
	return db_change(db, err, "UPDATE assessments SET value = ?, number = NULL WHERE uuid = ?", "ss", text,
			 id);
}

static void choose_id(const struct assessment *a, char *id)
{
	if (a->id) {
		snprintf(id, ASSESSMENT_ID_SIZE, "%s", a->id);
		return;
	}
	memcpy(id, "a-", 2);
	rand_hex(id + 2, 16);
}

int assessment_put(struct db *db, int64_t trace, const struct assessment *a, char *id,
		   struct mlops_error *err)
{
	autobuf body = { 0 };

	if (a->id && (!*a->id || strlen(a->id) >= ASSESSMENT_ID_SIZE))
		return err_set(err, MLOPS_EINVALID, "Invalid assessment ID '%.100s'", a->id);
	if (a->overrides && override(db, trace, a->overrides, err))
		return -1;
	choose_id(a, id);
	js_dump(a->body, JS_COMPACT, &body);
	if (db_change(db, err, "DELETE FROM assessments WHERE uuid = ? AND trace_id = ?", "si", id, trace) ||
	    db_change(db, err,
		      "INSERT INTO assessments (uuid, trace_id, name, kind, overrides, valid, created_ms,"
		      " updated_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "sisssiiis", id, trace, a->name,
		      a->kind, a->overrides, (int64_t)a->valid, a->created_ms, a->updated_ms, body.buf))
		return -1;
	return put_value(db, id, a->value, err);
}

#define COLUMNS                                                                                    \
	"SELECT a.body, a.uuid, t.uuid, a.name, a.created_ms, a.updated_ms, a.overrides, a.valid"     \
	" FROM assessments a JOIN traces t ON t.id = a.trace_id WHERE a.trace_id = ?"

static int read_row(struct db_stmt *stmt, struct json **out, struct mlops_error *err)
{
	const char *body = db_text(stmt, 0);
	char time[CLOCK_ISO_SIZE];
	struct json *v;

	if (js_parse(body, strlen(body), "an assessment", &v, err))
		return -1;
	js_set(v, "assessment_id", js_str(db_text(stmt, 1)));
	js_set(v, "trace_id", js_str(db_text(stmt, 2)));
	js_set(v, "assessment_name", js_str(db_text(stmt, 3)));
	js_set(v, "create_time", js_str(clock_format_iso(db_int(stmt, 4), time)));
	js_set(v, "last_update_time", js_str(clock_format_iso(db_int(stmt, 5), time)));
	if (!db_is_null(stmt, 6))
		js_set(v, "overrides", js_str(db_text(stmt, 6)));
	js_set(v, "valid", js_bool(db_int(stmt, 7) != 0));
	*out = v;
	return 0;
}

int assessment_load(struct db *db, int64_t trace, const char *id, struct json **out,
		    struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, COLUMNS " AND a.uuid = ?", "is", trace, id);

	if (rc <= 0)
		return rc < 0 ? -1 : missing(db, trace, id, err);
	rc = read_row(stmt, out, err);
	db_done(stmt);
	return rc;
}

int assessments_add(struct db *db, int64_t trace, struct json *list, struct mlops_error *err)
{
	struct db_stmt *stmt;
	struct json *v;
	int rc;

	if (db_query(db, &stmt, err, COLUMNS " ORDER BY a.id", "i", trace))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		if (read_row(stmt, &v, err)) {
			db_done(stmt);
			return -1;
		}
		js_push(list, v);
	}
	return rc;
}

int assessment_change(struct db *db, int64_t trace, const struct assessment *a, struct mlops_error *err)
{
	autobuf body = { 0 };

	js_dump(a->body, JS_COMPACT, &body);
	return db_change(db, err,
			 "UPDATE assessments SET name = ?, updated_ms = ?, body = ? WHERE uuid = ? AND trace_id = ?",
			 "sissi", a->name, a->updated_ms, body.buf, a->id, trace) ||
			       put_value(db, a->id, a->value, err) ?
		       -1 :
		       0;
}

int assessment_delete(struct db *db, int64_t trace, const char *id, struct mlops_error *err)
{
	return db_change(db, err,
			 "UPDATE assessments SET valid = 1 WHERE trace_id = ?1 AND uuid ="
			 " (SELECT overrides FROM assessments WHERE uuid = ?2 AND trace_id = ?1)", "is", trace,
			 id) ||
			       db_change(db, err, "DELETE FROM assessments WHERE uuid = ? AND trace_id = ?", "si",
					 id, trace) ?
		       -1 :
		       0;
}
