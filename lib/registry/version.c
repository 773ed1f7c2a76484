/* One version of a model out of the database, and finding the one that a person names. */
#include "registry/private.h"

#include "base/num.h"
#include "base/vec.h"

#define MAX_NAME 250

int name_check(const char *what, const char *name, struct mlops_error *err)
{
	size_t n = strlen(name);
	size_t good = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789._-");

	if (n && n <= MAX_NAME && good == n && name[0] != '.' && name[0] != '-')
		return 0;
	err_set(err, MLOPS_EINVALID, "'%.60s%s' is no name for a %s", name, n > 60 ? "..." : "", what);
	return err_hint(err, "use letters, digits, '.', '_' and '-' (not '.' or '-' first), "
			"at most %d of them", MAX_NAME);
}

static int load_head(struct db *db, int64_t model, int64_t number, struct model_version *v,
		     int64_t *run, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT models.name, path, ifnull(run_id, 0), runs.uuid, v.git_commit,"
			" v.created_ms, v.stage, v.user, v.deprecated, " REF_COLUMNS
			" FROM model_versions v JOIN models ON models.id = model_id"
			" LEFT JOIN runs ON runs.id = run_id WHERE model_id = ? AND version = ?",
			"ii", model, number);

	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(err, MLOPS_ENOTFOUND, "there is no version %lld", (long long)number);
	v->version = number;
	v->model = db_text_dup(stmt, 0);
	v->path = db_text_dup(stmt, 1);
	*run = db_int(stmt, 2);
	v->run_id = db_text_dup(stmt, 3);
	v->git_commit = db_text_dup(stmt, 4);
	v->created_ms = db_int(stmt, 5);
	v->stage = (enum model_stage)db_int(stmt, 6);
	v->user = db_text_dup(stmt, 7);
	v->deprecated = db_text_dup(stmt, 8);
	rc = ref_read(stmt, 9, &v->ref, err);
	db_done(stmt);
	return rc;
}

static int load_aliases(struct db *db, int64_t model, struct model_version *v,
			struct mlops_error *err)
{
	struct strlist list = { 0 };
	int rc = db_texts(db, &list, err,
			  "SELECT alias FROM model_aliases WHERE model_id = ? AND version = ?"
			  " ORDER BY alias", "ii", model, v->version);

	v->aliases = list.v;
	v->n_aliases = list.n;
	return rc;
}

static int load_approvals(struct db *db, int64_t model, struct model_version *v,
			  struct mlops_error *err)
{
	VEC(struct model_approval) list = { 0 };
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err, "SELECT user, comment, at_ms FROM model_approvals"
		     " WHERE model_id = ? AND version = ? ORDER BY user", "ii", model, v->version))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		vec_push(&list, { db_text_dup(stmt, 0), db_text_dup(stmt, 1), db_int(stmt, 2) });
	v->approvals = list.v;
	v->n_approvals = list.n;
	return rc;
}

int version_load(struct db *db, int64_t model, int64_t number, struct model_version **out,
		 struct mlops_error *err)
{
	autoversion *v = xcalloc(1, sizeof(*v));
	int64_t run = 0;

	if (load_head(db, model, number, v, &run, err) || load_aliases(db, model, v, err) ||
	    load_approvals(db, model, v, err))
		return -1;
	if (run && (run_load_objects(db, run, false, &v->inputs, &v->n_inputs, err) ||
		    run_load_metrics(db, run, &v->metrics, &v->n_metrics, err)))
		return -1;
	*out = steal_ptr(&v);
	return 0;
}

void version_clear(struct model_version *v)
{
	for (size_t i = 0; i < v->n_aliases; i++)
		free(v->aliases[i]);
	free(v->aliases);
	for (size_t i = 0; i < v->n_approvals; i++) {
		free(v->approvals[i].user);
		free(v->approvals[i].comment);
	}
	free(v->approvals);
	free(v->user);
	free(v->deprecated);
	run_objects_free(v->inputs, v->n_inputs);
	mlops_metrics_free(v->metrics, v->n_metrics);
	free(v->model);
	free(v->path);
	free(v->run_id);
	free(v->git_commit);
}

void mlops_model_version_free(struct model_version *v)
{
	if (!v)
		return;
	version_clear(v);
	free(v);
}

/* "wine@champion" and "wine:3" in parts; a name holds neither '@' nor ':'. */
struct spec {
	char *model;
	char *alias, *number; /* at most one */
};

static void spec_clear(struct spec *s)
{
	free(s->model);
	free(s->alias);
	free(s->number);
}
#define autospec __attribute__((cleanup(spec_clear))) struct spec

static int spec_parse(const char *text, struct spec *out, struct mlops_error *err)
{
	size_t n = strcspn(text, "@:");

	out->model = xstrndup(text, n);
	if (text[n] == '@')
		out->alias = xstrdup(text + n + 1);
	else if (text[n] == ':')
		out->number = xstrdup(text + n + 1);
	if (name_check("model", out->model, err))
		return -1;
	return out->alias ? name_check("alias", out->alias, err) : 0;
}

static int newest_version(struct db *db, int64_t model, int64_t *out, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_row(db, &stmt, err, "SELECT ifnull(max(version), 0) FROM model_versions"
		   " WHERE model_id = ?", "i", model) < 0)
		return -1;
	*out = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

/* What is archived is passed over, unless there is nothing else. */
static int newest_usable(struct db *db, int64_t model, int64_t *out, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_row(db, &stmt, err, "SELECT ifnull(max(version), 0) FROM model_versions"
		   " WHERE model_id = ? AND stage < ?", "ii", model, (int64_t)MODEL_ARCHIVED) < 0)
		return -1;
	*out = db_int(stmt, 0);
	db_done(stmt);
	return *out ? 0 : newest_version(db, model, out, err);
}

static int alias_version(struct db *db, int64_t model, const struct spec *s, int64_t *out,
			 struct mlops_error *err)
{
	if (alias_find(db, model, s->alias, out, err))
		return -1;
	return *out ? 0 : alias_fail_unknown(db, model, s->model, s->alias, err);
}

int version_check(struct db *db, int64_t model, const char *name, int64_t number,
		  struct mlops_error *err)
{
	int64_t newest;

	if (newest_version(db, model, &newest, err))
		return -1;
	if (number >= 1 && number <= newest)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "model '%s' has no version %lld", name, (long long)number);
	return err_hint(err, "its newest is %lld", (long long)newest);
}

static int numbered_version(struct db *db, int64_t model, const struct spec *s, int64_t *out,
			    struct mlops_error *err)
{
	int64_t number;

	if (!num_parse_i64(s->number, &number))
		return err_set(err, MLOPS_EINVALID, "'%s' is no version number of model '%s'",
			       s->number, s->model);
	if (version_check(db, model, s->model, number, err))
		return -1;
	*out = number;
	return 0;
}

int mlops_model_resolve(struct project *project, const char *text, struct model_version **out,
			struct mlops_error *err)
{
	autospec s = { 0 };
	struct db *db;
	int64_t model, number = 0;

	if (spec_parse(text, &s, err) || project_db(project, &db, err) ||
	    model_row(db, s.model, &model, err))
		return -1;
	int rc = s.alias  ? alias_version(db, model, &s, &number, err) :
		 s.number ? numbered_version(db, model, &s, &number, err) :
			    newest_usable(db, model, &number, err);
	return rc ? -1 : version_load(db, model, number, out, err);
}
