/* Registering: an output of a run, a path of the work tree, or what a hub has, becomes a model's next version. */
#include "registry/private.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/path.h"
#include "base/user.h"
#include "db/audit.h"
#include "git/git.h"
#include "mlops/hub.h"
#include "mlops/workspace.h"

/* What the new version is; all is known, and the object durable, before the transaction starts. */
struct registration {
	const char *name, *alias;
	char *path, *git_commit;
	int64_t run; /* row, or 0 */
	struct object_ref ref;
	int64_t model, version; /* given by the transaction */
};

static void registration_clear(struct registration *r)
{
	free(r->path);
	free(r->git_commit);
}
#define autoregistration __attribute__((cleanup(registration_clear))) struct registration

static int hint_outputs(const struct run *run, struct mlops_error *err)
{
	autobuf list = { 0 };

	for (size_t i = 0; i < run->n_outputs; i++)
		strbuf_addf(&list, "%s%s", i ? ", " : "", run->outputs[i].path);
	if (!list.len)
		return err_hint(err, "this run has no outputs");
	return err_hint(err, "name one of its outputs with --path: %s", list.buf);
}

static const struct run_object *find_output(const struct run *run, const char *path)
{
	for (size_t i = 0; i < run->n_outputs; i++)
		if (!strcmp(run->outputs[i].path, path))
			return &run->outputs[i];
	return NULL;
}

/* The only output that is a model; NULL when there is none or more than one, see *n. */
static const struct run_object *find_model(const struct run *run, size_t *n)
{
	const struct run_object *found = NULL;

	*n = 0;
	for (size_t i = 0; i < run->n_outputs; i++) {
		if (run->outputs[i].is_model) {
			found = &run->outputs[i];
			++*n;
		}
	}
	return *n == 1 ? found : NULL;
}

static int pick_output(const struct run *run, const char *path, const struct run_object **out,
		       struct mlops_error *err)
{
	size_t models;

	*out = path ? find_output(run, path) : find_model(run, &models);
	if (*out)
		return 0;
	if (path)
		err_set(err, MLOPS_ENOTFOUND, "run '%s' has no output '%s'", run->name, path);
	else if (models)
		err_set(err, MLOPS_EINVALID, "run '%s' has %zu models", run->name, models);
	else
		err_set(err, MLOPS_ENOTFOUND, "run '%s' has no output of type model", run->name);
	return hint_outputs(run, err);
}

static int take_output(struct project *project, const struct run *run, const char *path,
		       struct registration *r, struct mlops_error *err)
{
	const struct run_object *output;
	struct store *store;

	if (pick_output(run, path, &output, err) || mlops_store_of(project, &store, err))
		return -1;
	if (output->not_cached) {
		err_set(err, MLOPS_EINVALID, "'%s' of run '%s' is kept in git, not in the store",
			output->path, run->name);
		return err_hint(err, "declare the output without 'cache: false', or leave out --from-run");
	}
	if (!mlops_store_has(store, &output->ref.oid)) {
		err_set(err, MLOPS_ENOTFOUND, "'%s' of run '%s' is not in the store", output->path,
			run->name);
		return err_hint(err, "fetch it with: mlops pull");
	}
	r->path = xstrdup(output->path);
	r->git_commit = run->git_commit ? xstrdup(run->git_commit) : NULL;
	r->ref = output->ref;
	return 0;
}

static int take_from_run(struct project *project, const struct register_how *how,
			 struct registration *r, struct mlops_error *err)
{
	struct run_key key;
	struct run *run;
	struct db *db;

	if (project_db(project, &db, err) || run_find(db, how->run, &key, err) ||
	    run_load(db, key.row, &run, err))
		return -1;
	r->run = key.row;
	int rc = take_output(project, run, how->path, r, err);
	mlops_run_free(run);
	return rc;
}

static int take_from_work_tree(struct project *project, const struct register_how *how,
			       struct registration *r, struct mlops_error *err)
{
	struct git_repo *git;
	struct store *store;

