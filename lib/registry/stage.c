/* Moving versions from stage to stage, and out of use. */
#include "registry/rules.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/user.h"
#include "db/audit.h"

const char *mlops_model_stage_name(enum model_stage stage)
{
	static const char *const names[] = { "none", "staging", "production", "archived",
					     "retired" };

	return names[stage];
}

/* The version that a change is about. */
struct subject {
	struct project *project;
	struct db *db;
	struct model_version *v;
	int64_t model; /* row */
};

static int subject_find(struct project *project, const char *spec, struct subject *out,
			struct mlops_error *err)
{
	*out = (struct subject){ .project = project };
	return project_db(project, &out->db, err) ||
			       mlops_model_resolve(project, spec, &out->v, err) ?
		       -1 :
		       0;
}

static void subject_clear(struct subject *s)
{
	mlops_model_version_free(s->v);
}

/* As it is now that nobody else can change it. */
static int reload(struct subject *s, struct mlops_error *err)
{
	struct model_version *now;

	if (model_row(s->db, s->v->model, &s->model, err) ||
	    version_load(s->db, s->model, s->v->version, &now, err))
		return -1;
	mlops_model_version_free(s->v);
	s->v = now;
	return 0;
}

static int set_stage(struct subject *s, int64_t version, enum model_stage stage,
		     struct mlops_error *err)
{
	return db_change(s->db, err,
			 "UPDATE model_versions SET stage = ? WHERE model_id = ? AND version = ?",
			 "iii", (int64_t)stage, s->model, version);
}

static int note(struct subject *s, const char *action, int64_t version, const char *detail,
		struct mlops_error *err)
{
	autofree char *subject = xasprintf("%s:%lld", s->v->model, (long long)version);

	return audit_add(s->db, action, subject, detail, err);
}

static int fail_retired(const struct model_version *v, struct mlops_error *err)
{
	return err_set(err, MLOPS_ENO, "%s:%lld is retired, which is for good", v->model,
		       (long long)v->version);
}

int mlops_model_check_usable(const struct model_version *v, struct mlops_error *err)
{
	if (v->stage == MODEL_RETIRED)
		return fail_retired(v, err);
	if (v->stage != MODEL_ARCHIVED) {
		if (v->deprecated)
			log_warn("%s:%lld is deprecated%s%s", v->model, (long long)v->version,
				 *v->deprecated ? ": " : "", v->deprecated);
		return 0;
	}
	err_set(err, MLOPS_ENO, "%s:%lld is archived", v->model, (long long)v->version);
	return err_hint(err, "if it is to be used again: mlops model restore %s:%lld", v->model,
			(long long)v->version);
}

/* mlops_model_promote() */

struct promotion {
	struct subject subject;
	enum model_stage to;
	const struct promote_how *how;
	struct checks checks;
	VEC(int64_t) former; /* versions in the stage */
};

static int parse_stage(const char *text, enum model_stage *out, struct mlops_error *err)
{
	if (!strcmp(text, "staging"))
		*out = MODEL_STAGING;
	else if (!strcmp(text, "production"))
		*out = MODEL_PRODUCTION;
	else
		return err_set(err, MLOPS_EUSAGE,
			       "a version is promoted to staging or production, not to '%s'", text);
	return 0;
}

/* One that is there already may be asked for again, as after a failure. */
static int check_way(const struct promotion *p, struct mlops_error *err)
{
	const struct model_version *v = p->subject.v;

	if (mlops_model_check_usable(v, err))
		return -1;
	if (v->stage <= p->to)
		return 0;
	err_set(err, MLOPS_EEXISTS, "%s:%lld is in %s already", v->model, (long long)v->version,
		mlops_model_stage_name(v->stage));
	return err_hint(err, "take it out of use with: mlops model archive %s:%lld", v->model,
			(long long)v->version);
}

static int find_former(struct promotion *p, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc;

	if (db_query(p->subject.db, &stmt, err,
		     "SELECT version FROM model_versions WHERE model_id = ? AND stage = ?"
		     " AND version != ? ORDER BY version",
		     "iii", p->subject.model, (int64_t)p->to, p->subject.v->version))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		vec_push(&p->former, db_int(stmt, 0));
	return rc;
}

