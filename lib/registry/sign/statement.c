/*
 * in-toto statements (in-toto/attestation 1.0): that of OpenSSF Model Signing 1.0
 * (ossf/model-signing-spec), method "files" with SHA-256, is written and read.
 */
#include "crypto/hash.h"
#include "fmt/json.h"
#include "registry/sign/sign.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"

static int root_digest(const struct manifest *m, struct oid *out, struct mlops_error *err)
{
	struct hasher *hasher;

	if (hasher_new(&hasher, err))
		return -1;
	for (size_t i = 0; i < m->files.n; i++)
		hasher_update(hasher, m->files.v[i].oid.sha256, sizeof(struct oid));
	hasher_final(hasher, out);
	hasher_free(hasher);
	return 0;
}

static struct json *serialization(const struct strlist *ignored)
{
	struct json *how = js_obj(), *list = js_arr();

	for (size_t i = 0; i < ignored->n; i++)
		js_push(list, js_str(ignored->v[i]));
	js_set(how, "method", js_str("files"));
	js_set(how, "hash_type", js_str("sha256"));
	js_set(how, "allow_symlinks", js_bool(false));
	js_set(how, "ignore_paths", list);
	return how;
}

struct json *statement_new(const char *predicate_type, struct json *subjects, struct json *predicate)
{
	struct json *statement = js_obj();

	js_set(statement, "_type", js_str(STATEMENT_TYPE));
	js_set(statement, "subject", subjects);
	js_set(statement, "predicateType", js_str(predicate_type));
	js_set(statement, "predicate", predicate);
	return statement;
}

struct json *subject_json(const char *name, const struct oid *oid)
{
	struct json *subject = js_obj(), *digest = js_obj();
	char hex[MLOPS_OID_HEX + 1];

	js_set(digest, "sha256", js_str(mlops_oid_hex(oid, hex)));
	js_set(subject, "name", js_str(name));
	js_set(subject, "digest", digest);
	return subject;
}

int statement_of_manifest(const struct manifest *m, const struct strlist *ignored, struct json **out,
		       struct mlops_error *err)
{
	struct oid root;
	char hex[MLOPS_OID_HEX + 1];

	if (root_digest(m, &root, err))
		return -1;
	struct json *subjects = js_arr(), *predicate = js_obj(), *resources = js_arr();
	js_push(subjects, subject_json(m->subject, &root));
	for (size_t i = 0; i < m->files.n; i++) {
		struct json *resource = js_obj();

		js_set(resource, "name", js_str(m->files.v[i].name));
		js_set(resource, "algorithm", js_str("sha256"));
		js_set(resource, "digest", js_str(mlops_oid_hex(&m->files.v[i].oid, hex)));
		js_push(resources, resource);
	}
	js_set(predicate, "serialization", serialization(ignored));
	js_set(predicate, "resources", resources);
	*out = statement_new(PREDICATE_MODEL, subjects, predicate);
	return 0;
}

static int parse_resource(const struct json *resource, struct manifest *m, struct mlops_error *err)
{
	const char *name = js_get_text(resource, "name");
	const char *algorithm = js_get_text(resource, "algorithm");
	const char *digest = js_get_text(resource, "digest");
	struct oid oid;

	if (!name || !algorithm || strcmp(algorithm, "sha256") || !digest ||
	    strlen(digest) != MLOPS_OID_HEX || !mlops_oid_parse(digest, &oid))
		return err_set(err, MLOPS_EINVALID,
			       "the signature lists '%.100s' with no SHA-256 of the whole file",
			       name ? name : "?");
	manifest_add(m, name, &oid);
	return 0;
}

static int check_form(const struct json *statement, struct mlops_error *err)
{
	const char *type = js_get_text(statement, "_type");
	const char *predicate = js_get_text(statement, "predicateType");
	const struct json *how = js_get(js_get(statement, "predicate"), "serialization");
	const char *method = js_get_text(how, "method");

	if (!type || strcmp(type, STATEMENT_TYPE) || !predicate || strcmp(predicate, PREDICATE_MODEL))
		return err_set(err, MLOPS_EINVALID, "the signature is not over a model, but '%.100s'",
			       predicate ? predicate : "?");
	if (!method || strcmp(method, "files") || js_get_bool(how, "allow_symlinks", false))
		return err_set(err, MLOPS_EINVALID,
			       "the signature is of a form that is not verified here: method '%.20s'%s",
			       method ? method : "?",
			       js_get_bool(how, "allow_symlinks", false) ? ", with symlinks" : "");
	return 0;
}

int statement_parse(const struct json *statement, struct manifest *out, struct strlist *ignored,
		   struct mlops_error *err)
{
	automanifest m = { 0 };

	if (check_form(statement, err))
		return -1;
	const struct json *predicate = js_get(statement, "predicate");
	const struct json *paths = js_get(js_get(predicate, "serialization"), "ignore_paths");
	const struct json *resources = js_get(predicate, "resources");
	const struct json *subject = js_at(js_get(statement, "subject"), 0);
	const char *name = js_get_text(subject, "name");
	m.subject = xstrdup(name ? name : "");
	for (size_t i = 0; i < js_len(resources); i++)
		if (parse_resource(js_at(resources, i), &m, err))
			return -1;
	const char *said = js_get_text(js_get(subject, "digest"), "sha256");
	struct oid root;
	char hex[MLOPS_OID_HEX + 1];
	if (root_digest(&m, &root, err))
		return -1;
	if (!said || strcmp(said, mlops_oid_hex(&root, hex)))
		return err_set(err, MLOPS_ENO, "the signature's digest is not that of the files it lists");
	for (size_t i = 0; i < js_len(paths); i++)
		if (js_text(js_at(paths, i)))
			strlist_add(ignored, js_text(js_at(paths, i)));
	manifest_sort(&m);
	*out = m;
	m = (struct manifest){ 0 };
	return 0;
}
