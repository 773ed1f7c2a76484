/* Sets of objects by name. */
#include "remote/private.h"

struct want *want_find(const struct want_set *set, const struct oid *oid)
{
	return map_getn(&set->by_oid, oid->sha256, sizeof(oid->sha256));
}

struct want *want_add(struct want_set *set, const struct oid *oid, bool *added)
{
	struct want *w = want_find(set, oid);

	*added = !w;
	if (w)
		return w;
	w = xcalloc(1, sizeof(*w));
	w->item.oid = *oid;
	map_putn(&set->by_oid, oid->sha256, sizeof(oid->sha256), w);
	return w;
}

bool want_walked(struct want *w, const struct object_visit *v, size_t walk)
{
	if (!v->is_tree || v->missing)
		return false;
	if (w->walk == walk)
		return true;
	w->walk = walk;
	return false;
}

static void want_free(void *value)
{
	struct want *w = value;

	free(w->path);
	free(w);
}

void want_set_clear(struct want_set *set)
{
	map_clear_values(&set->by_oid, want_free);
}
