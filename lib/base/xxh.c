/* The few calls of xxhash that are used. */
#include "base/xxh.h"

#include <stdlib.h>
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

struct xxh *xxh_new(void)
{
	XXH3_state_t *state = XXH3_createState();

	if (!state || XXH3_64bits_reset(state) != XXH_OK)
		abort();
	return (struct xxh *)state;
}

void xxh_add(struct xxh *x, const void *p, size_t n)
{
	XXH3_64bits_update((XXH3_state_t *)x, p, n); /* fails for NULL alone */
}

uint64_t xxh_end(struct xxh *x)
{
	uint64_t sum = XXH3_64bits_digest((XXH3_state_t *)x);

	XXH3_freeState((XXH3_state_t *)x);
	return sum;
}
