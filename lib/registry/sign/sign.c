/* Signing a version or a path, and the signatures that are kept beside versions. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "db/audit.h"
#include "db/db.h"
#include "fmt/json.h"
#include "project/key.h"
#include "registry/private.h"
#include "registry/sign/sign.h"

static int open_key(const struct sign_key *key, struct signer **out, struct mlops_error *err)
{
	autobuf pem = { 0 };

	if (key_file_read(key->path, &pem, err))
		return -1;
	int rc = signer_private(pem.buf, key->path, key->passphrase, out, err);
	explicit_bzero(pem.buf, pem.cap);
	return rc;
}

void mlops_signatures_free(struct signature *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].predicate_type);
		free(list[i].key_id);
		free(list[i].key_kind);
		free(list[i].bundle);
	}
	free(list);
}

static int seal(const struct json *statement, const struct signer *key, struct signature *out,
		struct mlops_error *err)
{
	autobuf bundle = { 0 };

	if (bundle_seal(statement, key, &bundle, err))
		return -1;
	*out = (struct signature){ .predicate_type = xstrdup(js_get_text(statement, "predicateType")),
				   .key_id = xstrdup(signer_id(key)),
				   .key_kind = xstrdup(signer_kind(key)),
				   .bundle = strbuf_steal(&bundle),
				   .created_ms = clock_now_ms() };
	return 0;
}

#define STATEMENTS 2

static int sign_version(struct project *project, const struct model_version *v,
			const struct signer *key, struct signature *out, struct mlops_error *err)
{
	autojson *files = NULL, *provenance = NULL;
	autostrlist ignored = { 0 };
	automanifest m = { 0 };
	struct store *store;

	manifest_ignore_always(&ignored);
	if (mlops_store_of(project, &store, err) ||
	    manifest_of_object(store, &v->ref, path_base(v->path), &ignored, &m, err) ||
	    statement_of_manifest(&m, &ignored, &files, err) ||
	    statement_of_provenance(project, v, &m, &provenance, err))
		return -1;
	return seal(files, key, &out[0], err) || seal(provenance, key, &out[1], err) ? -1 : 0;
}

struct keeping {
	const struct model_version *version;
	const struct signature *signatures;
};

static int keep(struct db *db, void *arg, struct mlops_error *err)
{
	const struct keeping *k = arg;
	autofree char *subject =
		xasprintf("%s:%lld", k->version->model, (long long)k->version->version);
	autofree char *detail = xasprintf("key %s", k->signatures[0].key_id);

	for (size_t i = 0; i < STATEMENTS; i++) {
		const struct signature *s = &k->signatures[i];

		if (db_change(db, err,
			      "INSERT OR REPLACE INTO model_signatures (version_id, predicate_type,"
			      " key_id, key_kind, bundle, created_ms) SELECT v.id, ?, ?, ?, ?, ?"
			      " FROM model_versions v JOIN models m ON m.id = v.model_id"
			      " WHERE m.name = ? AND v.version = ?",
			      "ssssisi", s->predicate_type, s->key_id, s->key_kind, s->bundle,
			      s->created_ms, k->version->model, k->version->version))
			return -1;
	}
	if (FAULT("sign.kept"))
		return err_sys(err, "cannot keep the signatures of %s", subject);
	return audit_add(db, "model.sign", subject, detail, err);
}

int mlops_model_sign(struct project *project, const char *spec, const struct sign_key *path,
		     struct signature **out, size_t *n, struct mlops_error *err)
{
	autoversion *v = NULL;
	struct signer *key;
	struct db *db;

	if (mlops_model_resolve(project, spec, &v, err) || project_db(project, &db, err) ||
	    open_key(path, &key, err))
		return -1;
	struct signature *made = xcalloc(STATEMENTS, sizeof(*made));
	struct keeping k = { v, made };
	int rc = sign_version(project, v, key, made, err);
	if (!rc)
		rc = db_transaction(db, keep, &k, err);
	signer_free(key);
	if (rc) {
		mlops_signatures_free(made, STATEMENTS);
		return -1;
	}
	*out = made;
	*n = STATEMENTS;
	return 0;
}

int signatures_of(struct project *project, const struct model_version *v, struct signature **out,
		  size_t *n, struct mlops_error *err)
{
	VEC(struct signature) list = { 0 };
	struct db_stmt *stmt;
	struct db *db;
	int rc;

	if (project_db(project, &db, err) ||
	    db_query(db, &stmt, err,
		     "SELECT predicate_type, key_id, key_kind, bundle, s.created_ms"
		     " FROM model_signatures s JOIN model_versions v ON v.id = version_id"
		     " JOIN models m ON m.id = v.model_id WHERE m.name = ? AND v.version = ?"
		     " ORDER BY s.created_ms, key_id, predicate_type",
		     "si", v->model, v->version))
		return -1;
	while ((rc = db_step(stmt, err)) > 0)
		vec_push(&list, (struct signature){ db_text_dup(stmt, 0), db_text_dup(stmt, 1),
						    db_text_dup(stmt, 2), db_text_dup(stmt, 3),
						    db_int(stmt, 4) });
	if (rc) {
		mlops_signatures_free(list.v, list.n);
		return -1;
	}
	*out = list.v;
	*n = list.n;
	return 0;
}

/* A signature that lies in the folder it signs is left out. */
int ignore_signature(const char *path, const char *file, struct strlist *ignored,
		     struct mlops_error *err)
{
	autofree char *root = NULL, *dir = NULL;
	autofree char *above = path_dir(file);

	if (fs_realpath(path, &root, err) || fs_realpath(above, &dir, err))
		return -1;
	autofree char *whole = path_join(dir, path_base(file));
	if (path_is_below(whole, root))
		strlist_add(ignored, whole + strlen(root) + 1);
	return 0;
}

int mlops_path_sign(const char *path, const struct sign_key *key_path, const char *file,
		    struct mlops_error *err)
{
	autojson *statement = NULL;
	autostrlist ignored = { 0 };
	automanifest m = { 0 };
	autobuf bundle = { 0 };
	struct signer *key;

	manifest_ignore_always(&ignored);
	if (ignore_signature(path, file, &ignored, err) || open_key(key_path, &key, err))
		return -1;
	int rc = manifest_of_path(path, &ignored, &m, err) ||
		 statement_of_manifest(&m, &ignored, &statement, err) ||
		 bundle_seal(statement, key, &bundle, err);
	signer_free(key);
	return rc ? -1 : fs_write_atomic(file, bundle.buf, bundle.len, 0644, err);
}
