/* Whether an object is compressed on its way into a pack: where a glance says that it may pay. */
#include <zstd.h>

#include "base/le.h"
#include "store/pack.h"

#define SAMPLE   ((size_t)1 << 10)
#define LEVEL    1
#define WORTH(n) ((n) - (n) / 16) /* compressing must save at least a sixteenth */

/*
 * Whether the bytes of a sample come all about equally often, and hardly any aligned word again:
 * of random bytes the squares of the counts add up to what is expected here within a few percent.
 */
static bool looks_random(const uint8_t *p)
{
	uint32_t counts[256] = { 0 }, words[256] = { 0 }, squares = 0, again = 0;
	const uint32_t expected = SAMPLE + SAMPLE * (SAMPLE - 1) / 256;

	for (size_t i = 0; i < SAMPLE; i++)
		counts[p[i]]++;
	for (size_t i = 0; i < 256; i++)
		squares += counts[i] * counts[i];
	for (size_t i = 0; i < SAMPLE; i += 4) {
		uint32_t word = le32_get(p + i);
		uint32_t *last = &words[word * 0x9e3779b1u >> 24];

		again += *last == word;
		*last = word;
	}
	return squares < expected + expected / 8 && again < SAMPLE / 128;
}

void pack_encode(const void *buf, size_t n, struct scratch *s, struct pack_form *out)
{
	*out = (struct pack_form){ PACK_RAW, buf, n, n };
	if (n >= SAMPLE && looks_random((const uint8_t *)buf + (n - SAMPLE) / 2))
		return;
	if (!s->cctx)
		s->cctx = ZSTD_createCCtx();
	scratch_reserve_packed(s, ZSTD_compressBound(n));
	size_t packed = ZSTD_compressCCtx(s->cctx, s->packed, s->packed_cap, buf, n, LEVEL);
	if (!ZSTD_isError(packed) && packed < WORTH(n))
		*out = (struct pack_form){ PACK_ZSTD, s->packed, packed, n };
}
