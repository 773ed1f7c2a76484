/* The table of results. A key is the SHA-256 of a text that says all that could make a difference. */
#include "pipeline/results.h"

#include "base/clock.h"
#include "crypto/hash.h"
#include "db/db.h"
#include "project/project.h"

#define KEY_VERSION "mlops result 1\n"

static void add_object(const char *what, const struct lock_item *item, struct strbuf *text)
{
	char hex[MLOPS_OID_HEX + 1];

	strbuf_addf(text, "%s %d %d %s %zu %s\n", what, item->ref.kind, item->ref.executable,
		    mlops_oid_hex(&item->ref.oid, hex), strlen(item->path), item->path);
}

/* Lengths are told, so that no text can pass for another. */
int results_key(const struct spec_stage *spec, const struct lock_stage *inputs, struct oid *out,
		struct mlops_error *err)
{
	autobuf text = { 0 };

	strbuf_addf(&text, KEY_VERSION "cmd %zu %s\n", strlen(inputs->cmd), inputs->cmd);
	for (size_t i = 0; i < inputs->n_deps; i++)
		add_object("dep", &inputs->deps[i], &text);
	for (size_t i = 0; i < inputs->n_params; i++) {
		const struct lock_param *p = &inputs->params[i];

		strbuf_addf(&text, "param %zu %s %zu %s %zu %s\n", strlen(p->file), p->file,
			    strlen(p->key), p->key, strlen(p->value), p->value);
	}
	for (size_t i = 0; i < spec->outs.n; i++)
		strbuf_addf(&text, "out %zu %s\n", strlen(spec->outs.v[i].path),
			    spec->outs.v[i].path);
	return hash_buf(text.buf, text.len, out, err);
}

bool results_parse(const char *text, size_t n, struct lockfile *out)
{
	autoerr ignored = ERR_INIT;

	if (!mlops_lockfile_parse("a former result", text, n, out, &ignored) && out->n == 1)
		return true;
	mlops_lockfile_clear(out);
	return false;
}

int results_find(struct project *project, const struct spec_stage *spec,
		 const struct lock_stage *now, struct lockfile *out, bool *found,
		 struct mlops_error *err)
{
	struct db_stmt *stmt;
	struct oid key;
	struct db *db;

	*found = false;
	if (!spec->outs.n)
		return 0;
	if (results_key(spec, now, &key, err) || project_db(project, &db, err))
		return -1;
	int rc = db_row(db, &stmt, err, "SELECT result FROM results WHERE key = ?", "b", key.sha256,
			sizeof(key.sha256));
	if (rc <= 0)
		return rc;
	/* One that cannot be read is as good as none: the stage runs. */
	const char *text = db_text(stmt, 0);
	*found = text && results_parse(text, strlen(text), out);
	db_done(stmt);
	return 0;
}

int results_each(struct project *project,
		 void (*fn)(const struct oid *key, const struct lock_stage *result, void *arg),
		 void *arg, struct mlops_error *err)
{
	struct db_stmt *stmt;
	struct db *db;
	int rc;

	if (project_db(project, &db, err) ||
	    db_query(db, &stmt, err, "SELECT key, result FROM results", ""))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		size_t n = 0;
		const void *bytes = db_blob(stmt, 0, &n);
		const char *text = db_text(stmt, 1);
		struct lockfile one = { 0 };
		struct oid key;

		if (n == sizeof(key.sha256) && text && results_parse(text, strlen(text), &one)) {
			memcpy(key.sha256, bytes, n);
			fn(&key, one.stages, arg);
		}
		mlops_lockfile_clear(&one);
	}
	db_done(stmt);
	return rc;
}

int results_put(struct project *project, const struct spec_stage *spec,
		const struct lock_stage *result, struct mlops_error *err)
{
	const struct lockfile one = { .stages = (struct lock_stage *)result, .n = 1 };
	autobuf text = { 0 };
	struct oid key;
	struct db *db;

	if (!spec->outs.n)
		return 0;
	if (results_key(spec, result, &key, err) || project_db(project, &db, err))
		return -1;
	lockfile_format(&one, &text);
	return db_change(db, err,
			 "INSERT OR REPLACE INTO results (key, result, created_ms) VALUES (?, ?, ?)",
			 "bsi", key.sha256, sizeof(key.sha256), text.buf, clock_now_ms());
}
