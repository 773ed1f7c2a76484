/* Deployments and revisions in the database. Each change is one transaction with its audit row. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/user.h"
#include "base/vec.h"
#include "db/audit.h"
#include "db/db.h"
#include "deploy/deploy.h"
#include "project/project.h"

static const char *const status_names[] = {
	[REVISION_PENDING] = "PENDING",
	[REVISION_ACTIVE] = "ACTIVE",
	[REVISION_SUPERSEDED] = "SUPERSEDED",
	[REVISION_FAILED] = "FAILED",
};

const char *mlops_revision_status_name(enum revision_status status)
{
	return status_names[status];
}

static void revision_clear(struct revision *r)
{
	free(r->model);
	free(r->user);
	free(r->reason);
	free(r->config);
	free(r->package);
}

void mlops_deployment_free(struct deployment *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		revision_clear(&d->revisions[i]);
	free(d->revisions);
	free(d->name);
	free(d->target);
	free(d->url);
	free(d);
}

void mlops_deployments_free(struct deployment **deployments, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mlops_deployment_free(deployments[i]);
	free(deployments);
}

const struct revision *mlops_deployment_active(const struct deployment *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->revisions[i].status == REVISION_ACTIVE)
			return &d->revisions[i];
	return NULL;
}

static char *copy_text(struct db_stmt *row, int column)
{
	const char *text = db_text(row, column);

	return text ? xstrdup(text) : NULL;
}

static int read_revision(struct db_stmt *row, struct revision *r, struct mlops_error *err)
{
	size_t n;
	int64_t status = db_int(row, 8);
	const void *oid = db_blob(row, 5, &n);

	if (n != sizeof(r->ref.oid.sha256) || status < 0 || status > REVISION_FAILED)
		return err_set(err, MLOPS_ECORRUPT,
			       "revision %" PRId64 " in the database is damaged", db_int(row, 0));
	*r = (struct revision){
		.number = db_int(row, 0),
		.model = copy_text(row, 1),
		.version = db_int(row, 2),
		.ref = { .kind = db_int(row, 3) ? OBJECT_TREE : OBJECT_FILE,
			 .executable = db_int(row, 4),
			 .size = (uint64_t)db_int(row, 6),
			 .files = (uint64_t)db_int(row, 7) },
		.status = (enum revision_status)status,
		.workers = db_int(row, 9),
		.rollback_of = db_int(row, 10),
		.user = copy_text(row, 11),
		.reason = copy_text(row, 12),
		.created_ms = db_int(row, 13),
		.ended_ms = db_int(row, 14),
		.config = copy_text(row, 15),
		.package = copy_text(row, 16),
	};
	memcpy(r->ref.oid.sha256, oid, n);
	return 0;
}

static int load_revisions(struct db *db, int64_t id, struct deployment *d, struct mlops_error *err)
{
	VEC(struct revision) list = { 0 };
	struct db_stmt *row;
	int rc;

	if (db_query(db, &row, err,
		     "SELECT number, model, version, kind, executable, oid, size, files, status,"
		     " workers, rollback_of, user, reason, created_ms, ended_ms, config, package"
		     " FROM revisions WHERE deployment_id = ? ORDER BY number DESC",
		     "i", id))
		return -1;
	while ((rc = db_step(row, err)) > 0) {
		struct revision r;

		if (read_revision(row, &r, err)) {
			db_done(row);
			rc = -1;
			break;
		}
		vec_push(&list, r);
	}
	d->revisions = list.v;
	d->n = list.n;
	return rc;
}

int history_load(struct project *project, const char *name, struct deployment **out,
		 struct mlops_error *err)
{
	struct db *db;
	struct db_stmt *row;

	if (project_db(project, &db, err) ||
	    db_query(db, &row, err, "SELECT id, target, port FROM deployments WHERE name = ?", "s",
		     name))
		return -1;
	int rc = db_step(row, err);
	if (rc < 0)
		return -1;
	if (!rc) {
		err_set(err, MLOPS_ENOTFOUND, "no deployment named '%s'", name);
		return err_hint(err, "see: mlops deployments");
	}
	struct deployment *d = xcalloc(1, sizeof(*d));
	int64_t id = db_int(row, 0);
	d->name = xstrdup(name);
	d->target = copy_text(row, 1);
	d->port = db_int(row, 2);
	db_done(row);
	if (load_revisions(db, id, d, err)) {
		mlops_deployment_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

int history_names(struct project *project, struct strlist *out, struct mlops_error *err)
{
	struct db *db;

	if (project_db(project, &db, err))
		return -1;
	return db_texts(db, out, err, "SELECT name FROM deployments ORDER BY name", "");
}

/* ---- changes: the arguments of a transaction ---- */

struct change {
	const char *name, *target, *reason;
	struct revision *revision;
	int64_t number, port;
};

