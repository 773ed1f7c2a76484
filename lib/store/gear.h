/*
 * Where a file is cut into chunks: by what it holds, so that most cuts stay where they were when
 * something is put in or taken out. The cuts are those of Hugging Face's Xet protocol.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define GEAR_MIN ((size_t)8 << 10)
#define GEAR_MAX ((size_t)128 << 10) /* 64 KiB is the mean */

/* The length of the first chunk of n bytes, of which GEAR_MAX or all that are left must be there. */
size_t gear_cut(const uint8_t *p, size_t n);
