/*
 * Collecting: naming is left to the marks, sweeping is here. Objects in files of their own
 * go one by one. A pack
 * goes as a whole; one that is garbage in part is written anew where that pays.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "store/leftovers.h"
#include "store/mark.h"
#include "store/quarantine.h"
#include "store/rewrite.h"
#include "store/sharers.h"

#define SMALL_PACK ((uint64_t)16 << 20) /* always worth it */
#define PAYS       4                    /* a quarter of a pack is garbage */

struct gc {
	struct store *store;
	const struct gc_how *how;
	struct marks marks;
	struct strlist projects;
	bool is_shared;
};

/* One pass over what is garbage. */
struct sweep {
	const struct marks *marks;
	struct store *store;
	struct gc_counts *counts;
	bool count_only;
	const char *aside; /* NULL: nothing is put aside */
};

static int drop_file(struct sweep *s, const struct file_copy *copy, const char *path,
		     struct mlops_error *err)
{
	if (s->aside)
		return quarantine_file(s->store, copy, s->aside, err);
	if (FAULT("gc.file") || unlink(path))
		return err_sys(err, "cannot remove '%s'", path);
	return 0;
}

static int sweep_files(struct sweep *s, struct mlops_error *err)
{
	for (size_t i = 0; i < s->marks->files.n; i++) {
		const struct file_copy *copy = &s->marks->files.v[i];
		autofree char *path = NULL;
		struct stat st;

		if (marks_file_named(s->marks, i))
			continue;
		path = file_path(s->store, copy->kind, &copy->name);
		if (lstat(path, &st))
			return err_sys(err, "cannot look at '%s'", path);
		if (!s->count_only && drop_file(s, copy, path, err))
			return -1;
		s->counts->objects++;
		s->counts->bytes += (uint64_t)st.st_size;
	}
	return 0;
}

struct share {
	uint64_t objects, bytes; /* of a pack, garbage */
};

static int measure(const struct sweep *s, size_t p, struct share *out, struct mlops_error *err)
{
	const struct pack *pack = s->store->packs.v[p];

	*out = (struct share){ 0 };
	for (uint32_t i = 0; i < pack->count; i++) {
		struct pack_entry e;

		if (marks_entry_named(s->marks, p, i))
			continue;
		if (pack_entry(pack, i, &e, err))
			return -1;
		out->objects++;
		out->bytes += PACK_ENTRY_HEADER + e.stored;
	}
	return 0;
}

struct picker {
	const struct marks *marks;
	size_t pack;
};

static bool is_wanted(uint32_t i, const struct oid *oid, void *arg)
{
	const struct picker *p = arg;

	(void)oid;
	return marks_entry_named(p->marks, p->pack, i);
}

static int sweep_pack(struct sweep *s, size_t p, struct rewrite *r, struct mlops_error *err)
{
	const struct pack *pack = s->store->packs.v[p];
	struct picker picker = { s->marks, p };
	struct share garbage;

	if (pack->gone)
		return 0;
	if (measure(s, p, &garbage, err))
		return -1;
	if (!garbage.objects)
		return 0;
	if (pack->size > SMALL_PACK && garbage.bytes < pack->size / PAYS) {
		s->counts->left_bytes += garbage.bytes;
		return 0;
	}
	if (!s->count_only && rewrite_pack(r, pack, is_wanted, &picker, err))
		return -1;
	s->counts->objects += garbage.objects;
	s->counts->bytes += garbage.bytes;
	return 0;
}

static int sweep_packs(struct sweep *s, struct mlops_error *err)
{
	struct rewrite r;
	int rc = rewrite_init(&r, s->store, s->aside, err);

	for (size_t p = 0; !rc && p < s->marks->first.n; p++)
		rc = sweep_pack(s, p, &r, err);
	if (!rc)
		rc = rewrite_finish(&r, err);
	rewrite_clear(&r);
	return rc;
}

static int sweep(struct sweep *s, struct mlops_error *err)
{
	s->counts->objects = s->counts->bytes = s->counts->left_bytes = 0;
	if (leftovers_remove(s->store, s->count_only, &s->counts->bytes, err) ||
	    sweep_files(s, err) || sweep_packs(s, err))
		return -1;
	return store_count_packs(s->store, &s->counts->packs, err);
}

static int sweep_aside(struct sweep *s, int64_t keep_ms, struct mlops_error *err)
{
	autofree char *aside = NULL;

	if (quarantine_expire(s->store, clock_now_ms() - keep_ms, err))
		return -1;
	if (s->counts->objects && quarantine_open(s->store, &aside, err))
		return -1;
	s->aside = aside;
	return sweep(s, err);
}

int gc_new(struct store *store, const struct gc_how *how, struct gc **out, struct mlops_error *err)
{
	struct gc *gc = xcalloc(1, sizeof(*gc));

	gc->store = store;
	gc->how = how;
	gc->is_shared = sharers_any(store);
	if (mlops_store_flush(store, err) ||
	    sharers_list(store, !how->dry_run, &gc->projects, err) ||
	    marks_init(&gc->marks, store, err)) {
		gc_free(gc);
		return -1;
	}
	*out = gc;
	return 0;
}

void gc_free(struct gc *gc)
{
	if (!gc)
		return;
	marks_clear(&gc->marks);
	strlist_clear(&gc->projects);
	free(gc);
}

const struct strlist *gc_projects(const struct gc *gc)
{
	return &gc->projects;
}

int gc_name(struct gc *gc, const struct object_ref *ref, struct mlops_error *err)
{
	return marks_name(&gc->marks, ref->kind, &ref->oid, err);
}

uint64_t gc_absent(const struct gc *gc)
{
	return gc->marks.absent;
}

static int take_away(struct gc *gc, struct sweep *s, struct mlops_error *err)
{
	if (s->counts->objects && gc->how->confirm && !gc->how->confirm(s->counts, gc->how->arg))
		return err_set(err, MLOPS_ENO, "nothing was collected");
	s->count_only = false;
	return gc->is_shared ? sweep_aside(s, gc->how->quarantine_ms, err) : sweep(s, err);
}

int gc_collect(struct gc *gc, struct gc_counts *counts, struct mlops_error *err)
{
	struct sweep s = { &gc->marks, gc->store, counts, .count_only = true };

	*counts = (struct gc_counts){ .quarantined = gc->is_shared };
	counts->absent_trees = gc->marks.absent;
	counts->named = marks_count(&gc->marks);
	if (marks_name_young(&gc->marks, clock_now_ms() - gc->how->keep_within_ms, err))
		return -1;
	counts->young = marks_count(&gc->marks) - counts->named;
	if (sweep(&s, err))
		return -1;
	return gc->how->dry_run ? 0 : take_away(gc, &s, err);
}
