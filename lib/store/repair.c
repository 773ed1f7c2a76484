/*
 * Repairing. What is damaged moves to damaged/, where nobody looks for objects, so that it counts
 * as absent and can be fetched or tracked again; what is whole in a pack there is put again. It
 * keeps the name that it had, until the store has all that it stood for.
 */
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"
#include "store/private.h"
#include "store/sealed.h"

static char *aside_path(const struct store *s, const char *name)
{
	return xasprintf("%s/damaged/%s", s->dir, name);
}

static int move_aside(const struct store *s, const char *path, const char *name,
		      struct mlops_error *err)
{
	autofree char *to = aside_path(s, name);

	return fs_exists(path) ? fs_rename(path, to, err) : 0;
}

static int move_loose(struct store *s, const oid_vec *oids,
		      char *(*path_of)(const struct store *, const struct oid *),
		      struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	for (size_t i = 0; i < oids->n; i++) {
		autofree char *path = path_of(s, &oids->v[i]);

		if (move_aside(s, path, mlops_oid_hex(&oids->v[i], hex), err))
			return -1;
	}
	return 0;
}

/* From here on nothing is found in them. */
static void forget_packs(struct store *s, const struct store_damage *damage)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < damage->packs.n; i++) {
		struct pack *gone = damage->packs.v[i];
		size_t kept = 0;

		for (size_t k = 0; k < s->packs.n; k++)
			if (s->packs.v[k] != gone)
				s->packs.v[kept++] = s->packs.v[k];
		s->packs.n = kept;
		pack_free(gone);
	}
	pthread_mutex_unlock(&s->lock);
}

static int add_pack_name(const char *name, void *arg, struct mlops_error *err)
{
	struct strlist *names = arg;
	bool pack = str_ends(name, ".pack");
	struct oid oid;

	(void)err;
	if (!pack && !str_ends(name, ".idx"))
		return 0;
	char *hex = xstrndup(name, strlen(name) - (pack ? 5 : 4));
	if (mlops_oid_parse(hex, &oid) && !strlist_has(names, hex))
		strlist_take(names, hex);
	else
		free(hex);
	return 0;
}

/* The names of packs and indexes in a folder, each once. */
static int list_packs(const char *dir, struct strlist *out, struct mlops_error *err)
{
	return fs_exists(dir) ? fs_each_name(dir, add_pack_name, out, err) : 0;
}

struct salvage {
	struct store *store;
	struct scratch *scratch;
	const char *path;
	int fd;
	char *raw; /* of the entry at hand */
};

/* The object that an entry gives, whole, at v->raw; else false. */
static bool open_entry(struct salvage *v, const struct pack_entry *e, struct oid *oid, size_t *n)
{
	autoerr damaged = ERR_INIT;

	*n = e->raw;
	if (e->codec != PACK_SEALED)
		return !hash_buf(v->raw, *n, oid, &damaged) && mlops_oid_equal(oid, &e->oid);
	*oid = e->oid;
	if (!v->store->key) /* nobody here can tell more */
		return !sealed_check_form(v->raw, *n, &e->oid, &damaged);
	*n = (size_t)sealed_object_size(v->store, e->raw);
	return !sealed_decode(v->store, &e->oid, &e->oid, &v->raw, e->raw, &damaged) &&
	       !hash_buf(v->raw, *n, oid, &damaged);
}

static int salvage_entry(const struct pack_entry *e, void *arg, struct mlops_error *err)
{
	struct salvage *v = arg;
	autoerr damaged = ERR_INIT;
	struct oid oid;
	size_t n;

	free(steal_ptr(&v->raw));
	if (store_has_name(v->store, &e->oid) ||
	    pack_read_data(v->fd, v->path, e, v->scratch, &v->raw, &damaged) ||
	    !open_entry(v, e, &oid, &n))
		return 0;
	return store_put_named(v->store, v->raw, n, &oid, err);
}

static int salvage_pack(struct store *s, const char *dir, const char *hex, struct mlops_error *err)
{
	autofree char *path = xasprintf("%s/%s.pack", dir, hex);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct salvage v = { .store = s, .path = path, .fd = fd };

	if (fd < 0)
		return 0;
	if (store_scratch(s, &v.scratch, err))
		return -1;
	int rc = pack_claims(dir, hex, salvage_entry, &v, err);
	free(v.raw);
	store_give_back(s, v.scratch);
	return rc;
}

