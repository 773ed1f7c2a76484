/*
 * Versions of registered models. A version is bound to an object, as those of `mlops model` are: the
 * files below its source, as a tree, when they are artifacts of this server; else an empty tree.
 */
#include "serve/api/mlflow_registry.h"

#include "base/num.h"
#include "base/path.h"
#include "base/vec.h"
#include "store/tree_edit.h"
#include "tracking/artifact.h"

#define MAX_PAGE 200000

static const char *const stages[] = { [MODEL_NONE] = "None", [MODEL_STAGING] = "Staging",
				      [MODEL_PRODUCTION] = "Production",
				      [MODEL_ARCHIVED] = "Archived" };
#define N_STAGES ((int)ARRAY_LEN(stages))

static int parse_stage(const char *text, enum model_stage *out, struct mlops_error *err)
{
	for (int i = 0; i < N_STAGES; i++) {
		if (!strcasecmp(text, stages[i])) {
			*out = (enum model_stage)i;
			return 0;
		}
	}
	return err_set(err, MLOPS_EINVALID,
		       "Invalid Model Version stage: %.64s. Value must be one of None, Staging,"
		       " Production, Archived.", text);
}

static int parse_number(struct mlflow_call *c, int64_t *out, struct mlops_error *err)
{
	const struct json *v = arg_field(c->in, "version");

	if (!v || (js_text(v) && !*js_text(v)))
		return arg_missing("version", err);
	if (js_to_int(v, out) || (js_text(v) && num_parse_i64(js_text(v), out)))
		return 0;
	return err_set(err, MLOPS_EINVALID, "Parameter 'version' must be an integer, got '%.64s'.",
		       js_text(v) ? js_text(v) : "");
}

int call_version(struct db *db, struct mlflow_call *c, struct version_key *out, const char **name,
		 struct mlops_error *err)
{
	int64_t number;

	return arg_need_text(c->in, "name", name, err) || parse_number(c, &number, err) ||
			       version_find(db, *name, number, out, err) ?
		       -1 :
		       0;
}

static void set_text(struct json *v, const char *key, const char *text)
{
	if (text && *text)
		js_set(v, key, js_str(text));
}

static int set_lists(struct db *db, int64_t row, struct json *v, struct mlops_error *err)
{
	autostrlist aliases = { 0 };
	struct run_pair *tags;
	size_t n;
	int rc = run_load_pairs(db, "SELECT key, value FROM model_version_tags WHERE version_id = ?",
				row, &tags, &n, err);

	if (!rc && n)
		js_set(v, "tags", json_pairs(tags, n));
	run_pairs_free(tags, n);
	if (rc || db_texts(db, &aliases, err,
			   "SELECT alias FROM model_aliases JOIN model_versions v USING (model_id, version)"
			   " WHERE v.id = ? ORDER BY alias", "i", row))
		return -1;
	if (!aliases.n)
		return 0;
	struct json *list = js_arr();
	for (size_t i = 0; i < aliases.n; i++)
		js_push(list, js_str(aliases.v[i]));
	js_set(v, "aliases", list);
	return 0;
}

/* Of a version that `mlops model` registered, the source is where its run has it. */
#define VERSION_SQL                                                                                \
	"SELECT m.name, v.version, v.created_ms, ifnull(v.updated_ms, v.created_ms), v.stage,"     \
	" v.description, ifnull(v.source, 'runs:/' || r.uuid || '/' || v.path),"                   \
	" ifnull(v.run_uuid, r.uuid), v.run_link, v.logged_model"                                  \
	" FROM model_versions v JOIN models m ON m.id = model_id"                                  \
	" LEFT JOIN runs r ON r.id = v.run_id WHERE v.id = ?"

