/* XXH3, for checksums and fingerprints that no one has a reason to forge. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t xxh_64(const void *p, size_t n);
/* The same of what is given in parts. */
struct xxh;
struct xxh *xxh_new(void);
void xxh_add(struct xxh *x, const void *p, size_t n);
uint64_t xxh_end(struct xxh *x); /* and frees it */
/* 16 bytes, the same on every machine. */
void xxh_128(const void *p, size_t n, uint8_t *out);