static int archive_former(struct promotion *p, struct mlops_error *err)
{
	autofree char *why = xasprintf("version %lld is in %s", (long long)p->subject.v->version,
				       mlops_model_stage_name(p->to));

	for (size_t i = 0; i < p->former.n; i++)
		if (set_stage(&p->subject, p->former.v[i], MODEL_ARCHIVED, err) ||
		    note(&p->subject, "model.archive", p->former.v[i], why, err))
			return -1;
	return 0;
}

/* "none to staging; accuracy >= 0.9: 0.93" */
static char *describe(const struct promotion *p)
{
	autobuf text = { 0 };

	strbuf_addf(&text, "%s to %s", mlops_model_stage_name(p->subject.v->stage),
		    mlops_model_stage_name(p->to));
	for (size_t i = 0; i < p->checks.v.n; i++)
		strbuf_addf(&text, "; %s: %s", p->checks.v.v[i].text, p->checks.v.v[i].found);
	return strbuf_steal(&text);
}

static int promote(struct db *db, void *arg, struct mlops_error *err)
{
	struct promotion *p = arg;
	struct subject *s = &p->subject;

	if (reload(s, err) || check_way(p, err) ||
	    rules_of_stage(s->project, db, s->v, p->to, &p->checks, err) ||
	    (p->how->archive && find_former(p, err)))
		return -1;
	if (p->how->dry_run || !checks_hold(&p->checks))
		return 0;
	autofree char *detail = describe(p);
	if (s->v->stage != p->to && (set_stage(s, s->v->version, p->to, err) ||
				     note(s, "model.promote", s->v->version, detail, err)))
		return -1;
	return archive_former(p, err);
}

static struct stage_verdict *verdict_of(struct promotion *p)
{
	struct stage_verdict *out = xcalloc(1, sizeof(*out));

	out->model = xstrdup(p->subject.v->model);
	out->version = p->subject.v->version;
	out->from = p->subject.v->stage;
	out->to = p->to;
	out->passed = checks_hold(&p->checks);
	out->checks = steal_ptr(&p->checks.v.v);
	out->n = p->checks.v.n;
	p->checks.v.n = 0;
	if (out->passed) {
		out->archived = steal_ptr(&p->former.v);
		out->n_archived = p->former.n;
	}
	return out;
}

int mlops_model_promote(struct project *project, const char *spec, const struct promote_how *how,
			struct stage_verdict **out, struct mlops_error *err)
{
	struct promotion p = { .how = how };

	int rc = parse_stage(how->stage, &p.to, err) ||
		 subject_find(project, spec, &p.subject, err) ||
		 db_transaction(p.subject.db, promote, &p, err);
	if (!rc)
		*out = verdict_of(&p);
	subject_clear(&p.subject);
	checks_clear(&p.checks);
	vec_free(&p.former);
	return rc ? -1 : 0;
}

void mlops_stage_verdict_free(struct stage_verdict *verdict)
{
	if (!verdict)
		return;
	for (size_t i = 0; i < verdict->n; i++) {
		free(verdict->checks[i].text);
		free(verdict->checks[i].found);
	}
	free(verdict->checks);
	free(verdict->archived);
	free(verdict->model);
	free(verdict);
}

/* mlops_model_approve() */

struct approval {
	struct subject subject;
	const char *comment;
};

static int check_approver(const struct subject *s, const char *user, struct mlops_error *err)
{
	const char *role;
	bool may;

	if (mlops_model_check_usable(s->v, err) ||
	    rules_may_approve(s->project, s->v->model, &may, &role, err))
		return -1;
	if (!may) {
		err_set(err, MLOPS_EAUTH, "'%s' may not approve %s:%lld, having no role '%s'", user,
			s->v->model, (long long)s->v->version, role);
		return err_hint(err,
				"who has it is in .mlops/config: mlops config role.%s \"USER ...\"",
				role);
	}
	if (!strcmp(user, s->v->user))
		return err_set(err, MLOPS_EAUTH,
			       "'%s' registered %s:%lld, which somebody else must approve", user,
			       s->v->model, (long long)s->v->version);
	return 0;
}

