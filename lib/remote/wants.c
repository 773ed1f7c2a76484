/* Sets of objects by name: of millions, in little more than what they hold. */
#include "base/le.h"
#include "remote/private.h"

static uint32_t *slot_of(const struct want_set *set, const struct oid *oid)
{
	size_t mask = set->n_slots - 1, i = le64_get(oid->sha256) & mask;

	while (set->slots[i] && !mlops_oid_equal(&want_at(set, set->slots[i] - 1)->item.oid, oid))
		i = (i + 1) & mask;
	return &set->slots[i];
}

struct want *want_find(const struct want_set *set, const struct oid *oid)
{
	uint32_t at = set->n_slots ? *slot_of(set, oid) : 0;

	return at ? want_at(set, at - 1) : NULL;
}

/* Room for one more, with a quarter of the slots free. */
static void grow(struct want_set *set)
{
	if (set->n % WANT_SLAB == 0) {
		size_t n = set->n / WANT_SLAB;

		set->slabs = xrealloc(set->slabs, (n + 1) * sizeof(*set->slabs));
		set->slabs[n] = xcalloc(WANT_SLAB, sizeof(**set->slabs));
	}
	if (set->n < set->n_slots - set->n_slots / 4)
		return;
	free(set->slots);
	set->n_slots = set->n_slots ? set->n_slots * 2 : 64;
	set->slots = xcalloc(set->n_slots, sizeof(*set->slots));
	for (size_t i = 0; i < set->n; i++)
		*slot_of(set, &want_at(set, i)->item.oid) = (uint32_t)i + 1;
}

struct want *want_add(struct want_set *set, const struct oid *oid, bool *added)
{
	struct want *w = want_find(set, oid);

	*added = !w;
	if (w)
		return w;
	grow(set);
	uint32_t *slot = slot_of(set, oid);
	w = want_at(set, set->n++);
	w->item.oid = *oid;
	*slot = (uint32_t)set->n;
	return w;
}

bool want_walked(struct want *w, const struct object_visit *v, size_t walk)
{
	if (!v->is_tree || v->missing)
		return false;
	if (w->walk == walk)
		return true;
	w->walk = (uint32_t)walk;
	return false;
}

void want_set_clear(struct want_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(want_at(set, i)->path);
	for (size_t i = 0; i * WANT_SLAB < set->n; i++)
		free(set->slabs[i]);
	free(set->slabs);
	free(set->slots);
	*set = (struct want_set){ 0 };
}