/* The index goes first: one without its pack is damage, a pack without its index is not. */
static int move_pack(struct store *s, const char *dir, const char *hex, struct mlops_error *err)
{
	static const char *const suffixes[] = { ".idx", ".pack" };

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		autofree char *name = xasprintf("%s%s", hex, suffixes[i]);
		autofree char *path = path_join(dir, name);

		if (move_aside(s, path, name, err))
			return -1;
	}
	return 0;
}

/* A pack that gc or repack is done with, and could not remove. */
static bool is_done_with(const char *dir, const char *hex)
{
	autofree char *pack = xasprintf("%s/%s.pack", dir, hex), *mark = pack_gone_path(pack);

	return fs_exists(mark);
}

/* All packs that are not loaded: damaged ones, and those whose pack or index is missing. */
static int move_packs(struct store *s, struct mlops_error *err)
{
	autofree char *dir = path_join(s->dir, "packs");
	autostrlist all = { 0 };

	if (list_packs(dir, &all, err))
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (!store_has_pack(s, all.v[i]) && !is_done_with(dir, all.v[i]) &&
		    move_pack(s, dir, all.v[i], err))
			return -1;
	return 0;
}

static int salvage_packs(struct store *s, const char *aside, struct mlops_error *err)
{
	autostrlist packs = { 0 };

	if (list_packs(aside, &packs, err))
		return -1;
	for (size_t i = 0; i < packs.n; i++)
		if (salvage_pack(s, aside, packs.v[i], err))
			return -1;
	return mlops_store_flush(s, err);
}

int mlops_store_repair(struct store *s, void (*report)(const char *what, void *arg), void *arg,
		       struct store_check *counts, struct mlops_error *err)
{
	autofree char *aside = path_join(s->dir, "damaged");
	autodamage damage = { 0 };

	if (store_check_all(s, report, arg, counts, &damage, err) || fs_mkdirs(aside, err) ||
	    move_loose(s, &damage.loose, loose_path, err) ||
	    move_loose(s, &damage.sealed, sealed_path, err))
		return -1;
	forget_packs(s, &damage);
	return move_packs(s, err) || salvage_packs(s, aside, err) ? -1 : 0;
}

struct lost {
	struct store *store;
	oid_vec oids;
};

static int add_lost(const struct pack_entry *e, void *arg, struct mlops_error *err)
{
	struct lost *l = arg;

	(void)err;
	if (!store_has_name(l->store, &e->oid))
		vec_push(&l->oids, e->oid);
	return 0;
}

static void drop_aside(const struct store *s, const char *hex, const char *suffix)
{
	autofree char *name = xasprintf("%s%s", hex, suffix);
	autofree char *path = aside_path(s, name);

	unlink(path);
}

static int settle_loose(const char *name, void *arg, struct mlops_error *err)
{
	struct lost *l = arg;
	struct oid oid;

	(void)err;
	if (!mlops_oid_parse(name, &oid))
		return 0;
	if (store_has_name(l->store, &oid))
		drop_aside(l->store, name, "");
	else
		vec_push(&l->oids, oid);
	return 0;
}

static int settle_packs(struct lost *l, const char *dir, struct mlops_error *err)
{
	autostrlist packs = { 0 };

	if (list_packs(dir, &packs, err))
		return -1;
	for (size_t i = 0; i < packs.n; i++) {
		size_t before = l->oids.n;

		if (pack_claims(dir, packs.v[i], add_lost, l, err))
			return -1;
		if (l->oids.n > before)
			continue;
		drop_aside(l->store, packs.v[i], ".idx");
		drop_aside(l->store, packs.v[i], ".pack");
	}
	return 0;
}

static int by_oid(const void *a, const void *b)
{
	return mlops_oid_compare(a, b);
}

static void sort_unique(oid_vec *oids)
{
	size_t kept = 0;

	vec_sort(oids, by_oid);
	for (size_t i = 0; i < oids->n; i++)
		if (!kept || !mlops_oid_equal(&oids->v[kept - 1], &oids->v[i]))
			oids->v[kept++] = oids->v[i];
	oids->n = kept;
}

int mlops_store_lost(struct store *s, struct oid **out, size_t *n, struct mlops_error *err)
{
	autofree char *dir = path_join(s->dir, "damaged");
	struct lost l = { .store = s };
	int rc = 0;

	if (fs_exists(dir))
		rc = fs_each_name(dir, settle_loose, &l, err) || settle_packs(&l, dir, err);
	if (rc) {
		vec_free(&l.oids);
		return -1;
	}
	rmdir(dir); /* unless something is left in it */
	sort_unique(&l.oids);
	*out = l.oids.v;
	*n = l.oids.n;
	return 0;
}
