/*
 * Sealed objects (mlops-sealed(5)): a header, and the bytes encrypted in chunks, so that any part
 * can be read by itself. What was changed, cut short, put together from others or sealed with
 * another key does not open, and a key that does not fit is told from bytes that are damaged.
 */
#pragma once

#include "base/mem.h"
#include "crypto/cipher.h"
#include "mlops/oid.h"

#define SEALED_HEADER 112
#define SEALED_CHUNK  ((size_t)64 << 10) /* bytes that are encrypted as one */
#define SEALED_BLOCK  (SEALED_CHUNK + CIPHER_TAG)
#define SEAL_KEY_ID   16 /* hex digits that tell keys apart and nothing about them */

/* What a secret key is used through; any number of threads may share it. */
struct seal_key;
/* `kind` is what will be sealed with; what is opened says so itself. */
int seal_key_new(const uint8_t *secret, enum cipher_kind kind, struct seal_key **out,
		 struct mlops_error *err);
void seal_key_free(struct seal_key *key); /* NULL is fine */
enum cipher_kind seal_key_kind(const struct seal_key *key);
const char *seal_key_id(const struct seal_key *key); /* lent */
/* The name that the sealed form of an object has: nothing about its content, nor who else has it. */
void seal_name(const struct seal_key *key, const struct oid *oid, struct oid *out);

/* The size of the sealed form of n bytes, and the reverse: false for what no sealed form has. */
uint64_t sealed_size(uint64_t n);
bool sealed_plain_size(uint64_t sealed, uint64_t *out);

/* What a header says that is whole and understood; that takes no key. */
struct sealed_info {
	struct oid name;
	enum cipher_kind kind;
	char key_id[SEAL_KEY_ID + 1];
};
int sealed_inspect(const uint8_t *header, struct sealed_info *out, struct mlops_error *err);

/* One object on its way into the sealed form or out of it; use from one thread at a time. */
struct sealed;
int sealed_new(const struct seal_key *key, struct sealed **out, struct mlops_error *err);
/* MLOPS_EKEY when the header names another key, MLOPS_ECORRUPT when it is not whole or of `name`. */
int sealed_open(const struct seal_key *key, const uint8_t *header, const struct oid *name,
		struct sealed **out, struct mlops_error *err);
void sealed_free(struct sealed *s); /* NULL is fine */
/* SEALED_HEADER bytes. */
int sealed_put_header(struct sealed *s, const struct oid *name, uint8_t *out,
		      struct mlops_error *err);
/* The chunk with this number: n bytes, SEALED_CHUNK unless it is the last, become n + CIPHER_TAG. */
void sealed_put_chunk(struct sealed *s, uint64_t i, bool last, const void *in, size_t n,
		      uint8_t *out);
/* The reverse: n is of the sealed chunk. MLOPS_ECORRUPT. */
int sealed_get_chunk(struct sealed *s, uint64_t i, bool last, const void *in, size_t n,
		     uint8_t *out, struct mlops_error *err);

/* All of an object in memory: `out` has room for sealed_size(n) bytes. */
int sealed_put(const struct seal_key *key, const struct oid *name, const void *in, size_t n,
	       uint8_t *out, struct mlops_error *err);
/* `out` has room for what sealed_plain_size(n) says. */
int sealed_get(const struct seal_key *key, const struct oid *name, const void *in, size_t n,
	       uint8_t *out, struct mlops_error *err);

/* The mark of a sealed place, an empty object under a name of zeroes; `what` is the place. */
#define SEAL_MARK_SIZE (SEALED_HEADER + CIPHER_TAG)
extern const struct oid seal_mark_name;
int seal_mark_put(const struct seal_key *key, uint8_t *out, struct mlops_error *err);
/* MLOPS_EKEY, with the ids of both keys, or MLOPS_ECORRUPT. */
int seal_mark_check(const struct seal_key *key, const void *mark, size_t n, const char *what,
		    struct mlops_error *err);

DEFINE_CLEANUP(sealed, sealed_free)
#define autosealed __attribute__((cleanup(cleanup_sealed))) struct sealed
