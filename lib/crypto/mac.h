/* HMAC-SHA256 under one key. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define MAC_SIZE 32

struct mac; /* holds the key; any number of threads may use it */

int mac_new(const void *key, size_t n, struct mac **out, struct mlops_error *err);
/* The code of two pieces, one behind the other, into `out` (MAC_SIZE bytes). */
void mac_sum(const struct mac *m, const void *a, size_t a_n, const void *b, size_t b_n,
	     uint8_t *out);
void mac_free(struct mac *m); /* NULL is fine */
