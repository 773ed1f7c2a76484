/* From old packs to new ones. */
#include "store/rewrite.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "store/copy.h"

#define BATCH ((uint64_t)4 << 30) /* of bytes that are there twice, at most and about */

int rewrite_init(struct rewrite *r, struct store *s, const char *aside, struct mlops_error *err)
{
	*r = (struct rewrite){ .store = s, .aside = aside };
	return scratch_new(&r->scratch, err);
}

void rewrite_clear(struct rewrite *r)
{
	pack_writer_free(r->writer);
	scratch_free(r->scratch);
	strlist_clear(&r->old);
	strlist_clear(&r->made);
}

static int begin(struct rewrite *r, struct mlops_error *err)
{
	autofree char *tmp = NULL;

	if (r->writer)
		return 0;
	r->newest = (struct timespec){ 0 };
	return store_tmp_dir(r->store, &tmp, err) ? -1 : pack_writer_new(tmp, &r->writer, err);
}

static int finish_writer(struct rewrite *r, struct mlops_error *err)
{
	autofree char *dir = path_join(r->store->dir, "packs");
	char hex[MLOPS_OID_HEX + 1];

	if (!r->writer)
		return 0;
	pack_writer_date(r->writer, &r->newest);
	if (pack_writer_finish(r->writer, dir, hex, err))
		return -1;
	strlist_add(&r->made, hex);
	pack_writer_free(steal_ptr(&r->writer));
	return 0;
}

static bool later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static int add(struct rewrite *r, const struct oid *oid, const struct pack_form *form,
	       const struct timespec *mtime, struct mlops_error *err)
{
	if (begin(r, err) || pack_writer_add(r->writer, oid, form, err))
		return -1;
	if (later(mtime, &r->newest))
		r->newest = *mtime;
	return pack_writer_is_full(r->writer) ? finish_writer(r, err) : 0;
}

/* The stored bytes are taken as they are, once they have proved to be those of the name. */
static int copy_entry(struct rewrite *r, int fd, const struct pack *p, const struct pack_entry *e,
		      const struct timespec *mtime, struct mlops_error *err)
{
	autofree char *raw = NULL;

	if (copy_read_entry(r->store, fd, p, e, r->scratch, &raw, err))
		return -1;
	struct pack_form form = { e->codec, e->codec == PACK_ZSTD ? r->scratch->packed : raw,
				  e->stored, e->raw };
	return add(r, &e->oid, &form, mtime, err);
}

typedef VEC(struct pack_entry) entry_vec;

static int by_offset(const void *a, const void *b)
{
	uint64_t x = ((const struct pack_entry *)a)->offset;
	uint64_t y = ((const struct pack_entry *)b)->offset;

	return (x > y) - (x < y);
}

static int pick(const struct pack *p, bool (*wanted)(uint32_t i, const struct oid *oid, void *arg),
		void *arg, entry_vec *out, struct mlops_error *err)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct pack_entry e;

		pack_oid(p, i, &e.oid);
		if (!wanted(i, &e.oid, arg))
			continue;
		if (pack_entry(p, i, &e, err))
			return -1;
		vec_push(out, e);
	}
	vec_sort(out, by_offset); /* as they lie, so that what belongs together stays so */
	return 0;
}

int rewrite_pack(struct rewrite *r, const struct pack *p,
		 bool (*wanted)(uint32_t i, const struct oid *oid, void *arg), void *arg,
		 struct mlops_error *err)
{
	autoclose int fd = open(p->path, O_RDONLY | O_CLOEXEC);
	entry_vec picked = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot open '%s'", p->path);
	int rc = pick(p, wanted, arg, &picked, err);
	for (size_t i = 0; !rc && i < picked.n; i++)
		rc = copy_entry(r, fd, p, &picked.v[i], &st.st_mtim, err);
	vec_free(&picked);
	if (rc)
		return -1;
	strlist_add(&r->old, p->path);
	r->old_bytes += p->size;
	return r->old_bytes < BATCH ? 0 : rewrite_finish(r, err);
}

/* A sealed one stays sealed: its bytes are taken as they are. */
int rewrite_file(struct rewrite *r, enum place_kind kind, const struct oid *name,
		 struct mlops_error *err)
{
	autofree char *path = file_path(r->store, kind, name);
	autobuf bytes = { 0 };
	struct pack_form form;
	struct stat st;

	if (lstat(path, &st))
		return err_sys(err, "cannot look at '%s'", path);
	strbuf_adds(&bytes, "");
	if (fs_read(path, PACK_OBJECT_MAX, &bytes, err) ||
	    copy_check(r->store, kind, name, &bytes, r->scratch, err))
		return -1;
	if (kind == PLACE_SEALED)
		form = (struct pack_form){ PACK_SEALED, bytes.buf, bytes.len, bytes.len };
	else
		pack_encode(bytes.buf, bytes.len, r->scratch, &form);
	return add(r, name, &form, &st.st_mtim, err);
}

/* One that came out again as it was has the same name. */
static bool was_made(const struct rewrite *r, const char *path)
{
	autofree char *hex = xstrndup(path_base(path), MLOPS_OID_HEX);

	return strlist_has(&r->made, hex);
}

static int move(const char *from, const char *to, struct mlops_error *err)
{
	if (FAULT("gc.pack") || (rename(from, to) && errno != ENOENT))
		return err_sys(err, "cannot rename '%s' to '%s'", from, to);
	return 0;
}

/*
 * Indexes first, since a pack without one is not part of the store, and an index without a pack is
 * damage. Its new name tells from a pack that lost its index to some mishap.
 */
static int take_index(const char *path, struct mlops_error *err)
{
	autofree char *index = pack_index_path(path), *gone = pack_gone_path(path);

	return move(index, gone, err);
}

static int take_pack(const struct rewrite *r, const char *path, struct mlops_error *err)
{
	if (!r->aside)
		return pack_remove_gone(path, err);
	autofree char *to = path_join(r->aside, path_base(path)), *to_index = pack_index_path(to);
	autofree char *gone = pack_gone_path(path);
	return move(path, to, err) || move(gone, to_index, err) ? -1 : 0;
}

int rewrite_finish(struct rewrite *r, struct mlops_error *err)
{
	autofree char *dir = path_join(r->store->dir, "packs");

	if (finish_writer(r, err))
		return -1;
	for (size_t i = 0; i < r->old.n; i++)
		if (!was_made(r, r->old.v[i]) && take_index(r->old.v[i], err))
			return -1;
	if (r->old.n && fs_sync_dir(dir, err))
		return -1;
	for (size_t i = 0; i < r->old.n; i++)
		if (!was_made(r, r->old.v[i]) && take_pack(r, r->old.v[i], err))
			return -1;
	r->old_bytes = 0;
	strlist_clear(&r->old);
	return 0;
}
