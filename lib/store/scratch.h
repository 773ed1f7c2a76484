/* What handling one object takes: a hash context, a buffer, zstd contexts. Reused, one a thread. */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "crypto/hash.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

struct scratch {
	struct hasher *hasher;
	char *buf; /* file content on its way in */
	size_t cap;
	char *packed; /* the compressed form */
	size_t packed_cap;
	struct ZSTD_CCtx_s *cctx; /* made when first used */
	struct ZSTD_DCtx_s *dctx;
};

int scratch_new(struct scratch **out, struct mlops_error *err);
void scratch_free(struct scratch *s);
/* Makes room for n bytes at s->buf, at s->packed. */
void scratch_reserve(struct scratch *s, size_t n);
void scratch_reserve_packed(struct scratch *s, size_t n);
