/* SHA-256 through OpenSSL's EVP interface (which uses SHA-NI), and comparing secrets. */
#pragma once

#include "base/err.h"
#include "mlops/oid.h"

/* The version of OpenSSL's libcrypto that is loaded, into buf. */
int crypto_version(char *buf, size_t n, struct mlops_error *err);

struct hasher; /* one stream; use from one thread at a time, reuse by hasher_reset() */

int hasher_new(struct hasher **out, struct mlops_error *err);
void hasher_reset(struct hasher *h);
void hasher_update(struct hasher *h, const void *p, size_t n);
void hasher_final(struct hasher *h, struct oid *out); /* then reset before the next use */
void hasher_free(struct hasher *h);                   /* NULL is fine */
/* The hash of what an open file holds from where it stands, by itself; `shown` names it in messages. */
int hasher_read(struct hasher *h, int fd, const char *shown, struct oid *out,
		struct mlops_error *err);

/* The SHA-256 of one buffer. */
int hash_buf(const void *p, size_t n, struct oid *out, struct mlops_error *err);
/* Whether two secrets of n bytes are equal, in a time that does not tell where they differ. */
int secret_equal(const void *a, const void *b, size_t n, bool *equal, struct mlops_error *err);
