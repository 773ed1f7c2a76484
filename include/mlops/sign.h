/*
 * Signatures over models. Two in-toto statements are signed: one that lists the model's files with
 * their hashes, in the form of OpenSSF Model Signing 1.0 (https://github.com/ossf/model-signing-spec),
 * and for a registered version one that says what it was made from, SLSA provenance 1.0
 * (https://slsa.dev/spec/v1.0/provenance). Each is in a DSSE envelope in a Sigstore bundle, signed by
 * an Ed25519 or ECDSA key.
 */
#pragma once

#include "mlops/registry.h"

/* A private key in PEM, in a file that only its owner can read. */
struct sign_key {
	const char *path;
	const char *passphrase; /* of an encrypted one, or NULL */
};

struct signature {
	char *predicate_type; /* what is stated, a URI */
	char *key_id;	      /* SHA-256 of the public key's PEM, in hex */
	char *key_kind;	      /* "ed25519", "ecdsa-p256", ... */
	char *bundle;	      /* JSON */
	int64_t created_ms;
};

/*
 * Signs a version, named as mlops_model_resolve() takes it: both statements, kept beside the
 * version; those that the same key made before are replaced. Nothing is read but listings. *out is
 * the caller's; free with mlops_signatures_free().
 */
MLOPS_API int mlops_model_sign(struct project *project, const char *spec,
			       const struct sign_key *key, struct signature **out, size_t *n,
			       struct mlops_error *err);
MLOPS_API void mlops_signatures_free(struct signature *signatures, size_t n);

/* Signs a file or folder on disk, which is read; writes the bundle to `file`. */
MLOPS_API int mlops_path_sign(const char *path, const struct sign_key *key, const char *file,
			      struct mlops_error *err);

/*
 * Public keys that are trusted, in PEM: files, and folders of files named *.pem or *.pub. With n 0
 * what the setting sign.trustedKeys names; MLOPS_EUSAGE when that is not set either. `project` may
 * be NULL.
 */
struct trust;
MLOPS_API int mlops_trust_open(struct project *project, const char *const *paths, size_t n,
			       struct trust **out, struct mlops_error *err);
MLOPS_API void mlops_trust_free(struct trust *trust); /* NULL is fine */

struct verified {
	char key_id[MLOPS_OID_HEX + 1]; /* of the key that signed */
	const char *key_kind;		/* static */
	uint64_t files;			/* that the signature lists, all as they were signed */
	bool provenance;		/* the same key also says what the version was made from */
};
/*
 * Whether one of the keys signed the version as it is. MLOPS_ENO when none did, or the files are
 * not those that were signed.
 */
MLOPS_API int mlops_model_verify(struct project *project, const char *spec,
				 const struct trust *trust, struct verified *out,
				 struct mlops_error *err);
/* The same of a file or folder on disk, which is read, by the bundle in `file`. */
MLOPS_API int mlops_path_verify(const char *path, const char *file, const struct trust *trust,
				struct verified *out, struct mlops_error *err);
