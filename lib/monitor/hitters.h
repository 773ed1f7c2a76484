/*
 * The commonest texts and how often they occur: exactly while no more than HITTERS_EXACT are
 * different, then by a sketch of HITTERS_KEPT to twice as many (J. Misra, D. Gries 1982; the same
 * as SpaceSaving, P. Agarwal et al. 2012, "Mergeable summaries"). A count is then too small by at
 * most `error`, which is at most 1/1024 of all.
 */
#pragma once

#include "base/map.h"

#define HITTERS_EXACT 65536
#define HITTERS_KEPT 1024
#define HITTERS_TEXT 128 /* bytes of a text that are kept */

struct hitters {
	struct map index; /* text -> position in counts + 1 */
	VEC(uint64_t) counts;
	uint64_t error; /* 0: exact */
	bool sketched;
};

void hitters_add(struct hitters *h, const char *text, size_t n, uint64_t count);
void hitters_merge(struct hitters *h, const struct hitters *other);
/* Turns it into a sketch now, to save memory. */
void hitters_sketch(struct hitters *h);
/* Positions in index.v and counts.v, the commonest first; new. */
size_t *hitters_order(const struct hitters *h);
void hitters_clear(struct hitters *h);
