/* Whether a version, or what is at a path, is what somebody trusted signed. */
#include "base/fs.h"
#include "base/path.h"
#include "fmt/json.h"
#include "registry/private.h"
#include "registry/sign/sign.h"

#define MAX_BUNDLE ((size_t)64 << 20)

static void note(const struct signer *by, const struct manifest *m, struct verified *out)
{
	snprintf(out->key_id, sizeof(out->key_id), "%s", signer_id(by));
	out->key_kind = signer_kind(by);
	out->files = m->files.n;
}

/* The manifest that a bundle states, and who signed it. */
static int open_signed(struct str text, const char *what, const struct trust *trust,
		       struct manifest *was, struct strlist *ignored, const struct signer **by,
		       struct mlops_error *err)
{
	autojson *statement = NULL;

	if (bundle_open(text, what, trust->v, trust->n, &statement, by, err))
		return -1;
	return statement_parse(statement, was, ignored, err);
}

/* Whether the statement is about just these files. */
static bool states_files(const struct json *statement, const struct manifest *m)
{
	const struct json *subjects = js_get(statement, "subject");
	char hex[MLOPS_OID_HEX + 1];

	for (size_t i = 0; i < m->files.n; i++) {
		const char *digest =
			js_get_text(js_get(js_at(subjects, i), "digest"), "sha256");

		if (!digest || strcmp(digest, mlops_oid_hex(&m->files.v[i].oid, hex)))
			return false;
	}
	return js_len(subjects) == m->files.n;
}

/* Whether one of the signatures is provenance by that key, of these files. */
static bool has_provenance(const struct signature *list, size_t n, const struct trust *trust,
			   const char *key_id, const struct manifest *m)
{
	for (size_t i = 0; i < n; i++) {
		autoerr ignored = ERR_INIT;
		autojson *statement = NULL;
		const struct signer *by;

		if (!strcmp(list[i].predicate_type, PREDICATE_PROVENANCE) &&
		    !bundle_open(str_of(list[i].bundle), "the provenance", trust->v, trust->n,
				 &statement, &by, &ignored) &&
		    !strcmp(signer_id(by), key_id) && states_files(statement, m))
			return true;
	}
	return false;
}

struct kept {
	const struct model_version *version;
	const struct signature *list;
	size_t n;
};

/* *by is set when it is signed by a key that is trusted, whether it holds or not. */
static int verify_object(struct project *project, const struct kept *k, size_t i, const char *what,
			 const struct trust *trust, struct verified *out, const struct signer **by,
			 struct mlops_error *err)
{
	autostrlist ignored = { 0 };
	automanifest is = { 0 }, was = { 0 };
	struct store *store;

	if (open_signed(str_of(k->list[i].bundle), what, trust, &was, &ignored, by, err) ||
	    mlops_store_of(project, &store, err) ||
	    manifest_of_object(store, &k->version->ref, was.subject, &ignored, &is, err) ||
	    manifest_compare(&is, &was, err))
		return -1;
	note(*by, &is, out);
	out->provenance = has_provenance(k->list, k->n, trust, out->key_id, &is);
	return 0;
}

/* Any that holds will do; else why one does not, best of those that are signed by a trusted key. */
static int verify_any(struct project *project, const struct kept *k, const struct trust *trust,
		      struct verified *out, struct mlops_error *err)
{
	autofree char *what =
		xasprintf("%s:%lld", k->version->model, (long long)k->version->version);
	size_t tried = 0;

	for (size_t i = 0; i < k->n; i++) {
		const struct signer *by = NULL;
		autoerr own = ERR_INIT;

		if (strcmp(k->list[i].predicate_type, PREDICATE_MODEL))
			continue;
		if (!verify_object(project, k, i, what, trust, out, &by, &own)) {
			mlops_error_clear(err);
			return 0;
		}
		if (own.kind != MLOPS_ENO)
			return err_move(err, &own);
		if (!tried++ || by)
			err_move(err, &own);
	}
	if (tried)
		return -1;
	err_set(err, MLOPS_ENO, "%s is not signed", what);
	return err_hint(err, "sign it with: mlops model sign %s --key KEY", what);
}

int mlops_model_verify(struct project *project, const char *spec, const struct trust *trust,
		       struct verified *out, struct mlops_error *err)
{
	autoversion *v = NULL;
	struct signature *list;
	struct verified found = { 0 };
	size_t n;

	if (mlops_model_resolve(project, spec, &v, err) ||
	    signatures_of(project, v, &list, &n, err))
		return -1;
	const struct kept kept = { v, list, n };
	int rc = verify_any(project, &kept, trust, &found, err);
	if (!rc)
		*out = found;
	mlops_signatures_free(list, n);
	return rc;
}

int mlops_path_verify(const char *path, const char *file, const struct trust *trust,
		      struct verified *out, struct mlops_error *err)
{
	autofree char *what = xasprintf("'%s'", file);
	autostrlist ignored = { 0 };
	automanifest is = { 0 }, was = { 0 };
	const struct signer *by;
	autobuf text = { 0 };

	if (fs_read(file, MAX_BUNDLE, &text, err) ||
	    open_signed((struct str){ text.buf, text.len }, what, trust, &was, &ignored, &by, err))
		return -1;
	manifest_ignore_always(&ignored);
	if (ignore_signature(path, file, &ignored, err) ||
	    manifest_of_path(path, &ignored, &is, err) || manifest_compare(&is, &was, err))
		return -1;
	note(by, &is, out);
	return 0;
}
