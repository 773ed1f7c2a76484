/* Private to lib/registry/sign. */
#pragma once

#include "base/vec.h"
#include "crypto/signer.h"
#include "mlops/sign.h"

struct json;

#define PREDICATE_MODEL	     "https://model_signing/signature/v1.0"
#define PREDICATE_PROVENANCE "https://slsa.dev/provenance/v1"

struct trust {
	struct signer **v;
	size_t n, cap;
};

/* The files of a model, as a signature lists them. */
struct manifest_file {
	char *name; /* below the model's folder; "." for a model that is one file */
	struct oid oid;
};
struct manifest {
	char *subject; /* the model's name */
	VEC(struct manifest_file) files; /* sorted by name, bytewise */
};
void manifest_clear(struct manifest *m);
#define automanifest __attribute__((cleanup(manifest_clear))) struct manifest

/* Of an object: nothing is read but trees. `ignored` are paths below it that are left out, with all in them. */
int manifest_of_object(struct store *store, const struct object_ref *ref, const char *subject,
		       const struct strlist *ignored, struct manifest *out,
		       struct mlops_error *err);
/* Of a file or folder, which is read. */
int manifest_of_path(const char *path, const struct strlist *ignored, struct manifest *out,
		     struct mlops_error *err);
void manifest_add(struct manifest *m, const char *path, const struct oid *oid);
void manifest_sort(struct manifest *m);
/* What every signature leaves out; adds to *out. */
void manifest_ignore_always(struct strlist *out);

/* MLOPS_ENO, naming a file, unless both list the same. */
int manifest_compare(const struct manifest *is, const struct manifest *was, struct mlops_error *err);

/* An in-toto statement; takes subjects and predicate. */
struct json *statement_new(const char *predicate_type, struct json *subjects,
			   struct json *predicate);
struct json *subject_json(const char *name, const struct oid *oid);
/* That of a manifest, and back; what the text leaves out is added to *ignored. */
int statement_of_manifest(const struct manifest *m, const struct strlist *ignored,
			  struct json **out, struct mlops_error *err);
int statement_parse(const struct json *statement, struct manifest *out, struct strlist *ignored,
		    struct mlops_error *err);
/* What a version was made from, as SLSA provenance 1.0 of its files. */
int statement_of_provenance(struct project *project, const struct model_version *v,
			    const struct manifest *m, struct json **out, struct mlops_error *err);

/* Signs an in-toto statement: appends the bundle. */
int bundle_seal(const struct json *statement, const struct signer *key, struct strbuf *out,
		struct mlops_error *err);
/*
 * The statement in a bundle that one of the keys signed, which is *by. MLOPS_ENO when none of them
 * did, MLOPS_EINVALID for what is no bundle; `what` names it.
 */
int bundle_open(struct str text, const char *what, struct signer *const *keys, size_t n,
		struct json **statement, const struct signer **by, struct mlops_error *err);

/* Adds `file` as seen from `path` when it lies below. */
int ignore_signature(const char *path, const char *file, struct strlist *ignored,
		     struct mlops_error *err);
