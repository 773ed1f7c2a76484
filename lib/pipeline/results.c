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
static int make_key(const struct spec_stage *spec, const struct lock_stage *inputs, struct oid *out,
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

/* One that cannot be read is as good as none: the stage runs. */
static void parse(const char *text, struct lockfile *out, bool *found)
{
	autoerr ignored = ERR_INIT;

	*found = text && !mlops_lockfile_parse("a former result", text, strlen(text), out, &ignored) &&
		 out->n == 1;
	if (!*found)
		mlops_lockfile_clear(out);
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
	if (make_key(spec, now, &key, err) || project_db(project, &db, err))
		return -1;
	int rc = db_row(db, &stmt, err, "SELECT result FROM results WHERE key = ?", "b", key.sha256,
			sizeof(key.sha256));
	if (rc <= 0)
		return rc;
	parse(db_text(stmt, 0), out, found);
	db_done(stmt);
	return 0;
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
	if (make_key(spec, result, &key, err) || project_db(project, &db, err))
		return -1;
	lockfile_format(&one, &text);
	return db_change(db, err,
			 "INSERT OR REPLACE INTO results (key, result, created_ms) VALUES (?, ?, ?)",
			 "bsi", key.sha256, sizeof(key.sha256), text.buf, clock_now_ms());
}
