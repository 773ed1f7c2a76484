/*
 * Random numbers that a seed decides, so that a search can be repeated: SplitMix64 (Steele, Lea
 * and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
 */
#pragma once

#include <math.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A stream of its own for each `n` of one seed. */
static inline struct rng rng_of(uint64_t seed, uint64_t n)
{
	struct rng r = { seed };

	r.state = rng_next(&r) ^ n * 0xd1342543de82ef95;
	rng_next(&r);
	return r;
}

/* From 0 up to and without 1. */
static inline double rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

/* With mean 0 and deviation 1, by the method of Box and Muller. */
static inline double rng_normal(struct rng *r)
{
	double u = 1 - rng_unit(r), v = rng_unit(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}
