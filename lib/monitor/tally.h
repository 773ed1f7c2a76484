/*
 * How often each text occurs on two sides, exactly, while there are few enough of them; and how
 * long the texts are.
 */
#pragma once

#include "base/map.h"
#include "monitor/pair.h"

#define TALLY_MAX 65536                   /* distinct texts */
#define TALLY_BYTES ((size_t)4 << 20)     /* of them all */
#define TALLY_TEXT 256                    /* bytes of one: longer ones are not told apart */
#define TALLY_LENGTH 4096                 /* lengths above count as this one */

struct tally {
	struct map index; /* text -> position in counts + 1 */
	struct cells counts;
	size_t bytes;
	uint64_t beyond[2];  /* texts that were not counted on their own */
	uint64_t *lengths[2];
};

void tally_add(struct tally *t, int side, const char *text, size_t n);
/* The lengths as groups, in ascending order; new. */
struct pair_group *tally_lengths(const struct tally *t, size_t *n);
void tally_clear(struct tally *t);
