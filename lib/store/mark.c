/* The marks of gc: numbering what the store has, and naming objects with all below. */
#include "store/mark.h"

#include "base/fs.h"
#include "base/path.h"
#include "store/copy.h"
#include "store/sealed.h"
#include "store/tree.h"

#define NOWHERE SIZE_MAX

static bool get_bit(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

/* False when it was set already. */
static bool set_bit(uint64_t *bits, size_t i)
{
	uint64_t bit = UINT64_C(1) << i % 64;
	bool fresh = !(bits[i / 64] & bit);

	bits[i / 64] |= bit;
	return fresh;
}

struct lister {
	struct marks *marks;
	enum place_kind kind;
	const char *dir, *fan;
};

static int add_file(const char *name, void *arg, struct mlops_error *err)
{
	struct lister *l = arg;
	autofree char *hex = xasprintf("%s%s", l->fan, name);
	struct oid oid;

	(void)err;
	if (mlops_oid_parse(hex, &oid))
		vec_push(&l->marks->files, { oid, l->kind });
	return 0;
}

static int add_fan(const char *name, void *arg, struct mlops_error *err)
{
	struct lister *all = arg;
	autofree char *dir = path_join(all->dir, name);
	struct lister l = { all->marks, all->kind, dir, name };

	return fs_is_dir(dir) ? fs_each_name(dir, add_file, &l, err) : 0;
}

static int by_name(const void *a, const void *b)
{
	return mlops_oid_compare(&((const struct file_copy *)a)->name,
				 &((const struct file_copy *)b)->name);
}

static int list_files(struct marks *m, enum place_kind kind, const char *folder,
		      struct mlops_error *err)
{
	autofree char *dir = path_join(m->store->dir, folder);
	struct lister l = { m, kind, dir, NULL };

	return fs_is_dir(dir) ? fs_each_name(dir, add_fan, &l, err) : 0;
}

static void refuse_pack(const char *what, void *arg)
{
	struct mlops_error *err = arg;

	err_set(err, MLOPS_ECORRUPT, "%s", what);
	err_hint(err, "see what else is damaged with: mlops verify");
}

int marks_init(struct marks *m, struct store *s, struct mlops_error *err)
{
	*m = (struct marks){ .store = s };
	pthread_mutex_lock(&s->lock);
	store_load_packs(s, refuse_pack, err);
	pthread_mutex_unlock(&s->lock);
	if (err->kind || list_files(m, PLACE_LOOSE, "loose", err) ||
	    list_files(m, PLACE_SEALED, "sealed", err))
		return -1;
	vec_sort(&m->files, by_name);
	m->n = m->files.n;
	for (size_t i = 0; i < s->packs.n; i++) {
		vec_push(&m->first, m->n);
		m->n += s->packs.v[i]->count;
	}
	m->named = xcalloc(m->n / 64 + 1, sizeof(*m->named));
	m->entered = xcalloc(m->n / 64 + 1, sizeof(*m->entered));
	return 0;
}

void marks_clear(struct marks *m)
{
	vec_free(&m->files);
	vec_free(&m->first);
	free(m->named);
	free(m->entered);
	map_clear(&m->elsewhere);
}

static size_t find_file(const struct marks *m, const struct oid *name)
{
	const struct file_copy key = { .name = *name }, *at = NULL;

	if (m->files.n)
		at = bsearch(&key, m->files.v, m->files.n, sizeof(key), by_name);
	return at ? (size_t)(at - m->files.v) : NOWHERE;
}

static size_t find_in_pack(const struct marks *m, size_t p, const struct oid *name)
{
	uint32_t at;

	return pack_search(m->store->packs.v[p], name, &at) ? m->first.v[p] + at : NOWHERE;
}

/* One copy of that name: what is marked is likely stored beside what was marked before it. */
static size_t find_copy(struct marks *m, const struct oid *name)
{
	for (size_t i = 0; i < m->first.n; i++) {
		size_t p = (m->hint + i) % m->first.n, at = find_in_pack(m, p, name);

		if (at == NOWHERE)
			continue;
		m->hint = p;
		return at;
	}
	return find_file(m, name);
}

static bool is_named(const struct marks *m, const struct oid *name)
{
	size_t at = find_file(m, name);

	if (at != NOWHERE && get_bit(m->named, at))
		return true;
	for (size_t p = 0; p < m->first.n; p++) {
		at = find_in_pack(m, p, name);
		if (at != NOWHERE && get_bit(m->named, at))
			return true;
	}
	return false;
}

bool marks_file_named(const struct marks *m, size_t i)
{
	return get_bit(m->named, i) || is_named(m, &m->files.v[i].name);
}

uint64_t marks_count(const struct marks *m)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= m->n / 64; i++)
		count += (uint64_t)__builtin_popcountll(m->named[i]);
	return count;
}

bool marks_take(struct marks *m, const struct oid *name, size_t copy)
{
	return !is_named(m, name) && set_bit(m->named, copy);
}

