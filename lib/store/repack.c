/*
 * Joining packs. Every command that stores small objects adds a pack, and each is one more index
 * to search; large packs are left as they are.
 */
#include "base/fault.h"
#include "base/fs.h"
#include "project/project.h"
#include "store/leftovers.h"
#include "store/mark.h"
#include "store/rewrite.h"

#define LARGE_PACK ((uint64_t)1 << 30)

struct repack {
	struct marks marks; /* what was copied is named */
	struct store *store;
	struct rewrite rewrite;
	VEC(size_t) packs; /* to be joined */
	VEC(size_t) files; /* likewise */
	struct repack_counts *counts;
};

static void choose_packs(struct repack *r)
{
	for (size_t p = 0; p < r->marks.first.n; p++)
		if (!r->store->packs.v[p]->gone && r->store->packs.v[p]->size < LARGE_PACK)
			vec_push(&r->packs, p);
}

static char *path_of(const struct repack *r, size_t file)
{
	const struct file_copy *f = &r->marks.files.v[file];

	return file_path(r->store, f->kind, &f->name);
}

/* A hard link of a work tree to it would be lost. */
static void choose_files(struct repack *r)
{
	for (size_t i = 0; i < r->marks.files.n; i++) {
		autofree char *path = path_of(r, i);
		struct stat st;

		if (!lstat(path, &st) && st.st_nlink == 1 &&
		    (uint64_t)st.st_size < r->store->pack_threshold)
			vec_push(&r->files, i);
	}
}

static int ignore_bytes(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)buf, (void)n, (void)arg, (void)err;
	return 0;
}

/* A large object that has a file of its own is served from there, when that is whole. */
static bool has_file(const struct repack *r, const struct oid *name)
{
	autofree char *path = loose_path(r->store, name);
	autoerr damaged = ERR_INIT;
	uint64_t size;

	return loose_find(path, &size) && size >= r->store->pack_threshold &&
	       !loose_read(r->store, name, ignore_bytes, NULL, &damaged);
}

struct picker {
	struct repack *repack;
	size_t pack;
};

static bool is_wanted(uint32_t i, const struct oid *name, void *arg)
{
	struct picker *p = arg;
	struct repack *r = p->repack;

	if (has_file(r, name) || !marks_take(&r->marks, name, r->marks.first.v[p->pack] + i)) {
		r->counts->duplicates++;
		return false;
	}
	r->counts->objects++;
	return true;
}

static int copy_file(struct repack *r, size_t i, struct mlops_error *err)
{
	const struct file_copy *f = &r->marks.files.v[i];

	if (!marks_take(&r->marks, &f->name, i)) {
		r->counts->duplicates++;
		return 0;
	}
	r->counts->objects++;
	return rewrite_file(&r->rewrite, f->kind, &f->name, err);
}

/* They are in a durable pack by now. */
static int drop_files(struct repack *r, struct mlops_error *err)
{
	for (size_t i = 0; i < r->files.n; i++) {
		autofree char *path = path_of(r, r->files.v[i]);

		if (FAULT("repack.file") || unlink(path))
			return err_sys(err, "cannot remove '%s'", path);
	}
	return 0;
}

static int join(struct repack *r, struct mlops_error *err)
{
	for (size_t i = 0; i < r->packs.n; i++) {
		struct picker picker = { r, r->packs.v[i] };

		if (rewrite_pack(&r->rewrite, r->store->packs.v[picker.pack], is_wanted, &picker,
				 err))
			return -1;
	}
	for (size_t i = 0; i < r->files.n; i++)
		if (copy_file(r, r->files.v[i], err))
			return -1;
	return rewrite_finish(&r->rewrite, err) ? -1 : drop_files(r, err);
}

static uint64_t file_bytes(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : (uint64_t)st.st_size;
}

static uint64_t pack_bytes(const char *path)
{
	autofree char *index = pack_index_path(path);

	return file_bytes(path) + file_bytes(index);
}

static uint64_t chosen_bytes(const struct repack *r)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->packs.n; i++)
		sum += pack_bytes(r->store->packs.v[r->packs.v[i]]->path);
	for (size_t i = 0; i < r->files.n; i++) {
		autofree char *path = path_of(r, r->files.v[i]);

		sum += file_bytes(path);
	}
	return sum;
}

static uint64_t made_bytes(const struct repack *r)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->rewrite.made.n; i++) {
		autofree char *path =
			xasprintf("%s/packs/%s.pack", r->store->dir, r->rewrite.made.v[i]);

		sum += pack_bytes(path);
	}
	return sum;
}

/* What would be copied, if no object is there twice. */
static void foretell(struct repack *r)
{
	for (size_t i = 0; i < r->packs.n; i++)
		r->counts->objects += r->store->packs.v[r->packs.v[i]]->count;
	r->counts->objects += r->files.n;
	r->counts->packs_after = r->counts->packs_before - r->packs.n + 1;
}

static int repack(struct repack *r, bool dry_run, struct mlops_error *err)
{
	struct repack_counts *counts = r->counts;
	uint64_t left = 0;

	if (leftovers_remove(r->store, dry_run, &left, err) ||
	    marks_init(&r->marks, r->store, err) ||
	    store_count_packs(r->store, &counts->packs_before, err))
		return -1;
	choose_packs(r);
	choose_files(r);
	counts->packs_after = counts->packs_before;
	if (r->packs.n + r->files.n < 2)
		return 0;
	if (dry_run) {
		foretell(r);
		return 0;
	}
	uint64_t before = chosen_bytes(r);
	if (join(r, err))
		return -1;
	counts->freed = (int64_t)before - (int64_t)made_bytes(r);
	return store_count_packs(r->store, &counts->packs_after, err);
}

int mlops_repack(struct project *project, bool dry_run, struct repack_counts *counts,
		 struct mlops_error *err)
{
	struct repack r = { .counts = counts };

	*counts = (struct repack_counts){ 0 };
	if (mlops_store_of(project, &r.store, err) || mlops_project_lock_store(project, err) ||
	    mlops_store_flush(r.store, err) || rewrite_init(&r.rewrite, r.store, NULL, err))
		return -1;
	int rc = repack(&r, dry_run, err);
	rewrite_clear(&r.rewrite);
	marks_clear(&r.marks);
	vec_free(&r.packs);
	vec_free(&r.files);
	return rc;
}