static int approve(struct db *db, void *arg, struct mlops_error *err)
{
	struct approval *a = arg;
	autofree char *user = user_name();

	if (reload(&a->subject, err) || check_approver(&a->subject, user, err) ||
	    db_change(
		    db, err,
		    "INSERT OR REPLACE INTO model_approvals (model_id, version, user, at_ms, comment)"
		    " VALUES (?, ?, ?, ?, ?)",
		    "iisis", a->subject.model, a->subject.v->version, user, clock_now_ms(),
		    a->comment ? a->comment : "") ||
	    note(&a->subject, "model.approve", a->subject.v->version, a->comment, err))
		return -1;
	return reload(&a->subject, err);
}

int mlops_model_approve(struct project *project, const char *spec, const char *comment,
			struct model_version **out, struct mlops_error *err)
{
	struct approval a = { .comment = comment };
	int rc = subject_find(project, spec, &a.subject, err) ||
		 db_transaction(a.subject.db, approve, &a, err);

	if (!rc)
		*out = steal_ptr(&a.subject.v);
	subject_clear(&a.subject);
	return rc ? -1 : 0;
}

/* mlops_model_change() */

struct change {
	struct subject subject;
	const struct change_how *how;
};

static int set_deprecated(struct subject *s, const char *reason, struct mlops_error *err)
{
	return db_change(s->db, err,
			 "UPDATE model_versions SET deprecated = ?"
			 " WHERE model_id = ? AND version = ?",
			 "sii", reason, s->model, s->v->version);
}

static int restore(struct subject *s, struct mlops_error *err)
{
	if (s->v->stage == MODEL_ARCHIVED && set_stage(s, s->v->version, MODEL_NONE, err))
		return -1;
	return set_deprecated(s, NULL, err);
}

static int retire(struct subject *s, bool dry_run, struct mlops_error *err)
{
	const struct model_version *v = s->v;

	if (version_check_not_deployed(s->db, v->model, v->version, err))
		return -1;
	if (!v->n_aliases)
		return dry_run ? 0 : set_stage(s, v->version, MODEL_RETIRED, err);
	err_set(err, MLOPS_ENO, "%s:%lld is what alias '%s' means", v->model, (long long)v->version,
		v->aliases[0]);
	return err_hint(err, "move it, or: mlops model alias %s %s --remove", v->model,
			v->aliases[0]);
}

/* Whether it is so already: a change may be asked for again, as after a failure. */
static bool is_so(const struct model_version *v, const struct change_how *how)
{
	switch (how->what) {
	case MODEL_DEPRECATE:
		return v->deprecated && !strcmp(v->deprecated, how->reason ? how->reason : "");
	case MODEL_ARCHIVE:
		return v->stage == MODEL_ARCHIVED;
	case MODEL_RESTORE:
		return v->stage < MODEL_ARCHIVED && !v->deprecated;
	case MODEL_RETIRE:
		return v->stage == MODEL_RETIRED;
	}
	return false;
}

static int change_subject(struct subject *s, const struct change_how *how, struct mlops_error *err)
{
	switch (how->what) {
	case MODEL_DEPRECATE:
		return set_deprecated(s, how->reason ? how->reason : "", err);
	case MODEL_ARCHIVE:
		return set_stage(s, s->v->version, MODEL_ARCHIVED, err);
	case MODEL_RESTORE:
		return restore(s, err);
	case MODEL_RETIRE:
		return retire(s, how->dry_run, err);
	}
	return 0;
}

static int change(struct db *db, void *arg, struct mlops_error *err)
{
	static const char *const actions[] = { "model.deprecate", "model.archive", "model.restore",
					       "model.retire" };
	struct change *c = arg;
	struct subject *s = &c->subject;

	(void)db;
	if (reload(s, err))
		return -1;
	if (is_so(s->v, c->how))
		return 0;
	if (s->v->stage == MODEL_RETIRED)
		return fail_retired(s->v, err);
	if (change_subject(s, c->how, err))
		return -1;
	if (c->how->dry_run)
		return 0;
	return note(s, actions[c->how->what], s->v->version, c->how->reason, err) ? -1 :
										    reload(s, err);
}

int mlops_model_change(struct project *project, const char *spec, const struct change_how *how,
		       struct model_version **out, struct mlops_error *err)
{
	struct change c = { .how = how };
	int rc = subject_find(project, spec, &c.subject, err) ||
		 db_transaction(c.subject.db, change, &c, err);

	if (!rc)
		*out = steal_ptr(&c.subject.v);
	subject_clear(&c.subject);
	return rc ? -1 : 0;
}