bool marks_entry_named(const struct marks *m, size_t p, uint32_t i)
{
	if (get_bit(m->named, m->first.v[p] + i))
		return true;
	struct oid name;
	pack_oid(m->store->packs.v[p], i, &name);
	return is_named(m, &name);
}

/* Names every copy that the object may have, and tells whether there is any. */
static bool name_copies(struct marks *m, const struct oid *oid, bool *entered)
{
	struct oid names[2] = { *oid };
	size_t n = 1;
	bool here = false;

	if (m->store->sealed)
		sealed_name(m->store, oid, &names[n++]);
	for (size_t i = 0; i < n; i++) {
		size_t at = find_copy(m, &names[i]);

		if (at == NOWHERE)
			continue;
		here = true;
		set_bit(m->named, at);
		if (entered)
			*entered = !set_bit(m->entered, at);
	}
	return here;
}

/* What was not here may lie in quarantine, and asking for it brings it back. */
static void name_file(struct marks *m, const struct oid *oid)
{
	if (!name_copies(m, oid, NULL))
		mlops_store_has(m->store, oid);
}

/* Whether the tree is to be entered: it is here, and nobody has been in it. */
static bool name_tree(struct marks *m, const struct oid *oid)
{
	bool entered;

	if (name_copies(m, oid, &entered))
		return !entered;
	if (map_putn(&m->elsewhere, oid->sha256, sizeof(oid->sha256), m))
		return false;
	bool here = mlops_store_has(m->store, oid);
	m->absent += !here;
	return here;
}

static int enter(struct marks *m, const struct oid *oid, int depth, struct mlops_error *err);

static int name_all(struct marks *m, const struct tree *tree, int depth, struct mlops_error *err)
{
	for (size_t i = 0; i < tree->entries.n; i++) {
		const struct tree_entry *e = &tree->entries.v[i];

		if (e->kind != TREE_FOLDER)
			name_file(m, &e->oid);
		else if (name_tree(m, &e->oid) && enter(m, &e->oid, depth + 1, err))
			return -1;
	}
	return 0;
}

static int enter(struct marks *m, const struct oid *oid, int depth, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	struct tree tree;

	if (depth > TREE_DEPTH_MAX)
		return err_set(err, MLOPS_ECORRUPT, "tree %s is nested deeper than %d folders",
			       mlops_oid_hex(oid, hex), TREE_DEPTH_MAX);
	if (tree_load(m->store, oid, &tree, err))
		return -1;
	int rc = name_all(m, &tree, depth, err);
	tree_clear(&tree);
	return rc;
}

int marks_name(struct marks *m, enum object_kind kind, const struct oid *oid,
	       struct mlops_error *err)
{
	if (kind == OBJECT_TREE)
		return name_tree(m, oid) ? enter(m, oid, 0, err) : 0;
	name_file(m, oid);
	return 0;
}

static bool is_young(const char *path, int64_t after_ms)
{
	struct stat st;

	return !lstat(path, &st) && st.st_mtim.tv_sec * INT64_C(1000) > after_ms;
}

/* Nothing says what an object is that nobody names, so its text has to. */
static int name_young(struct marks *m, size_t copy, struct strbuf *text, struct mlops_error *err)
{
	autoerr no_tree = ERR_INIT;
	struct tree tree;

	set_bit(m->named, copy);
	if (!text->len || tree_parse(text->buf, text->len, "tree", &tree, &no_tree))
		return 0;
	int rc = name_all(m, &tree, 0, err);
	tree_clear(&tree);
	return rc;
}

static int name_young_file(struct marks *m, size_t i, int64_t after_ms, struct mlops_error *err)
{
	const struct file_copy *f = &m->files.v[i];
	autofree char *path = file_path(m->store, f->kind, &f->name);
	autobuf text = { 0 };

	if (marks_file_named(m, i) || !is_young(path, after_ms))
		return 0;
	return copy_text_file(m->store, f->kind, &f->name, &text, err) ||
			       name_young(m, i, &text, err) ?
		       -1 :
		       0;
}

static int name_young_entries(struct marks *m, size_t p, struct mlops_error *err)
{
	const struct pack *pack = m->store->packs.v[p];

	for (uint32_t i = 0; i < pack->count; i++) {
		autobuf text = { 0 };

		if (!marks_entry_named(m, p, i) &&
		    (copy_text_entry(m->store, pack, i, &text, err) ||
		     name_young(m, m->first.v[p] + i, &text, err)))
			return -1;
	}
	return 0;
}

int marks_name_young(struct marks *m, int64_t after_ms, struct mlops_error *err)
{
	for (size_t i = 0; i < m->files.n; i++)
		if (name_young_file(m, i, after_ms, err))
			return -1;
	for (size_t p = 0; p < m->first.n; p++)
		if (is_young(m->store->packs.v[p]->path, after_ms) && name_young_entries(m, p, err))
			return -1;
	return 0;
}
