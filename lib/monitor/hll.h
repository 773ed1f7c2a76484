/*
 * How many different values there are, in 16 KiB: HyperLogLog (P. Flajolet et al., 2007), with a
 * standard error of 1.04 / sqrt(16384) = 0.81%. Merging loses nothing.
 */
#pragma once

#include <stdint.h>

#define HLL_BITS 14
#define HLL_REGISTERS (1 << HLL_BITS)
#define HLL_MAX (64 - HLL_BITS + 1) /* of a register */

struct hll {
	uint8_t registers[HLL_REGISTERS];
};

void hll_add(struct hll *h, uint64_t hash);
void hll_merge(struct hll *h, const struct hll *other);
double hll_count(const struct hll *h);
