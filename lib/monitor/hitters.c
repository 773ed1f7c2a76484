/* Counts by text; when there are too many, the smallest are taken off all of them. */
#include "monitor/hitters.h"

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* The (HITTERS_KEPT + 1)-th largest count: taking it off all leaves at most HITTERS_KEPT. */
static uint64_t excess(const struct hitters *h)
{
	autofree uint64_t *sorted = xmemdup(h->counts.v, h->counts.n * sizeof(*sorted));

	qsort(sorted, h->counts.n, sizeof(*sorted), descending);
	return sorted[HITTERS_KEPT];
}

static void put(struct hitters *h, const char *text, size_t n, uint64_t count)
{
	vec_push(&h->counts, count);
	map_putn(&h->index, text, n, (void *)(uintptr_t)h->counts.n);
}

static void reduce(struct hitters *h)
{
	struct hitters kept = { .error = h->error, .sketched = true };

	if (h->counts.n > HITTERS_KEPT) {
		uint64_t less = excess(h);

		kept.error += less;
		for (size_t i = 0; i < h->counts.n; i++)
			if (h->counts.v[i] > less)
				put(&kept, h->index.v[i].key, h->index.v[i].key_len, h->counts.v[i] - less);
		hitters_clear(h);
		*h = kept;
	}
	h->sketched = true;
}

void hitters_sketch(struct hitters *h)
{
	if (!h->sketched)
		reduce(h);
}

void hitters_add(struct hitters *h, const char *text, size_t n, uint64_t count)
{
	n = n < HITTERS_TEXT ? n : HITTERS_TEXT;
	uintptr_t at = (uintptr_t)map_getn(&h->index, text, n);

	if (at) {
		h->counts.v[at - 1] += count;
		return;
	}
	put(h, text, n, count);
	if (h->counts.n > (h->sketched ? 2 * HITTERS_KEPT : HITTERS_EXACT))
		reduce(h);
}

void hitters_merge(struct hitters *h, const struct hitters *other)
{
	if (other->sketched)
		hitters_sketch(h);
	for (size_t i = 0; i < other->counts.n; i++)
		hitters_add(h, other->index.v[i].key, other->index.v[i].key_len, other->counts.v[i]);
	h->error += other->error;
}

struct ranked {
	size_t at;
	uint64_t count;
	const char *key;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->key, y->key);
}

size_t *hitters_order(const struct hitters *h)
{
	size_t n = h->counts.n, *order = xmalloc((n + 1) * sizeof(*order));
	autofree struct ranked *ranked = xmalloc((n + 1) * sizeof(*ranked));

	for (size_t i = 0; i < n; i++)
		ranked[i] = (struct ranked){ i, h->counts.v[i], h->index.v[i].key };
	if (n > 1)
		qsort(ranked, n, sizeof(*ranked), by_rank);
	for (size_t i = 0; i < n; i++)
		order[i] = ranked[i].at;
	return order;
}

void hitters_clear(struct hitters *h)
{
	map_clear(&h->index);
	vec_free(&h->counts);
	*h = (struct hitters){ 0 };
}