int json_version(struct db *db, int64_t row, struct json **out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	char number[NUM_SIZE];

	int rc = db_row(db, &stmt, err, VERSION_SQL, "i", row);
	if (rc <= 0)
		return rc < 0 ? -1 : err_set(err, MLOPS_ENOTFOUND, "the version is gone");
	autojson *v = js_obj();
	js_set(v, "name", js_str(db_text(stmt, 0)));
	js_set(v, "version", js_str(num_format_u64((uint64_t)db_int(stmt, 1), number)));
	js_set(v, "creation_timestamp", js_int(db_int(stmt, 2)));
	js_set(v, "last_updated_timestamp", js_int(db_int(stmt, 3)));
	js_set(v, "current_stage", js_str(stages[db_int(stmt, 4) % N_STAGES]));
	set_text(v, "description", db_text(stmt, 5));
	set_text(v, "source", db_text(stmt, 6));
	set_text(v, "run_id", db_text(stmt, 7));
	js_set(v, "status", js_str("READY"));
	set_text(v, "run_link", db_text(stmt, 8));
	set_text(v, "model_id", db_text(stmt, 9));
	db_done(stmt);
	if (set_lists(db, row, v, err))
		return -1;
	*out = js_ref(v);
	return 0;
}

static int reply_version(struct db *db, struct mlflow_call *c, int64_t row, struct mlops_error *err)
{
	struct json *v;

	if (json_version(db, row, &v, err))
		return -1;
	js_set(c->out, "model_version", v);
	return 0;
}

static int push_newest(struct db *db, int64_t model, enum model_stage stage, struct json *out,
		       struct mlops_error *err)
{
	struct json *v;
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err,
			"SELECT id FROM model_versions WHERE model_id = ? AND stage = ?"
			" ORDER BY version DESC LIMIT 1", "ii", model, (int64_t)stage);

	if (rc <= 0)
		return rc;
	int64_t row = db_int(stmt, 0);
	db_done(stmt);
	if (json_version(db, row, &v, err))
		return -1;
	js_push(out, v);
	return 0;
}

int json_latest(struct db *db, int64_t model, const char *const *wanted, size_t n,
		struct json *out, struct mlops_error *err)
{
	enum model_stage stage;

	for (size_t i = 0; i < (n ? n : (size_t)N_STAGES); i++) {
		if (n && parse_stage(wanted[i], &stage, err))
			return -1;
		if (push_newest(db, model, n ? stage : (enum model_stage)i, out, err))
			return -1;
	}
	return 0;
}

/* Where the files of a source lie in the proxy, or NULL: elsewhere. */
static int resolve_source(struct db *db, const char *source, char **out, struct mlops_error *err)
{
	autofree char *root = NULL;
	struct run_key run = { 0 };

	*out = NULL;
	if (str_starts(source, "runs:/")) {
		const char *id = source + 6, *slash = strchr(id, '/');
		autoerr absent = ERR_INIT;

		if (!slash || slash - id >= MLOPS_RUN_ID)
			return 0;
		snprintf(run.id, sizeof(run.id), "%.*s", (int)(slash - id), id);
		if (run_lookup(db, run.id, &run.row, NULL, &absent))
			return 0;
		if (run_artifact_uri(db, &run, &root, err))
			return -1;
		*out = xasprintf("%s%s", root, slash);
		return 0;
	}
	if (str_starts(source, "models:/m-"))
		return logged_model_uri(db, source + strlen("models:/"), out, err);
	*out = str_starts(source, "mlflow-artifacts:") ? xstrdup(source) : NULL;
	return 0;
}

/* A client may only name files that are those of the run, or of the logged model, that it names. */
static int check_source(struct db *db, struct mlflow_call *c, const char *source,
			struct mlops_error *err)
{
	const char *run = "", *model = "", *owner = "run_id";
	autofree char *root = NULL;
	struct run_key key = { 0 };
	bool good = true;

