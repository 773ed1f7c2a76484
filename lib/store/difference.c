/* Lists of differences: joining them, and finding what was only renamed. */
#include "store/difference.h"

#include "base/map.h"
#include "base/path.h"

enum item_kind item_kind_of(enum tree_kind kind)
{
	switch (kind) {
	case TREE_EXECUTABLE:
		return ITEM_EXECUTABLE;
	case TREE_FOLDER:
		return ITEM_FOLDER;
	case TREE_SYMLINK:
		return ITEM_SYMLINK;
	default:
		return ITEM_FILE;
	}
}

static struct difference_side side_of(const struct tree_entry *e, bool in_work_tree)
{
	if (!e)
		return (struct difference_side){ 0 };
	return (struct difference_side){ item_kind_of(e->kind), e->size,     e->files,
					 e->oid,                !e->unknown, in_work_tree };
}

static bool is_file(const struct difference_side *s)
{
	return s->kind == ITEM_FILE || s->kind == ITEM_EXECUTABLE;
}

/* What it is called once both sides are set and differ. */
static void name(struct difference *d)
{
	bool alike = d->before.kind == d->after.kind || (is_file(&d->before) && is_file(&d->after));

	d->kind = alike ? DIFFERENCE_MODIFIED : DIFFERENCE_TYPE;
}

void difference_add(struct differences *list, const char *path, const struct tree_entry *before,
		    const struct tree_entry *after, bool in_work_tree)
{
	struct difference d = { .path = xstrdup(path),
				.before = side_of(before, false),
				.after = side_of(after, in_work_tree) };

	if (before && after)
		name(&d);
	else
		d.kind = after ? DIFFERENCE_ADDED : DIFFERENCE_DELETED;
	vec_push(list, d);
}

void mlops_diff_free(struct difference *differences, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(differences[i].path);
		free(differences[i].old_path);
	}
	free(differences);
}

/* At one path the deletion first. */
static int by_path(const void *a, const void *b)
{
	const struct difference *x = a, *y = b;
	int order = path_compare(x->path, y->path);

	return order ? order : (y->kind == DIFFERENCE_DELETED) - (x->kind == DIFFERENCE_DELETED);
}

static bool has_before(const struct difference *d)
{
	return d->kind != DIFFERENCE_ADDED;
}

static bool has_after(const struct difference *d)
{
	return d->kind != DIFFERENCE_DELETED;
}

static bool same_side(const struct difference_side *a, const struct difference_side *b)
{
	return a->kind == b->kind && a->known && b->known && mlops_oid_equal(&a->oid, &b->oid);
}

/* `next` says what became of what `d` led to; false when nothing is different after both. */
static bool follow(struct difference *d, const struct difference *next)
{
	bool before = has_before(d), after = has_after(next);

	d->after = next->after;
	if (before && after) {
		name(d);
		return !same_side(&d->before, &d->after);
	}
	d->kind = after ? DIFFERENCE_ADDED : DIFFERENCE_DELETED;
	return before || after;
}

/* The last of the list and `d`, which comes behind it. */
static void append(struct differences *list, struct difference *d)
{
	struct difference *last = list->n ? &list->v[list->n - 1] : NULL;

	if (!last || strcmp(last->path, d->path)) {
		vec_push(list, *d);
		return;
	}
	free(d->path);
	if (!follow(last, d))
		free(list->v[--list->n].path);
}

void differences_sort(struct differences *list)
{
	struct differences sorted = { 0 };

	vec_sort(list, by_path);
	for (size_t i = 0; i < list->n; i++)
		append(&sorted, &list->v[i]);
	vec_free(list);
	*list = sorted;
}

void differences_join(struct differences *first, struct differences *second)
{
	struct differences joined = { 0 };
	size_t i = 0, k = 0;

	while (i < first->n || k < second->n) {
		int order = i == first->n  ? 1 :
			    k == second->n ? -1 :
					     path_compare(first->v[i].path, second->v[k].path);

		append(&joined, order <= 0 ? &first->v[i++] : &second->v[k++]);
	}
	vec_free(first);
	vec_free(second);
	*first = joined;
}

void differences_drop_same(struct differences *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct difference *d = &list->v[i];

		if (has_before(d) && has_after(d) && same_side(&d->before, &d->after))
			free(d->path);
		else
			list->v[kept++] = *d;
	}
	list->n = kept;
}

/* Empty files have nothing in common. */
static bool can_move(const struct difference_side *s)
{
	return is_file(s) && s->known && s->size;
}

#define NONE SIZE_MAX

/* Deleted files by content: an oid leads to the first, `next` to others of the same. */
struct deleted {
	struct map by_oid; /* of index + 1 */
	size_t *next;      /* one a difference */
};

static void index_deleted(const struct differences *list, struct deleted *del)
{
	for (size_t i = list->n; i-- > 0;) {
		const struct difference *d = &list->v[i];
		const uint8_t *key = d->before.oid.sha256;

		if (d->kind != DIFFERENCE_DELETED || !can_move(&d->before))
			continue;
		uintptr_t before = (uintptr_t)map_putn(&del->by_oid, key, sizeof(d->before.oid.sha256),
						       (void *)(uintptr_t)(i + 1));
		del->next[i] = before ? before - 1 : NONE;
	}
}

/* The one that lost this content, one of the same name when there is one; NONE. */
static size_t find_origin(const struct differences *list, const struct deleted *del,
			  const struct difference *added)
{
	const uint8_t *key = added->after.oid.sha256;
	uintptr_t first = (uintptr_t)map_getn(&del->by_oid, key, sizeof(added->after.oid.sha256));
	size_t found = NONE;

	for (size_t i = first ? first - 1 : NONE; i != NONE; i = del->next[i]) {
		const struct difference *d = &list->v[i];

		if (d->kind != DIFFERENCE_DELETED || !d->path)
			continue;
		if (!strcmp(path_base(d->path), path_base(added->path)))
			return i;
		if (found == NONE)
			found = i;
	}
	return found;
}

void differences_find_renames(struct differences *list)
{
	struct deleted del = { .next = xcalloc(list->n + 1, sizeof(*del.next)) };
	size_t kept = 0;

	index_deleted(list, &del);
	for (size_t i = 0; i < list->n; i++) {
		struct difference *d = &list->v[i];
		size_t from = d->kind == DIFFERENCE_ADDED && can_move(&d->after) ?
				      find_origin(list, &del, d) :
				      NONE;

		if (from == NONE)
			continue;
		d->kind = DIFFERENCE_RENAMED;
		d->before = list->v[from].before;
		d->old_path = steal_ptr(&list->v[from].path);
	}
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].path)
			list->v[kept++] = list->v[i];
	list->n = kept;
	map_clear(&del.by_oid);
	free(del.next);
}
