/* Encryption that also says whether what it decrypts is what was encrypted (AEAD), through EVP. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIPHER_KEY   32
#define CIPHER_NONCE 12
#define CIPHER_TAG   16

enum cipher_kind { CIPHER_NONE, CIPHER_AES_256_GCM, CIPHER_CHACHA20_POLY1305 };

/* "aes-256-gcm"; CIPHER_NONE for a name that is not known. */
enum cipher_kind cipher_parse(const char *name);
const char *cipher_name(enum cipher_kind kind); /* NULL for a kind that is not known */

struct cipher; /* one key; use from one thread at a time */

int cipher_new(enum cipher_kind kind, const uint8_t *key, struct cipher **out,
	       struct mlops_error *err);
void cipher_free(struct cipher *c); /* NULL is fine */

/* Bytes that are vouched for but not encrypted, and the nonce, which a key sees only once. */
struct cipher_how {
	const uint8_t *nonce;
	const void *aad;
	size_t aad_n;
};
/* n bytes become n + CIPHER_TAG; n is below 1 GiB. */
void cipher_seal(struct cipher *c, const struct cipher_how *how, const void *in, size_t n,
		 uint8_t *out);
/* n + CIPHER_TAG bytes become n; false, and `out` holds zeroes, when they are not what was sealed. */
bool cipher_open(struct cipher *c, const struct cipher_how *how, const void *in, size_t n,
		 uint8_t *out);