static int run_change(struct project *project,
		      int (*fn)(struct db *db, void *arg, struct mlops_error *err),
		      struct change *change, struct mlops_error *err)
{
	struct db *db;

	return project_db(project, &db, err) ? -1 : db_transaction(db, fn, change, err);
}

static int next_number(struct db *db, const char *name, int64_t *out, struct mlops_error *err)
{
	struct db_stmt *row;

	if (db_query(db, &row, err,
		     "SELECT ifnull(max(r.number), 0) + 1 FROM deployments d"
		     " LEFT JOIN revisions r ON r.deployment_id = d.id WHERE d.name = ?",
		     "s", name) ||
	    db_step(row, err) < 0)
		return -1;
	*out = db_int(row, 0);
	db_done(row);
	return 0;
}

static int begin(struct db *db, void *arg, struct mlops_error *err)
{
	struct change *c = arg;
	struct revision *r = c->revision;
	autofree char *user = user_name();

	if (db_change(db, err,
		      "INSERT OR IGNORE INTO deployments (name, target, port, created_ms)"
		      " VALUES (?, ?, 0, ?)",
		      "ssi", c->name, c->target, clock_now_ms()) ||
	    next_number(db, c->name, &r->number, err))
		return -1;
	return db_change(
		db, err,
		"INSERT INTO revisions (deployment_id, number, model, version, kind,"
		" executable, oid, size, files, workers, status, rollback_of, user, created_ms, config, package)"
		" SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM deployments WHERE name = ?",
		"isiiibiiiiisisss", r->number, r->model, r->version,
		(int64_t)(r->ref.kind == OBJECT_TREE), (int64_t)r->ref.executable,
		r->ref.oid.sha256, sizeof(r->ref.oid.sha256), (int64_t)r->ref.size,
		(int64_t)r->ref.files, r->workers, (int64_t)REVISION_PENDING, r->rollback_of, user,
		clock_now_ms(), r->config, r->package, c->name);
}

int history_begin(struct project *project, const char *name, const char *target,
		  struct revision *revision, struct mlops_error *err)
{
	struct change c = { .name = name, .target = target, .revision = revision };

	return run_change(project, begin, &c, err);
}

static int supersede(struct db *db, const char *name, struct mlops_error *err)
{
	return db_change(db, err,
			 "UPDATE revisions SET status = ?, ended_ms = ? WHERE status = ? AND"
			 " deployment_id = (SELECT id FROM deployments WHERE name = ?)",
			 "iiis", (int64_t)REVISION_SUPERSEDED, clock_now_ms(),
			 (int64_t)REVISION_ACTIVE, name);
}

static int activate(struct db *db, void *arg, struct mlops_error *err)
{
	const struct change *c = arg;
	autofree char *detail = xasprintf("revision %" PRId64, c->number);

	if (supersede(db, c->name, err) ||
	    db_change(db, err,
		      "UPDATE revisions SET status = ? WHERE number = ? AND"
		      " deployment_id = (SELECT id FROM deployments WHERE name = ?)",
		      "iis", (int64_t)REVISION_ACTIVE, c->number, c->name) ||
	    db_change(db, err, "UPDATE deployments SET port = ? WHERE name = ?", "is", c->port,
		      c->name))
		return -1;
	return audit_add(db, "deploy", c->name, detail, err);
}

int history_activate(struct project *project, const char *name, int64_t number, int64_t port,
		     struct mlops_error *err)
{
	struct change c = { .name = name, .number = number, .port = port };

	return run_change(project, activate, &c, err);
}

static int fail(struct db *db, void *arg, struct mlops_error *err)
{
	const struct change *c = arg;
	autofree char *detail = xasprintf("revision %" PRId64 ": %s", c->number, c->reason);

	if (db_change(
		    db, err,
		    "UPDATE revisions SET status = ?, reason = ?, ended_ms = ? WHERE number = ? AND"
		    " deployment_id = (SELECT id FROM deployments WHERE name = ?)",
		    "isiis", (int64_t)REVISION_FAILED, c->reason, clock_now_ms(), c->number,
		    c->name))
		return -1;
	return audit_add(db, "deploy.fail", c->name, detail, err);
}

int history_fail(struct project *project, const char *name, int64_t number, const char *reason,
		 struct mlops_error *err)
{
	struct change c = { .name = name, .number = number, .reason = reason };

	return run_change(project, fail, &c, err);
}

static int end(struct db *db, void *arg, struct mlops_error *err)
{
	const struct change *c = arg;

	return supersede(db, c->name, err) ? -1 : audit_add(db, "undeploy", c->name, NULL, err);
}

int history_end(struct project *project, const char *name, struct mlops_error *err)
{
	struct change c = { .name = name };

	return run_change(project, end, &c, err);
}
