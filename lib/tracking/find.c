/* Finding a run by what a person types: an id, the start of one, a name, or "last". */
#include "tracking/private.h"

#include "base/str.h"
#include "base/vec.h"

#define MIN_PREFIX 4
#define MAX_SHOWN 5     /* ids in the hint of an ambiguous name */
#define MAX_GUESSED 500 /* newest names that a wrong one is compared with */

#define AS_MANY_AS_MATTER " LIMIT 6"

struct matches {
	struct run_key *v;
	size_t n, cap;
};

static void matches_clear(struct matches *m)
{
	vec_free(m);
}

/* Adds what a query for row and id gives. */
static int collect(struct db_stmt *stmt, struct matches *m, struct mlops_error *err)
{
	int rc;

	while ((rc = db_step(stmt, err)) > 0) {
		struct run_key key = { .row = db_int(stmt, 0) };

		snprintf(key.id, sizeof(key.id), "%s", db_text(stmt, 1));
		vec_push(m, key);
	}
	return rc;
}

static int collect_last(struct db *db, struct matches *m, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_query(db, &stmt, err,
		     "SELECT id, uuid FROM runs WHERE deleted_ms IS NULL"
		     " ORDER BY start_ms DESC, id DESC LIMIT 1", ""))
		return -1;
	return collect(stmt, m, err);
}

static int collect_name(struct db *db, const char *name, struct matches *m, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_query(db, &stmt, err,
		     "SELECT id, uuid FROM runs WHERE name = ?"
		     " ORDER BY start_ms DESC, id DESC" AS_MANY_AS_MATTER, "s", name))
		return -1;
	return collect(stmt, m, err);
}

/* Ids are lower-case hex, so all that start with P lie between P and P followed by a 'g'. */
static int collect_prefix(struct db *db, const char *prefix, struct matches *m,
			  struct mlops_error *err)
{
	autofree char *end = xasprintf("%sg", prefix);
	struct db_stmt *stmt;

	if (db_query(db, &stmt, err,
		     "SELECT id, uuid FROM runs WHERE uuid >= ? AND uuid < ?" AS_MANY_AS_MATTER,
		     "ss", prefix, end))
		return -1;
	return collect(stmt, m, err);
}

static bool is_hex(const char *s)
{
	return s[strspn(s, "0123456789abcdef")] == '\0';
}

static int fail_ambiguous(const char *which, const struct matches *m, struct mlops_error *err)
{
	autobuf ids = { 0 };

	for (size_t i = 0; i < m->n && i < MAX_SHOWN; i++)
		strbuf_addf(&ids, "%s%.12s", i ? ", " : "", m->v[i].id);
	if (m->n > MAX_SHOWN)
		strbuf_adds(&ids, ", ...");
	err_set(err, MLOPS_EINVALID, "'%s' is more than one run", which);
	return err_hint(err, "give more of the id: %s", ids.buf);
}

static int newest_names(struct db *db, struct strlist *out, struct mlops_error *err)
{
	return db_texts(db, out, err, "SELECT name FROM runs ORDER BY start_ms DESC, id DESC LIMIT ?",
			"i", (int64_t)MAX_GUESSED);
}

static int fail_unknown(struct db *db, const char *which, struct mlops_error *err)
{
	autostrlist names = { 0 };

	if (newest_names(db, &names, err))
		return -1;
	err_set(err, MLOPS_ENOTFOUND, "there is no run '%s'", which);
	if (!names.n)
		return err_hint(err, "no run was made yet; make one with: mlops run");
	if (is_hex(which) && strlen(which) < MIN_PREFIX)
		return err_hint(err, "the start of an id needs %d digits or more", MIN_PREFIX);
	const char *near = strlist_suggest(which, &names);
	return near ? err_hint(err, "did you mean '%s'?", near) :
		      err_hint(err, "list them with: mlops runs");
}

static bool is_prefix(const char *s)
{
	size_t n = strlen(s);

	return n >= MIN_PREFIX && n < MLOPS_RUN_ID && is_hex(s);
}

int run_find(struct db *db, const char *which, struct run_key *out, struct mlops_error *err)
{
	__attribute__((cleanup(matches_clear))) struct matches m = { 0 };
	bool last = !strcmp(which, RUN_LAST);

	if (last ? collect_last(db, &m, err) : collect_name(db, which, &m, err))
		return -1;
	if (!m.n && is_prefix(which) && collect_prefix(db, which, &m, err))
		return -1;
	if (m.n > 1)
		return fail_ambiguous(which, &m, err);
	if (!m.n)
		return fail_unknown(db, which, err);
	*out = m.v[0];
	return 0;
}

int run_row(struct db *db, const char *id, int64_t *row, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT id FROM runs WHERE uuid = ?", "s", id);

	if (rc < 0)
		return -1;
	if (!rc)
		return fail_unknown(db, id, err);
	*row = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

int mlops_run_find(struct project *project, const char *which, char id[MLOPS_RUN_ID],
		   struct mlops_error *err)
{
	struct run_key key;
	struct db *db;

	if (project_db(project, &db, err) || run_find(db, which, &key, err))
		return -1;
	memcpy(id, key.id, sizeof(key.id));
	return 0;
}
