/* The graph around a version, walked breadth-first through runs and the objects they read and gave. */
#include "registry/private.h"

#include "base/map.h"
#include "mlops/lifecycle.h"
#include "mlops/lineage.h"

const char *mlops_lineage_kind_name(enum lineage_kind kind)
{
	static const char *const names[] = { "version", "run", "data", "commit", "deployment" };

	return names[kind];
}

struct todo {
	size_t node;
	int64_t model, version; /* of a version */
	int64_t run;            /* row, of a run */
};

struct walk {
	struct db *db;
	struct map seen;   /* id -> index + 1 */
	struct map joined; /* edges that are there */
	VEC(struct lineage_node) nodes;
	VEC(struct lineage_edge) edges;
	VEC(struct todo) todo;
	size_t at; /* in todo */
	bool cut;
};

/* True when it is new. A graph that is too large stays as it is. */
static bool add_node(struct walk *w, enum lineage_kind kind, const char *id, const char *label,
		     const char *detail, size_t *out)
{
	size_t known = (size_t)(uintptr_t)map_get(&w->seen, id);

	if (known) {
		*out = known - 1;
		return false;
	}
	*out = SIZE_MAX;
	w->cut = w->cut || w->nodes.n == LINEAGE_MAX;
	if (w->nodes.n == LINEAGE_MAX)
		return false;
	vec_push(&w->nodes, { kind, xstrdup(id), xstrdup(label), xstrdup(detail ? detail : "") });
	map_put(&w->seen, id, (void *)(uintptr_t)w->nodes.n);
	*out = w->nodes.n - 1;
	return true;
}

static void add_edge(struct walk *w, size_t from, size_t to)
{
	if (from == SIZE_MAX || to == SIZE_MAX || from == to)
		return;
	const struct lineage_edge edge = { from, to };
	if (!map_putn(&w->joined, &edge, sizeof(edge), w))
		vec_push(&w->edges, edge);
}

static size_t add_version(struct walk *w, int64_t model, const char *name, int64_t version,
			  enum model_stage stage)
{
	autofree char *label = xasprintf("%s:%lld", name, (long long)version);
	autofree char *id = xasprintf("model:%s", label);
	size_t node;

	if (add_node(w, LINEAGE_VERSION, id, label,
		     stage == MODEL_NONE ? "" : mlops_model_stage_name(stage), &node))
		vec_push(&w->todo, { .node = node, .model = model, .version = version });
	return node;
}

static size_t add_run(struct walk *w, int64_t row, const char *uuid, const char *name)
{
	autofree char *id = xasprintf("run:%s", uuid);
	size_t node;

	if (add_node(w, LINEAGE_RUN, id, name, uuid, &node))
		vec_push(&w->todo, { .node = node, .run = row });
	return node;
}

static void add_commit(struct walk *w, const char *commit, size_t to)
{
	size_t node;

	if (!commit)
		return;
	autofree char *id = xasprintf("commit:%s", commit);
	add_node(w, LINEAGE_COMMIT, id, commit, NULL, &node);
	add_edge(w, node, to);
}

typedef void (*row_fn)(struct walk *w, struct db_stmt *row, size_t node);

/* Calls fn for each row; what it adds is walked later, so that no query is open meanwhile. */
static int each(struct walk *w, struct db_stmt *stmt, size_t node, row_fn fn,
		struct mlops_error *err)
{
	int rc;

	while ((rc = db_step(stmt, err)) > 0)
		fn(w, stmt, node);
	return rc;
}

#define VERSION_COLUMNS "v.model_id, m.name, v.version, v.stage"

static void version_before(struct walk *w, struct db_stmt *row, size_t node)
{
	add_edge(w,
		 add_version(w, db_int(row, 0), db_text(row, 1), db_int(row, 2),
			     (enum model_stage)db_int(row, 3)),
		 node);
}