	if (arg_text(c->in, "run_id", &run, err) || arg_text(c->in, "model_id", &model, err))
		return -1;
	if (str_starts(source, "models:/m-")) {
		owner = "model_id";
		good = !strcmp(source + strlen("models:/"), model);
	} else if (str_starts(source, "runs:/")) {
		size_t n = strcspn(source + strlen("runs:/"), "/");

		good = n == strlen(run) && !memcmp(source + strlen("runs:/"), run, n);
	} else if (artifact_path_of_uri(source)) {
		if (*model ? logged_model_uri(db, model, &root, err) :
		    *run   ? run_lookup(db, run, &key.row, NULL, err) ||
				     (snprintf(key.id, sizeof(key.id), "%s", run), false) ||
				     run_artifact_uri(db, &key, &root, err) :
			     0)
			return -1;
		good = root && path_is_below(source, root);
	}
	return good ? 0 :
		      err_set(err, MLOPS_EINVALID,
			      "Invalid model version source: '%.300s'. The %s request parameter must"
			      " identify the resource that contains the source.", source, owner);
}

/* Whether the request makes a version of a prompt, which has no files. */
static bool is_prompt(const struct mlflow_call *c)
{
	const struct json *tags = arg_field(c->in, "tags");

	for (size_t i = 0; i < js_len(tags); i++) {
		const char *key = js_get_text(js_at(tags, i), "key");

		if (key && !strcmp(key, "mlflow.prompt.is_prompt"))
			return true;
	}
	return false;
}

struct files {
	struct mlflow_call *call;
	VEC(struct tree_edit) edits;
	const char *source;
};

static int add_file(const char *path, const struct object_ref *ref, void *arg,
		    struct mlops_error *err)
{
	struct files *f = arg;
	struct tree_entry *e = arena_alloc(f->call->arena, sizeof(*e));

	(void)err;
	*e = (struct tree_entry){ .kind = TREE_FILE, .oid = ref->oid, .size = ref->size, .files = 1 };
	vec_push(&f->edits, { arena_strdup(f->call->arena, path), e });
	return 0;
}

static int find_files(struct db *db, void *arg, struct mlops_error *err)
{
	struct files *f = arg;
	autofree char *uri = NULL;

	if ((!is_prompt(f->call) && check_source(db, f->call, f->source, err)) ||
	    resolve_source(db, f->source, &uri, err))
		return -1;
	const char *path = uri ? artifact_path_of_uri(uri) : NULL;
	return path ? artifact_each(db, path, add_file, f, err) : 0;
}

static int put_files(struct store *store, const struct files *f, struct tree_entry *out,
		     struct mlops_error *err)
{
	const struct tree none = { 0 };

	return f->edits.n ? tree_edit(store, NULL, "the model", f->edits.v, f->edits.n, out, err) :
			    tree_put(store, &none, out, err);
}

/* Before the transaction: the tree is durable when the version names it. */
static int check_create(struct mlflow_call *c, struct mlops_error *err)
{
	struct files f = { .call = c };
	struct tree_entry folder;
	struct object_ref *ref = arena_alloc(c->arena, sizeof(*ref));

	if (arg_need_text(c->in, "source", &f.source, err) || strstr(f.source, "/../") ||
	    str_ends(f.source, "/.."))
		return err->kind ? -1 :
				   err_set(err, MLOPS_EINVALID, "Invalid model version source: '%.300s'",
					   f.source);
	int rc = db_shared_read(c->tracker->db, find_files, &f, err) ||
				 put_files(c->tracker->store, &f, &folder, err) ||
				 mlops_store_flush(c->tracker->store, err) ?
			 -1 :
			 0;
	vec_free(&f.edits);
	if (rc)
		return -1;
	*ref = (struct object_ref){ .kind = OBJECT_TREE, .oid = folder.oid, .size = folder.size,
				    .files = folder.files };
	c->checked = ref;
	return 0;
}

