/* What was done to models, and finding versions by what they are like. */
#include "registry/rules.h"

static void event_clear(struct model_event *e)
{
	free(e->user);
	free(e->action);
	free(e->subject);
	free(e->detail);
}

void mlops_model_events_free(struct model_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		event_clear(&events[i]);
	free(events);
}

static int collect(struct db_stmt *stmt, struct model_event **out, size_t *n,
		   struct mlops_error *err)
{
	VEC(struct model_event) list = { 0 };
	int rc;

	while ((rc = db_step(stmt, err)) > 0)
		vec_push(&list, { db_int(stmt, 0), db_text_dup(stmt, 1), db_text_dup(stmt, 2),
				  db_text_dup(stmt, 3), db_text_dup(stmt, 4) });
	if (rc) {
		mlops_model_events_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

#define EVENTS "SELECT at_ms, user, action, subject, detail FROM audit WHERE action LIKE 'model.%'"

/* Names hold neither ':' nor '@', and what is between two of these is below the next character. */
int mlops_model_events(struct project *project, const char *spec, struct model_event **out,
		       size_t *n, struct mlops_error *err)
{
	struct db_stmt *stmt;
	struct db *db;
	int rc;

	if (project_db(project, &db, err))
		return -1;
	if (!spec) {
		rc = db_query(db, &stmt, err, EVENTS " ORDER BY id", "");
	} else if (strpbrk(spec, ":@")) {
		struct model_version *v;

		if (mlops_model_resolve(project, spec, &v, err))
			return -1;
		autofree char *subject = xasprintf("%s:%lld", v->model, (long long)v->version);
		autofree char *detail = xasprintf("version %lld", (long long)v->version);
		autofree char *aliases = xasprintf("%s@", v->model);
		autofree char *behind = xasprintf("%sA", v->model); /* 'A' follows '@' */
		mlops_model_version_free(v);
		rc = db_query(db, &stmt, err,
			      EVENTS
			      " AND (subject = ? OR (subject >= ? AND subject < ? AND detail = ?))"
			      " ORDER BY id",
			      "ssss", subject, aliases, behind, detail);
	} else {
		int64_t row;
		autofree char *versions = xasprintf("%s:", spec);
		autofree char *behind = xasprintf("%sA", spec); /* ':' to '@' follow each other */

		rc = model_row(db, spec, &row, err) ||
		     db_query(db, &stmt, err,
			      EVENTS
			      " AND (subject = ? OR (subject >= ? AND subject < ?)) ORDER BY id",
			      "sss", spec, versions, behind);
	}
	return rc ? -1 : collect(stmt, out, n, err);
}

void mlops_model_versions_free(struct model_version **versions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mlops_model_version_free(versions[i]);
	free(versions);
}

static bool has_text(const struct model *m, const struct model_version *v, const char *text)
{
	if (strcasestr(m->name, text) || strcasestr(m->description, text) ||
	    strcasestr(v->path, text))
		return true;
	for (size_t i = 0; i < v->n_aliases; i++)
		if (strcasestr(v->aliases[i], text))
			return true;
	return false;
}

static int is_wanted(struct db *db, const struct model *m, const struct model_version *v,
		     const struct model_query *q, bool *wanted, struct mlops_error *err)
{
	struct checks checks = { 0 };
	int rc = 0;

	*wanted = (q->stage ? !strcmp(mlops_model_stage_name(v->stage), q->stage) :
			      v->stage < MODEL_ARCHIVED) &&
		  (!q->deprecated || v->deprecated) && (!q->text || has_text(m, v, q->text));
	if (*wanted && q->where) {
		rc = rules_judge(db, v, q->where, &checks, err);
		*wanted = !rc && checks_hold(&checks);
	}
	checks_clear(&checks);
	return rc;
}

static int check_stage(const char *stage, struct mlops_error *err)
{
	autobuf names = { 0 };

	for (int i = MODEL_NONE; i <= MODEL_RETIRED; i++) {
		const char *name = mlops_model_stage_name((enum model_stage)i);

		if (!strcmp(stage, name))
			return 0;
		strbuf_addf(&names, "%s%s", i ? ", " : "", name);
	}
	err_set(err, MLOPS_EUSAGE, "there is no stage '%s'", stage);
	return err_hint(err, "there is: %s", names.buf);
}

typedef VEC(struct model_version *) version_vec;

static int add_wanted(struct db *db, struct model *m, const struct model_query *q, version_vec *out,
		      struct mlops_error *err)
{
	for (size_t i = 0; i < m->n; i++) {
		struct model_version *v;
		int64_t row;
		bool wanted;

		if (is_wanted(db, m, &m->versions[i], q, &wanted, err))
			return -1;
		if (!wanted)
			continue;
		if (model_row(db, m->name, &row, err) ||
		    version_load(db, row, m->versions[i].version, &v, err))
			return -1;
		vec_push(out, v);
	}
	return 0;
}

int mlops_models_search(struct project *project, const struct model_query *query,
			struct model_version ***out, size_t *n, struct mlops_error *err)
{
	version_vec found = { 0 };
	struct model **models;
	size_t n_models;
	struct db *db;
	int rc = 0;

	if ((query->stage && check_stage(query->stage, err)) || project_db(project, &db, err) ||
	    mlops_models_list(project, &models, &n_models, err))
		return -1;
	for (size_t i = 0; i < n_models && !rc; i++)
		rc = add_wanted(db, models[i], query, &found, err);
	mlops_models_free(models, n_models);
	if (rc) {
		mlops_model_versions_free(found.v, found.n);
		return -1;
	}
	*out = found.v;
	*n = found.n;
	return 0;
}
