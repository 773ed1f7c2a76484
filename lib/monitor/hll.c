/* HyperLogLog with the estimator of O. Ertl (2017), "New cardinality estimation algorithms for
 * HyperLogLog sketches", section 2.3, which needs no correction tables for small counts. */
#include "monitor/hll.h"

#include <math.h>

void hll_add(struct hll *h, uint64_t hash)
{
	uint64_t rest = hash << HLL_BITS;
	uint8_t rank = (uint8_t)(rest ? __builtin_clzll(rest) + 1 : HLL_MAX);
	uint8_t *r = &h->registers[hash >> (64 - HLL_BITS)];

	if (rank > *r)
		*r = rank;
}

void hll_merge(struct hll *h, const struct hll *other)
{
	for (int i = 0; i < HLL_REGISTERS; i++)
		if (other->registers[i] > h->registers[i])
			h->registers[i] = other->registers[i];
}

/* x + sum of x^(2^k) 2^(k-1) */
static double sigma(double x)
{
	double y = 1, z = x, last;

	if (x == 1)
		return INFINITY;
	do {
		x *= x;
		last = z;
		z += x * y;
		y += y;
	} while (z != last);
	return z;
}

/* (1 - x - sum of (1 - x^(2^-k))^2 2^-k) / 3 */
static double tau(double x)
{
	double y = 1, z = 1 - x, last;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		last = z;
		y /= 2;
		z -= (1 - x) * (1 - x) * y;
	} while (z != last);
	return z / 3;
}

double hll_count(const struct hll *h)
{
	const double m = HLL_REGISTERS;
	uint32_t histogram[HLL_MAX + 1] = { 0 };

	for (int i = 0; i < HLL_REGISTERS; i++)
		histogram[h->registers[i]]++;
	double z = m * tau(1 - histogram[HLL_MAX] / m);
	for (int k = HLL_MAX - 1; k >= 1; k--)
		z = (z + histogram[k]) / 2;
	z += m * sigma(histogram[0] / m);
	return m * m / (2 * M_LN2 * z);
}
