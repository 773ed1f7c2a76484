/*
 * Bringing every object of a store into the form that the settings ask for: sealed with the key
 * of now, or plain. The folder is opened twice, as it is and as it is to be; everything is copied
 * from one to the other and made durable, and only then does what is in the way go. So a killed
 * reseal has lost nothing and can be run again.
 */
#include <fcntl.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "project/key.h"
#include "store/sealed.h"

struct reseal {
	struct store *from, *to;
	const struct reseal_how *how;
	struct reseal_counts counts;
	struct strlist gone; /* files that go at the end */
	const char *dir;     /* being listed */
	const char *fan;     /* its two digits */
	int (*file)(struct reseal *r, const struct oid *name, struct mlops_error *err);
};

static void count(struct reseal *r, uint64_t bytes)
{
	r->counts.objects++;
	r->counts.bytes += bytes;
}

/* What is sealed with a key that is neither that of now nor the old one given is out of reach. */
static int check_old_key(const struct reseal *r, const struct sealed_info *info,
			 struct mlops_error *err)
{
	if (r->from->key && !strcmp(info->key_id, seal_key_id(r->from->key)))
		return 0;
	err_set(err, MLOPS_EKEY, "objects in '%s' are sealed with key %s, which is not given",
		r->from->dir, info->key_id);
	return err_hint(err, "name its file: mlops reseal --old-key FILE");
}

/* Whether a sealed object is to be moved over. */
static int is_old(const struct reseal *r, const void *bytes, uint64_t size, bool *old,
		  struct mlops_error *err)
{
	struct sealed_info info;

	if (size < SEALED_HEADER)
		return err_set(err, MLOPS_ECORRUPT, "a sealed object is cut short");
	if (sealed_inspect(bytes, &info, err))
		return -1;
	*old = !r->to->key || strcmp(info.key_id, seal_key_id(r->to->key));
	return *old ? check_old_key(r, &info, err) : 0;
}

static int add_to_writer(const void *buf, size_t n, void *writer, struct mlops_error *err)
{
	return mlops_store_writer_add(writer, buf, n, err);
}

static int copy_file(struct reseal *r, const struct oid *name, bool sealed, struct store_writer *w,
		     struct mlops_error *err)
{
	struct oid got, stored, want = *name;

	if (sealed ? sealed_stream(r->from, name, add_to_writer, w, &got, err) :
		     loose_read(r->from, name, add_to_writer, w, err))
		return -1;
	if (mlops_store_writer_commit(w, &stored, err))
		return -1;
	if (sealed)
		seal_name(r->from->key, &stored, &got);
	return !sealed || mlops_oid_equal(&got, &want) ? 0 : store_damaged(&stored, err);
}

static int move_file(struct reseal *r, const struct oid *name, bool sealed, const char *path,
		     struct mlops_error *err)
{
	struct store_writer *w;
	struct stat st;

	count(r, stat(path, &st) ? 0 : (uint64_t)st.st_size);
	if (r->how->dry_run)
		return 0;
	if (mlops_store_writer_new(r->to, NULL, &w, err))
		return -1;
	int rc = copy_file(r, name, sealed, w, err);
	mlops_store_writer_free(w);
	if (rc)
		return -1;
	strlist_add(&r->gone, path);
	return 0;
}

static int move_loose(struct reseal *r, const struct oid *name, struct mlops_error *err)
{
	autofree char *path = loose_path(r->from, name);

	return move_file(r, name, false, path, err);
}

static int move_sealed(struct reseal *r, const struct oid *name, struct mlops_error *err)
{
	autofree char *path = sealed_path(r->from, name);
	autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint8_t header[SEALED_HEADER];
	bool old;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (fs_pread_all(fd, header, sizeof(header), 0, path, err) ||
	    is_old(r, header, sizeof(header), &old, err))
		return -1;
	return old ? move_file(r, name, true, path, err) : 0;
}

static int each_file(const char *name, void *arg, struct mlops_error *err)
{
	struct reseal *r = arg;
	autofree char *hex = xasprintf("%s%s", r->fan, name);
	struct oid oid;

	return mlops_oid_parse(hex, &oid) ? r->file(r, &oid, err) : 0;
}

static int each_fan(const char *name, void *arg, struct mlops_error *err)
{
	struct reseal *r = arg;
	autofree char *dir = path_join(r->dir, name);

	r->fan = name;
	return fs_is_dir(dir) ? fs_each_name(dir, each_file, r, err) : 0;
}

static int move_files(struct reseal *r, const char *folder,
		      int (*file)(struct reseal *, const struct oid *, struct mlops_error *),
		      struct mlops_error *err)
{
	autofree char *dir = path_join(r->from->dir, folder);

	r->dir = dir;
	r->file = file;
	return fs_is_dir(dir) ? fs_each_name(dir, each_fan, r, err) : 0;
}

/* The object of a sealed entry, in place of its seal. */
static int open_seal(struct reseal *r, const struct pack_entry *e, char **raw, size_t *n,
		     struct mlops_error *err)
{
	uint64_t size;

	if (!sealed_plain_size(e->raw, &size))
		return err_set(err, MLOPS_ECORRUPT, "a sealed object in a pack is damaged");
	autofree char *plain = xmalloc(size + 1);
	if (sealed_get(r->from->key, &e->oid, *raw, e->raw, (uint8_t *)plain, err))
		return -1;
	free(*raw);
	*raw = steal_ptr(&plain);
	*n = size;
	return 0;
}