	if (!how->path) {
		err_set(err, MLOPS_EUSAGE, "neither a run nor a path to register");
		return err_hint(err, "give --from-run RUN, --path PATH or --url hf://ORG/NAME");
	}
	if (!path_is_safe(how->path))
		return err_set(err, MLOPS_EINVALID, "'%s' is not a path inside the project",
			       how->path);
	if (mlops_workspace_save(project, how->path, &r->ref, err) ||
	    mlops_store_of(project, &store, err) || mlops_store_flush(store, err))
		return -1;
	r->path = xstrdup(how->path);
	return project_git(project, &git, err) || git_head(git, &r->git_commit, err) ? -1 : 0;
}

/* The version names the commit, whatever the branch comes to have. */
static int take_from_hub(struct project *project, const struct register_how *how, struct registration *r,
			 struct mlops_error *err)
{
	static const struct hub_how all;
	struct hub_result result;

	if (mlops_hub_fetch(project, how->url, how->hub ? how->hub : &all, &r->ref, &result, err))
		return -1;
	r->path = xasprintf("%.*s@%s", (int)strcspn(how->url, "@"), how->url, result.commit);
	return 0;
}

static int take(struct project *project, const struct register_how *how, struct registration *r,
		struct mlops_error *err)
{
	return how->url ? take_from_hub(project, how, r, err) :
	       how->run ? take_from_run(project, how, r, err) :
			  take_from_work_tree(project, how, r, err);
}

static int insert_model(struct db *db, struct registration *r, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_change(db, err, "INSERT OR IGNORE INTO models (name, created_ms) VALUES (?, ?)", "si",
		      r->name, clock_now_ms()) ||
	    model_row(db, r->name, &r->model, err))
		return -1;
	if (db_row(db, &stmt, err, "SELECT ifnull(max(version), 0) + 1 FROM model_versions"
		   " WHERE model_id = ?", "i", r->model) < 0)
		return -1;
	r->version = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

static int insert_version(struct db *db, const struct registration *r, struct mlops_error *err)
{
	autofree char *user = user_name();
	int rc = db_change(db, err,
			   "INSERT INTO model_versions (model_id, version, path, git_commit,"
			   " created_ms, run_id, user, " REF_COLUMNS ")"
			   " VALUES (?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?)",
			   "iissiis" REF_FORMAT, r->model, r->version, r->path, r->git_commit,
			   clock_now_ms(), r->run, user, REF_VALUES(&r->ref));

	return rc || !r->alias ? rc : alias_put(db, r->model, r->alias, r->version, err);
}

static int insert(struct db *db, void *arg, struct mlops_error *err)
{
	struct registration *r = arg;
	char hex[MLOPS_OID_HEX + 1];

	if (insert_model(db, r, err))
		return -1;
	if (!r->alias && r->version == 1)
		r->alias = FIRST_ALIAS;
	if (insert_version(db, r, err))
		return -1;
	if (FAULT("registry.register"))
		return err_sys(err, "cannot register model '%s'", r->name);
	autofree char *subject = xasprintf("%s:%lld", r->name, (long long)r->version);
	autofree char *detail = xasprintf("sha256:%s%s%s", mlops_oid_hex(&r->ref.oid, hex),
					  r->alias ? " @" : "", r->alias ? r->alias : "");
	return audit_add(db, "model.register", subject, detail, err);
}

int mlops_model_register(struct project *project, const char *name, const struct register_how *how,
			 struct model_version **out, struct mlops_error *err)
{
	autoregistration r = { .name = name, .alias = how->alias };
	struct db *db;

	if (name_check("model", name, err) || (r.alias && name_check("alias", r.alias, err)) ||
	    project_db(project, &db, err))
		return -1;
	if (take(project, how, &r, err))
		return err_wrap(err, "cannot register model '%s'", name);
	if (db_transaction(db, insert, &r, err))
		return -1;
	return version_load(db, r.model, r.version, out, err);
}
