/*
 * Least significant digit first, seven digits of 10 bits, all counted in one pass: few enough
 * buckets to stay in the first-level cache. The bits of a double order like an integer once
 * negative numbers are inverted and positive ones get the top bit.
 */
#include "monitor/radix.h"

#include <stdint.h>
#include <string.h>

#define BITS 10
#define DIGITS 7
#define BUCKETS (1 << BITS)
#define FEW 64 /* values, where insertion is faster */

static uint64_t to_key(double v)
{
	uint64_t bits;

	v += 0.0; /* -0 -> 0 */
	memcpy(&bits, &v, sizeof(bits));
	return bits ^ (-(bits >> 63) | (uint64_t)1 << 63);
}

static double from_key(uint64_t key)
{
	uint64_t bits = key ^ (((key >> 63) - 1) | (uint64_t)1 << 63);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void insertion_sort(double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double x = v[i] + 0.0;
		size_t k = i;

		for (; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static unsigned digit_of(uint64_t key, int digit)
{
	return (unsigned)(key >> (digit * BITS)) & (BUCKETS - 1);
}

/* True when all keys have the same digit, so that the pass over it changes nothing. */
static int is_constant(const uint32_t *count, uint64_t any_key, int digit, size_t n)
{
	return count[digit_of(any_key, digit)] == n;
}

static void scatter(const uint64_t *from, uint64_t *to, size_t n, uint32_t *count, int digit)
{
	uint32_t sum = 0;

	for (size_t b = 0; b < BUCKETS; b++) {
		uint32_t c = count[b];

		count[b] = sum;
		sum += c;
	}
	for (size_t i = 0; i < n; i++)
		to[count[digit_of(from[i], digit)]++] = from[i];
}

void radix_sort(double *v, double *scratch, size_t n)
{
	static _Thread_local uint32_t counts[DIGITS][BUCKETS];
	uint64_t *from = (uint64_t *)(void *)v, *to = (uint64_t *)(void *)scratch;

	if (n <= FEW) {
		insertion_sort(v, n);
		return;
	}
	memset(counts, 0, sizeof(counts));
	for (size_t i = 0; i < n; i++) {
		uint64_t key = to_key(v[i]);

		from[i] = key;
		for (int d = 0; d < DIGITS; d++)
			counts[d][digit_of(key, d)]++;
	}
	for (int d = 0; d < DIGITS; d++) {
		if (is_constant(counts[d], from[0], d, n))
			continue;
		scatter(from, to, n, counts[d], d);
		uint64_t *swap = from;
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n; i++)
		v[i] = from_key(from[i]);
}