static int create(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct version_create how = { .ref = *(struct object_ref *)c->checked };
	struct version_key v;
	struct run_pair *tags;
	size_t n;

	if (arg_need_text(c->in, "source", &how.source, err) ||
	    arg_text(c->in, "run_id", &how.run_id, err) ||
	    arg_text(c->in, "run_link", &how.run_link, err) ||
	    arg_text(c->in, "description", &how.description, err) ||
	    arg_text(c->in, "model_id", &how.logged_model, err) ||
	    arg_pairs(c, "tags", "tags", SIZE_MAX, &tags, &n, err) ||
	    call_model(db, c, &how.model, &how.name, err))
		return -1;
	if (how.run_id && !*how.run_id)
		how.run_id = NULL;
	if (version_create(db, &how, &v, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (rule_length("value", tags[i].value, MAX_REGISTRY_TAG_VALUE, err) ||
		    version_set_tag(db, &v, tags[i].key, tags[i].value, err))
			return -1;
	return reply_version(db, c, v.row, err);
}

static int get(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct version_key v;
	const char *name;

	return call_version(db, c, &v, &name, err) || reply_version(db, c, v.row, err) ? -1 : 0;
}

static int get_download_uri(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autofree char *uri = NULL;
	struct version_key v;
	struct json *version;
	const char *name;

	if (call_version(db, c, &v, &name, err) || json_version(db, v.row, &version, err))
		return -1;
	const char *source = js_get_text(version, "source");
	int rc = source ? resolve_source(db, source, &uri, err) : 0;
	if (!rc)
		js_set(c->out, "artifact_uri", js_str(uri ? uri : source ? source : ""));
	js_free(version);
	return rc;
}

static int search(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	autoquery where = { .arena = c->arena };

	query_add(&where, "v.stage != ");
	query_int(&where, MODEL_RETIRED);
	return search_page(db, c, &search_versions, &where, "model_versions", MAX_PAGE, MAX_PAGE,
			   json_version, err);
}

static int update(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *description = "";
	struct version_key v;

	if (arg_text(c->in, "description", &description, err) || call_version(db, c, &v, &name, err) ||
	    version_describe(db, &v, description, err))
		return -1;
	return reply_version(db, c, v.row, err);
}

static int delete_(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	struct version_key v;
	const char *name;

	return call_version(db, c, &v, &name, err) || version_delete(db, &v, name, err) ? -1 : 0;
}

static int transition(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *text;
	bool archive = false;
	enum model_stage stage;
	struct version_key v;

	if (arg_need_text(c->in, "stage", &text, err) ||
	    arg_bool(c->in, "archive_existing_versions", &archive, err))
		return -1;
	if (parse_stage(text, &stage, err))
		return -1;
	if (archive && stage != MODEL_STAGING && stage != MODEL_PRODUCTION)
		return err_set(err, MLOPS_EINVALID,
			       "Model version transition cannot archive existing model versions because"
			       " '%s' is not an Active stage. Valid stages are Staging, Production",
			       stages[stage]);
	if (call_version(db, c, &v, &name, err) ||
	    version_set_stage(db, &v, name, stage, archive, err))
		return -1;
	return reply_version(db, c, v.row, err);
}

static int set_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *key, *value;
	struct version_key v;

	return registry_tag(c, &key, &value, err) || call_version(db, c, &v, &name, err) ||
			       version_set_tag(db, &v, key, value, err) ?
		       -1 :
		       0;
}

static int delete_tag(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	const char *name, *key;
	struct version_key v;

	return arg_need_text(c->in, "key", &key, err) || call_version(db, c, &v, &name, err) ||
			       version_delete_tag(db, &v, key, err) ?
		       -1 :
		       0;
}

const struct mlflow_method mlflow_version_methods[] = {
	{ "POST", "model-versions/create", check_create, create, true },
	{ "GET", "model-versions/get", NULL, get, false },
	{ "GET", "model-versions/get-download-uri", NULL, get_download_uri, false },
	{ "GET", "model-versions/search", NULL, search, false },
	{ "PATCH", "model-versions/update", NULL, update, true },
	{ "DELETE", "model-versions/delete", NULL, delete_, true },
	{ "POST", "model-versions/transition-stage", NULL, transition, true },
	{ "POST", "model-versions/set-tag", NULL, set_tag, true },
	{ "DELETE", "model-versions/delete-tag", NULL, delete_tag, true },
	{ .verb = NULL },
};
