/* Counts of texts on two sides. */
#include "monitor/tally.h"

static void count_length(struct tally *t, int side, size_t n)
{
	if (!t->lengths[side])
		t->lengths[side] = xcalloc(TALLY_LENGTH + 1, sizeof(*t->lengths[side]));
	t->lengths[side][n < TALLY_LENGTH ? n : TALLY_LENGTH]++;
}

void tally_add(struct tally *t, int side, const char *text, size_t n)
{
	count_length(t, side, n);
	if (n > TALLY_TEXT) {
		t->beyond[side]++;
		return;
	}
	uintptr_t at = (uintptr_t)map_getn(&t->index, text, n);
	if (!at) {
		if (t->counts.count == TALLY_MAX || t->bytes + n > TALLY_BYTES) {
			t->beyond[side]++;
			return;
		}
		cells_add(&t->counts, 0, 0);
		t->bytes += n;
		at = t->counts.count;
		map_putn(&t->index, text, n, (void *)at);
	}
	t->counts.n[side][at - 1]++;
}

struct pair_group *tally_lengths(const struct tally *t, size_t *n)
{
	struct pair_group *groups = xcalloc(TALLY_LENGTH + 1, sizeof(*groups));

	*n = 0;
	for (size_t i = 0; i <= TALLY_LENGTH; i++) {
		uint64_t a = t->lengths[0] ? t->lengths[0][i] : 0, b = t->lengths[1] ? t->lengths[1][i] : 0;

		if (a || b)
			groups[(*n)++] = (struct pair_group){ (double)i, { a, b } };
	}
	return groups;
}

void tally_clear(struct tally *t)
{
	map_clear(&t->index);
	cells_clear(&t->counts);
	free(t->lengths[0]);
	free(t->lengths[1]);
	*t = (struct tally){ 0 };
}
