/* Only names with capitals are looked up: two without are the same only when they are one. */
#include "store/fold.h"

#include "base/map.h"

static bool has_capital(const char *name)
{
	for (; *name; name++)
		if (*name >= 'A' && *name <= 'Z')
			return true;
	return false;
}

static void fold(const char *name, struct strbuf *out)
{
	strbuf_trunc(out, 0);
	for (; *name; name++)
		strbuf_addc(out, *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name);
}

/* The other name that folds to the same, among those without capitals and those seen before. */
static const char *find_other(const struct tree *tree, struct map *seen, const char *name,
			      const char *folded)
{
	const struct tree_entry *plain = tree_find(tree, folded);
	const char *before = map_put(seen, folded, (void *)name);

	return plain ? plain->name : before;
}

bool fold_collision(const struct tree *tree, const char **a, const char **b)
{
	autobuf folded = { 0 };
	automap seen = { 0 };

	strbuf_adds(&folded, "");
	for (size_t i = 0; i < tree->entries.n; i++) {
		const char *name = tree->entries.v[i].name;

		if (!has_capital(name))
			continue;
		fold(name, &folded);
		*a = find_other(tree, &seen, name, folded.buf);
		*b = name;
		if (*a)
			return true;
	}
	return false;
}
