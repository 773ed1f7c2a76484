/* Signatures with a private RSA key. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* RSASSA-PKCS1-v1_5 with SHA-256 ("RS256") over n bytes; appends the signature. MLOPS_EINVALID for
 * what is no unencrypted private RSA key in PEM. */
int rsa_sign(const char *pem, const void *p, size_t n, struct strbuf *out, struct mlops_error *err);