static void version_behind(struct walk *w, struct db_stmt *row, size_t node)
{
	add_edge(w, node,
		 add_version(w, db_int(row, 0), db_text(row, 1), db_int(row, 2),
			     (enum model_stage)db_int(row, 3)));
}

static void run_before(struct walk *w, struct db_stmt *row, size_t node)
{
	add_edge(w, add_run(w, db_int(row, 0), db_text(row, 1), db_text(row, 2)), node);
}

static void commit_before(struct walk *w, struct db_stmt *row, size_t node)
{
	add_commit(w, db_text(row, 0), node);
}

/* What made a version: its run, or else the commit that it was registered at. */
static int walk_version(struct walk *w, const struct todo *t, struct mlops_error *err)
{
	struct db_stmt *stmt;
	size_t before = w->edges.n;

	if (db_query(
		    w->db, &stmt, err,
		    "SELECT r.id, r.uuid, r.name FROM model_versions v JOIN runs r ON r.id = v.run_id"
		    " WHERE v.model_id = ? AND v.version = ?",
		    "ii", t->model, t->version) ||
	    each(w, stmt, t->node, run_before, err))
		return -1;
	if (w->edges.n > before)
		return 0;
	return db_query(w->db, &stmt, err,
			"SELECT git_commit FROM model_versions WHERE model_id = ? AND version = ?",
			"ii", t->model, t->version) ||
			       each(w, stmt, t->node, commit_before, err) ?
		       -1 :
		       0;
}

/* Who made an object that a run read: versions that are it, and the newest run that gave it. */
static int walk_data(struct walk *w, const struct oid *oid, int64_t reader, size_t node,
		     struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_query(w->db, &stmt, err,
		     "SELECT " VERSION_COLUMNS
		     " FROM model_versions v JOIN models m ON m.id = v.model_id"
		     " WHERE v.oid = ?",
		     "b", oid->sha256, sizeof(oid->sha256)) ||
	    each(w, stmt, node, version_before, err))
		return -1;
	return db_query(
		       w->db, &stmt, err,
		       "SELECT r.id, r.uuid, r.name FROM run_objects o JOIN runs r ON r.id = o.run_id"
		       " WHERE o.oid = ? AND o.is_output AND o.run_id < ?"
		       " ORDER BY o.run_id DESC LIMIT 1",
		       "bi", oid->sha256, sizeof(oid->sha256), reader) ||
			       each(w, stmt, node, run_before, err) ?
		       -1 :
		       0;
}

static int walk_run(struct walk *w, const struct todo *t, struct mlops_error *err)
{
	struct run_object *inputs;
	struct db_stmt *stmt;
	size_t n;
	int rc = 0;

	if (db_query(w->db, &stmt, err, "SELECT git_commit FROM runs WHERE id = ?", "i", t->run) ||
	    each(w, stmt, t->node, commit_before, err) ||
	    run_load_objects(w->db, t->run, false, &inputs, &n, err))
		return -1;
	for (size_t i = 0; i < n && !rc; i++) {
		char hex[MLOPS_OID_HEX + 1];
		autofree char *id = xasprintf("data:%s", mlops_oid_hex(&inputs[i].ref.oid, hex));
		size_t node;
		bool is_new = add_node(w, LINEAGE_DATA, id, inputs[i].path, hex, &node);

		add_edge(w, node, t->node);
		if (is_new)
			rc = walk_data(w, &inputs[i].ref.oid, t->run, node, err);
	}
	run_objects_free(inputs, n);
	return rc;
}

static int walk_up(struct walk *w, struct mlops_error *err)
{
	for (; w->at < w->todo.n; w->at++) {
		const struct todo t = w->todo.v[w->at];

		if (t.run ? walk_run(w, &t, err) : walk_version(w, &t, err))
			return -1;
	}
	return 0;
}

