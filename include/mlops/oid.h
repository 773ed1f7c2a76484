/* Object names: the SHA-256 of an object's bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlops/export.h"

#define MLOPS_OID_HEX 64                     /* digits of a name, without the NUL */
#define MLOPS_OID_TEXT (MLOPS_OID_HEX + 8)   /* bytes that "sha256:<hex>" takes, with the NUL */

struct oid {
	uint8_t sha256[32];
};

/* The name of an object of git's: a commit, a folder's tree, or what a file of one holds. */
struct git_id {
	uint8_t sha1[20];
};

/* Writes 64 lower-case hex digits and a NUL into `buf` (MLOPS_OID_HEX + 1 bytes); returns buf. */
MLOPS_API char *mlops_oid_hex(const struct oid *oid, char *buf);

/* Reads exactly 64 lower-case hex digits, optionally behind "sha256:"; false for anything else. */
MLOPS_API bool mlops_oid_parse(const char *text, struct oid *out);

/* Whether two names are the same. */
MLOPS_API bool mlops_oid_equal(const struct oid *a, const struct oid *b);

/* Order of names, as memcmp(3). */
MLOPS_API int mlops_oid_compare(const struct oid *a, const struct oid *b);
