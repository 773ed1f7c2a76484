/* Checking everything that is in a store. */
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "store/private.h"
#include "store/sealed.h"

struct check {
	struct store *store;
	void (*report)(const char *what, void *arg);
	void *arg;
	struct store_check counts;
	const char *dir; /* being listed */
	const char *fan; /* its two digits */
	bool in_sealed;  /* what is in it is sealed */
	struct store_damage *damage;
	struct scratch *scratch;
};

static void fault(struct check *c, const char *what)
{
	c->counts.damaged++;
	c->report(what, c->arg);
}

static void count(struct check *c, bool sealed)
{
	c->counts.objects++;
	c->counts.plain += c->store->sealed && !sealed;
	c->counts.unopened += sealed && !c->store->key;
}

static int drop(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)buf, (void)err;
	*(uint64_t *)arg += n;
	return 0;
}

static int read_one(struct check *c, const struct oid *name, uint64_t *bytes,
		    struct mlops_error *err)
{
	if (c->in_sealed)
		return sealed_check(c->store, name, bytes, err);
	return loose_read(c->store, name, drop, bytes, err);
}

static int check_loose(const char *name, void *arg, struct mlops_error *err)
{
	struct check *c = arg;
	autofree char *hex = xasprintf("%s%s", c->fan, name);
	autofree char *path = path_join(c->dir, name);
	uint64_t bytes = 0;
	struct oid oid;
	autoerr why = ERR_INIT;

	(void)err;
	if (!mlops_oid_parse(hex, &oid)) {
		autofree char *what = xasprintf("'%s' is not an object", path);

		fault(c, what);
		return 0;
	}
	count(c, c->in_sealed);
	if (read_one(c, &oid, &bytes, &why)) {
		fault(c, why.msg);
		vec_push(c->in_sealed ? &c->damage->sealed : &c->damage->loose, oid);
	}
	c->counts.bytes += bytes;
	return 0;
}

static int check_fan(const char *name, void *arg, struct mlops_error *err)
{
	struct check *c = arg;
	autofree char *dir = path_join(c->dir, name);
	struct check below = *c;
	int rc;

	if (c->in_sealed && !strcmp(name, "key"))
		return 0; /* the mark, which was read when the store was opened */
	if (!fs_is_dir(dir)) {
		autofree char *what = xasprintf("'%s' does not belong in the store", dir);

		fault(c, what);
		return 0;
	}
	below.dir = dir;
	below.fan = name;
	rc = fs_each_name(dir, check_loose, &below, err);
	c->counts = below.counts;
	return rc;
}

static int check_all_loose(struct check *c, const char *folder, struct mlops_error *err)
{
	autofree char *dir = path_join(c->store->dir, folder);

	c->dir = dir;
	if (!fs_exists(dir))
		return 0;
	return fs_each_name(dir, check_fan, c, err);
}

static int check_packed(struct check *c, const struct pack *p, int fd, const struct pack_entry *e,
			struct mlops_error *err)
{
	autofree char *raw = NULL;
	struct oid got;

	if (pack_read(fd, p->path, e, c->scratch, &raw, err))
		return -1;
	if (e->codec == PACK_SEALED)
		return sealed_check_buf(c->store, &e->oid, raw, e->raw, &c->counts.bytes, err);
	c->counts.bytes += e->raw;
	hasher_reset(c->scratch->hasher);
	hasher_update(c->scratch->hasher, raw, e->raw);
	hasher_final(c->scratch->hasher, &got);
	return mlops_oid_equal(&got, &e->oid) ? 0 : store_damaged(&e->oid, err);
}

/* Every byte of a pack belongs to its header or to one entry: no more, no less. */
static int check_pack(struct check *c, const struct pack *p, struct mlops_error *err)
{
	autoclose int fd = open(p->path, O_RDONLY | O_CLOEXEC);
	uint64_t sum = PACK_HEADER;
	struct pack_entry e;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", p->path);
	if (pack_check_index(p, err) || pack_check_header(fd, p->path, err))
		return -1;
	for (uint32_t i = 0; i < p->count; i++) {
		autoerr why = ERR_INIT;

		if (pack_entry(p, i, &e, err))
			return -1;
		count(c, e.codec == PACK_SEALED);
		sum += PACK_ENTRY_HEADER + e.stored;
		if (check_packed(c, p, fd, &e, &why))
			fault(c, why.msg);
	}
	if (sum != p->size)
		return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged: it has bytes of no object",
			       p->path);
	return 0;
}

static void check_all_packs(struct check *c)
{
	for (size_t i = 0; i < c->store->packs.n; i++) {
		struct pack *p = c->store->packs.v[i];
		uint64_t before = c->counts.damaged;
		autoerr why = ERR_INIT;

		if (check_pack(c, p, &why))
			fault(c, why.msg);
		if (c->counts.damaged > before)
			vec_push(&c->damage->packs, p);
	}
}

static void report_pack(const char *what, void *arg)
{
	fault(arg, what);
}

int store_check_all(struct store *s, store_report report, void *arg, struct store_check *counts,
		    struct store_damage *damage, struct mlops_error *err)
{
	struct check c = { .store = s, .report = report, .arg = arg, .damage = damage };
	int rc;

	if (mlops_store_flush(s, err) || store_scratch(s, &c.scratch, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	store_load_packs(s, report_pack, &c);
	pthread_mutex_unlock(&s->lock);
	check_all_packs(&c);
	store_give_back(s, c.scratch);
	rc = check_all_loose(&c, "loose", err);
	c.in_sealed = true;
	if (!rc)
		rc = check_all_loose(&c, "sealed", err);
	if (!rc)
		*counts = c.counts;
	return rc;
}

void store_damage_clear(struct store_damage *damage)
{
	vec_free(&damage->loose);
	vec_free(&damage->sealed);
	vec_free(&damage->packs);
}

int mlops_store_verify(struct store *s, void (*report)(const char *what, void *arg), void *arg,
		       struct store_check *counts, struct mlops_error *err)
{
	autodamage damage = { 0 };

	return store_check_all(s, report, arg, counts, &damage, err);
}
