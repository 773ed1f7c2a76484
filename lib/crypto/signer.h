/*
 * Signatures by people's keys: Ed25519 (RFC 8032), and ECDSA (FIPS 186-5) over P-256, P-384 and
 * P-521 with SHA-256, SHA-384 and SHA-512, as Sigstore pairs them.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct signer;

/*
 * A private key in PEM; an encrypted one is opened with `passphrase`, which may be NULL. What is no
 * such key is MLOPS_EINVALID, a passphrase that is wanting or wrong MLOPS_EKEY. `from` names it in
 * messages.
 */
int signer_private(const char *pem, const char *from, const char *passphrase, struct signer **out,
		   struct mlops_error *err);
/* A public key in PEM (SubjectPublicKeyInfo). */
int signer_public(const char *pem, const char *from, struct signer **out, struct mlops_error *err);
void signer_free(struct signer *s); /* NULL is fine */

/* "ed25519", "ecdsa-p256", ...; static. */
const char *signer_kind(const struct signer *s);
/* SHA-256 of the public key's PEM, in hex: what Sigstore bundles name a key by; lent. */
const char *signer_id(const struct signer *s);

/* Appends the signature of n bytes. */
int signer_sign(const struct signer *s, const void *p, size_t n, struct strbuf *out,
		struct mlops_error *err);
bool signer_verifies(const struct signer *s, const void *p, size_t n, struct str signature);
