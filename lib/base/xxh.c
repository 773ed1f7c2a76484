/* The one-shot calls of xxhash. */
#include "base/xxh.h"

#include <string.h>
#include <xxhash.h>

uint64_t xxh_64(const void *p, size_t n)
{
	return XXH3_64bits(p, n);
}

void xxh_128(const void *p, size_t n, uint8_t *out)
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(p, n));
	memcpy(out, canonical.digest, sizeof(canonical.digest));
}
