/*
 * The schema's history. schema/NNNN-*.sql is step NNNN; PRAGMA user_version counts the steps that
 * a database has had. A released step is never edited: a change is a new step.
 */
#include "db/handle.h"

#include "base/embed.h"

EMBED(schema_0001, "db/schema/0001-core.sql");
EMBED(schema_0002, "db/schema/0002-results.sql");
EMBED(schema_0003, "db/schema/0003-searches.sql");
EMBED(schema_0004, "db/schema/0004-tracking.sql");
EMBED(schema_0005, "db/schema/0005-places.sql");
EMBED(schema_0006, "db/schema/0006-gpu.sql");
EMBED(schema_0007, "db/schema/0007-signatures.sql");
EMBED(schema_0008, "db/schema/0008-lifecycle.sql");
EMBED(schema_0009, "db/schema/0009-lineage.sql");
EMBED(schema_0010, "db/schema/0010-registry.sql");
EMBED(schema_0011, "db/schema/0011-deployments.sql");
EMBED(schema_0012, "db/schema/0012-traces.sql");
EMBED(schema_0013, "db/schema/0013-alerts.sql");
EMBED(schema_0014, "db/schema/0014-silences.sql");

static const char *const steps[] = { embed_schema_0001, embed_schema_0002, embed_schema_0003,
				     embed_schema_0004, embed_schema_0005, embed_schema_0006,
				     embed_schema_0007, embed_schema_0008, embed_schema_0009,
				     embed_schema_0010, embed_schema_0011, embed_schema_0012,
				     embed_schema_0013, embed_schema_0014 };

static int read_version(struct db *db, int64_t *out, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_row(db, &stmt, err, "PRAGMA user_version", "") < 0)
		return -1;
	*out = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

static int refuse_newer(struct db *db, int64_t version, struct mlops_error *err)
{
	err_set(err, MLOPS_EINVALID, "database '%s' has schema %lld, newer than this program's %zu",
		db->path, (long long)version, ARRAY_LEN(steps));
	return err_hint(err, "use the mlops that made it, or a later one");
}

/* Reads the version again: another process may have done the work since we looked. */
static int take_steps(struct db *db, void *arg, struct mlops_error *err)
{
	int64_t version;

	(void)arg;
	if (read_version(db, &version, err))
		return -1;
	for (; version < (int64_t)ARRAY_LEN(steps); version++) {
		autofree char *mark = xasprintf("PRAGMA user_version = %lld", (long long)version + 1);

		if (db_exec(db, steps[version], err) || db_exec(db, mark, err))
			return err_wrap(err, "cannot bring the schema to version %lld",
					(long long)version + 1);
	}
	return 0;
}

int db_migrate(struct db *db, struct mlops_error *err)
{
	int64_t version;

	if (read_version(db, &version, err))
		return -1;
	if (version > (int64_t)ARRAY_LEN(steps))
		return refuse_newer(db, version, err);
	if (version == (int64_t)ARRAY_LEN(steps))
		return 0;
	if (version < 0)
		return err_set(err, MLOPS_ECORRUPT, "database '%s' has schema %lld, which never was",
			       db->path, (long long)version);
	return db_transaction(db, take_steps, NULL, err);
}