static int move_entry(struct reseal *r, const struct pack_entry *e, char **raw,
		      struct mlops_error *err)
{
	bool sealed = e->codec == PACK_SEALED;
	struct oid oid, name;
	size_t n = e->raw;

	count(r, e->stored);
	if (r->how->dry_run)
		return 0;
	if ((sealed && open_seal(r, e, raw, &n, err)) || hash_buf(*raw, n, &oid, err))
		return -1;
	name = oid;
	if (sealed)
		seal_name(r->from->key, &oid, &name);
	if (!mlops_oid_equal(&name, &e->oid))
		return store_damaged(&oid, err);
	return store_put_named(r->to, *raw, n, &oid, err);
}

/* *moved: how many of its entries were; a pack goes only as a whole. */
static int move_entries(struct reseal *r, struct pack *p, int fd, struct scratch *scratch,
			uint32_t *moved, struct mlops_error *err)
{
	struct pack_entry e;

	for (uint32_t i = 0; i < p->count; i++) {
		autofree char *raw = NULL;
		bool old = r->to->key;

		if (pack_entry(p, i, &e, err) || pack_read(fd, p->path, &e, scratch, &raw, err))
			return -1;
		if (e.codec == PACK_SEALED && is_old(r, raw, e.raw, &old, err))
			return -1;
		if (old && move_entry(r, &e, &raw, err))
			return -1;
		*moved += old;
	}
	return 0;
}

static int move_pack(struct reseal *r, struct pack *p, struct mlops_error *err)
{
	autoclose int fd = open(p->path, O_RDONLY | O_CLOEXEC);
	struct scratch *scratch;
	uint32_t moved = 0;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", p->path);
	if (store_scratch(r->from, &scratch, err))
		return -1;
	int rc = move_entries(r, p, fd, scratch, &moved, err);
	store_give_back(r->from, scratch);
	if (rc)
		return -1;
	if (moved && moved < p->count)
		return err_set(err, MLOPS_ECORRUPT, "'%s' holds objects of more than one form",
			       p->path);
	if (moved && !r->how->dry_run) { /* the index first: without it the pack is none */
		strlist_take(&r->gone, xasprintf("%.*s.idx", (int)strlen(p->path) - 5, p->path));
		strlist_add(&r->gone, p->path);
	}
	return 0;
}

static int move_all(struct reseal *r, struct mlops_error *err)
{
	size_t packs;

	store_load_packs(r->from, NULL, NULL); /* before any new one is there */
	packs = r->from->packs.n;
	for (size_t i = 0; i < packs; i++)
		if (move_pack(r, r->from->packs.v[i], err))
			return -1;
	if (r->to->key && move_files(r, "loose", move_loose, err))
		return -1;
	return move_files(r, "sealed", move_sealed, err);
}

static int remove_old(struct reseal *r, struct mlops_error *err)
{
	for (size_t i = 0; i < r->gone.n; i++) {
		autofree char *dir = path_dir(r->gone.v[i]);

		if (FAULT("store.reseal.remove") || unlink(r->gone.v[i]))
			return err_sys(err, "cannot remove '%s'", r->gone.v[i]);
		if (!str_ends(dir, "/packs"))
			fs_remove_empty_dirs(dir, r->from->dir);
	}
	return 0;
}

static int run(struct reseal *r, struct mlops_error *err)
{
	if (move_all(r, err))
		return -1;
	if (r->how->dry_run)
		return 0;
	if (mlops_store_flush(r->to, err))
		return -1;
	/* While anything is sealed with a key, the mark tells that this or a newer one is needed. */
	if (r->to->key)
		return sealed_change_mark(r->to, err) || remove_old(r, err) ? -1 : 0;
	return remove_old(r, err) || sealed_change_mark(r->to, err) ? -1 : 0;
}

/* Which keys: the one of the settings opens what is to be plain, else it seals what is to be. */
static int find_keys(struct project *project, struct reseal *r, struct mlops_error *err)
{
	struct encryption want;
	bool marked = sealed_is_marked(r->from);
	struct seal_key *now = NULL;

	if (project_encryption(project, "core", &want, err))
		return -1;
	r->to->sealed = want.set ? want.kind != CIPHER_NONE : marked;
	r->from->sealed = true;
	enum cipher_kind kind = want.kind ? want.kind : CIPHER_AES_256_GCM;
	if (r->how->old_key && project_key_of_file(r->how->old_key, kind, &r->from->key, err))
		return -1;
	if ((r->to->sealed || (marked && !r->from->key)) &&
	    project_seal_key(project, "core", "the store", kind, &now, err))
		return -1;
	if (r->to->sealed)
		r->to->key = now;
	else if (now)
		r->from->key = now;
	return 0;
}

static int open_both(struct project *project, struct reseal *r, struct mlops_error *err)
{
	autofree char *dir = mlops_store_dir(project);

	return store_open_dir(dir, &r->from, err) || store_open_dir(dir, &r->to, err) ? -1 : 0;
}

int mlops_store_reseal(struct project *project, const struct reseal_how *how,
		       struct reseal_counts *out, struct mlops_error *err)
{
	struct reseal r = { .how = how };
	int rc = open_both(project, &r, err) || mlops_project_lock_store(project, err) ||
		 find_keys(project, &r, err);

	if (!rc) {
		r.to->strict = true;
		rc = run(&r, err);
	}
	mlops_store_free(r.to);
	mlops_store_free(r.from);
	strlist_clear(&r.gone);
	if (rc)
		return -1;
	*out = r.counts;
	return 0;
}
