/*
 * Compressed streams, unpacked as they are read: deflate, zlib and gzip through zlib; bzip2, xz,
 * lzma, lz4 and zstd through libarchive, which tells them apart. Both are loaded on first use.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct source;
struct unpack;

enum unpack_kind { UNPACK_NONE, UNPACK_DEFLATE, UNPACK_ZLIB, UNPACK_GZIP, UNPACK_OTHER };

/* By the first bytes of a stream; raw deflate has none to know it by. */
enum unpack_kind unpack_sniff(const uint8_t *p, size_t n);
/* Reads `from`, which must outlive it, and gives at most `limit` bytes: more are an error. */
int unpack_new(enum unpack_kind kind, struct source *from, uint64_t limit, struct unpack **out,
	       struct mlops_error *err);
/* Up to n bytes; *got is 0 at the end only. */
int unpack_read(struct unpack *u, void *buf, size_t n, size_t *got, struct mlops_error *err);
void unpack_free(struct unpack *u); /* NULL is fine */
