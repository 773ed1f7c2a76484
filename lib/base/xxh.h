/* XXH3, for checksums and fingerprints that no one has a reason to forge. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t xxh_64(const void *p, size_t n);
/* 16 bytes, the same on every machine. */
void xxh_128(const void *p, size_t n, uint8_t *out);
