/* MD5, which protocols want; it proves nothing against one who means harm. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define MD5_SIZE     16
#define MD5_HEX_SIZE (2 * MD5_SIZE + 1)

struct md5; /* one stream; one thread at a time */
int md5_new(struct md5 **out, struct mlops_error *err);
void md5_update(struct md5 *m, const void *p, size_t n);
void md5_final(struct md5 *m, uint8_t *out); /* and frees */
void md5_free(struct md5 *m);                /* NULL is fine */

int md5_buf(const void *p, size_t n, uint8_t *out, struct mlops_error *err);
int md5_hex(const void *p, size_t n, char *hex, struct mlops_error *err);