static void deployment_behind(struct walk *w, struct db_stmt *row, size_t node)
{
	autofree char *label =
		xasprintf("%s revision %lld", db_text(row, 0), (long long)db_int(row, 1));
	autofree char *id =
		xasprintf("deployment:%s:%lld", db_text(row, 0), (long long)db_int(row, 1));
	static const char *const statuses[] = { "pending", "active", "superseded", "failed" };
	int64_t status = db_int(row, 2);
	size_t at;

	add_node(w, LINEAGE_DEPLOYMENT, id, label,
		 status >= 0 && status < (int64_t)ARRAY_LEN(statuses) ? statuses[status] : NULL,
		 &at);
	add_edge(w, node, at);
}

struct reader {
	int64_t run;
	size_t node;
};
typedef VEC(struct reader) reader_vec;

/* The runs that read its object, and what they made: no further, which could be anything. */
static int walk_readers(struct walk *w, const struct model_version *v, struct mlops_error *err)
{
	reader_vec readers = { 0 };
	struct db_stmt *stmt;
	int rc;

	if (db_query(w->db, &stmt, err,
		     "SELECT DISTINCT r.id, r.uuid, r.name FROM run_objects o"
		     " JOIN runs r ON r.id = o.run_id WHERE o.oid = ? AND NOT o.is_output"
		     " ORDER BY r.id",
		     "b", v->ref.oid.sha256, sizeof(v->ref.oid.sha256)))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		autofree char *id = xasprintf("run:%s", db_text(stmt, 1));
		size_t node;

		add_node(w, LINEAGE_RUN, id, db_text(stmt, 2), db_text(stmt, 1), &node);
		add_edge(w, 0, node);
		vec_push(&readers, { db_int(stmt, 0), node });
	}
	for (size_t i = 0; i < readers.n && !rc; i++)
		rc = db_query(w->db, &stmt, err,
			      "SELECT " VERSION_COLUMNS " FROM model_versions v"
			      " JOIN models m ON m.id = v.model_id WHERE v.run_id = ?",
			      "i", readers.v[i].run) ||
				     each(w, stmt, readers.v[i].node, version_behind, err) ?
			     -1 :
			     0;
	vec_free(&readers);
	return rc;
}

static int walk_down(struct walk *w, const struct model_version *v, struct mlops_error *err)
{
	struct db_stmt *stmt;

	if (db_query(w->db, &stmt, err,
		     "SELECT name, number, status FROM revisions JOIN deployments"
		     " ON deployments.id = deployment_id WHERE model = ? AND version = ?"
		     " ORDER BY name, number",
		     "si", v->model, v->version) ||
	    each(w, stmt, 0, deployment_behind, err))
		return -1;
	return walk_readers(w, v, err);
}

static int walk(struct walk *w, const struct model_version *v, struct mlops_error *err)
{
	int64_t model;

	if (model_row(w->db, v->model, &model, err))
		return -1;
	add_version(w, model, v->model, v->version, v->stage);
	return walk_up(w, err) || walk_down(w, v, err) ? -1 : 0;
}

static void nodes_free(struct lineage_node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(nodes[i].id);
		free(nodes[i].label);
		free(nodes[i].detail);
	}
	free(nodes);
}

int mlops_model_lineage(struct project *project, const char *spec, struct lineage **out,
			struct mlops_error *err)
{
	struct walk w = { 0 };
	struct model_version *v;

	if (project_db(project, &w.db, err) || mlops_model_resolve(project, spec, &v, err))
		return -1;
	int rc = walk(&w, v, err);
	mlops_model_version_free(v);
	if (!rc) {
		*out = xcalloc(1, sizeof(**out));
		**out = (struct lineage){ w.nodes.v, w.edges.v, w.nodes.n, w.edges.n, w.cut };
	} else {
		nodes_free(w.nodes.v, w.nodes.n);
		vec_free(&w.edges);
	}
	map_clear(&w.seen);
	map_clear(&w.joined);
	vec_free(&w.todo);
	return rc;
}

void mlops_lineage_free(struct lineage *lineage)
{
	if (!lineage)
		return;
	nodes_free(lineage->nodes, lineage->n_nodes);
	free(lineage->edges);
	free(lineage);
}
