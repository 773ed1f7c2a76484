/* Buffers and contexts that one thread reuses from object to object. */
#include "store/scratch.h"

#include <zstd.h>

int scratch_new(struct scratch **out, struct mlops_error *err)
{
	struct hasher *hasher;

	if (hasher_new(&hasher, err))
		return -1;
	*out = xcalloc(1, sizeof(**out));
	(*out)->hasher = hasher;
	return 0;
}

void scratch_free(struct scratch *s)
{
	if (!s)
		return;
	hasher_free(s->hasher);
	ZSTD_freeCCtx(s->cctx);
	ZSTD_freeDCtx(s->dctx);
	free(s->buf);
	free(s->packed);
	free(s);
}

static void reserve(char **buf, size_t *cap, size_t n)
{
	if (n <= *cap)
		return;
	free(*buf);
	*buf = xmalloc(n);
	*cap = n;
}

void scratch_reserve(struct scratch *s, size_t n)
{
	reserve(&s->buf, &s->cap, n);
}

void scratch_reserve_packed(struct scratch *s, size_t n)
{
	reserve(&s->packed, &s->packed_cap, n);
}
