/*
 * Sending what DVC's cache has and a remote lacks: files first, then the listings of folders of which
 * all files are there, since DVC takes a listing that is there for all that it lists.
 */
#include <fcntl.h>

#include "base/fs.h"
#include "base/log.h"
#include "remote/dvc/dvc.h"

#define MAX_WARNINGS 10
#define ROUND	     ((size_t)16384) /* objects between reports, and between waits for a disk */
#define ROUND_BYTES  ((uint64_t)1 << 30)

struct sending {
	struct dvc *dvc;
	const struct transfer_how *how;
	struct transfer_counts *counts;
	struct dvc_remote remote;
	struct dvc_items files, listings;
	uint64_t total_objects, total_bytes;
};

/* ---- bytes on their way out, which must be those of their name ---- */

struct source {
	struct dvc *dvc;
	const struct dvc_item *item;
	char *whole; /* of a small one, while it is read; NULL: not yet, or no more */
};

static int damaged(const struct dvc_item *item, const char *path, struct mlops_error *err)
{
	err_set(err, MLOPS_ECORRUPT, "'%s' of DVC's cache is damaged: it holds something else", path);
	return err_hint(err, "'%s' was not sent; bring it back with: dvc add, or: mlops pull",
			item->path);
}

static int check_hash(struct dvc *d, const struct dvc_item *item, const char *path, int fd,
		      struct mlops_error *err)
{
	enum dvc_how how =
		dvc_is_legacy(&item->oid) && !item->is_listing ? DVC_HASH_LEGACY : DVC_HASH;
	struct oid got;

	if (dvc_take_file(d, fd, path, how, &got, err))
		return -1;
	return memcmp(got.sha256, item->oid.sha256, 16) ? damaged(item, path, err) : 0;
}

/* Small ones are read and hashed as one by the thread that sends them. */
static int load_whole(struct source *s, struct mlops_error *err)
{
	const struct dvc_item *item = s->item;
	autofree char *path = dvc_object_path(s->dvc, &item->oid, item->is_listing);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct oid got;

	if (fd < 0)
		return err_sys(err, "cannot read '%s'", path);
	autofree char *buf = xmalloc((size_t)item->size + 1);
	if (fs_pread_all(fd, buf, (size_t)item->size, 0, path, err))
		return -1;
	if (dvc_is_legacy(&item->oid)) {
		if (check_hash(s->dvc, item, path, fd, err))
			return -1;
	} else if (dvc_hash_buf(buf, (size_t)item->size, &got, err)) {
		return -1;
	} else if (!mlops_oid_equal(&got, &item->oid)) {
		return damaged(item, path, err);
	}
	s->whole = steal_ptr(&buf);
	return 0;
}

static int read_small(void *buf, size_t n, uint64_t at, void *arg, struct mlops_error *err)
{
	struct source *s = arg;

	if (!s->whole && load_whole(s, err))
		return -1;
	memcpy(buf, s->whole + at, n);
	if (at + n == s->item->size)
		free(steal_ptr(&s->whole));
	return 0;
}

static int read_large(void *buf, size_t n, uint64_t at, void *arg, struct mlops_error *err)
{
	const struct source *s = arg;
	autofree char *path = dvc_object_path(s->dvc, &s->item->oid, s->item->is_listing);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot read '%s'", path);
	return fs_pread_all(fd, buf, n, at, path, err);
}

static int check_large(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	const struct source *s = &((const struct source *)arg)[i];

	(void)r;
	if (s->item->size < REMOTE_SMALL)
		return 0;
	autofree char *path = dvc_object_path(s->dvc, &s->item->oid, s->item->is_listing);
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot read '%s'", path);
	return check_hash(s->dvc, s->item, path, fd, err);
}

/* ---- what to send ---- */

/* Looks at the object in the cache. */
static void look_up(struct dvc *d, struct dvc_item *item)
{
	autofree char *path = dvc_object_path(d, &item->oid, item->is_listing);
	struct stat st;

	item->here = !stat(path, &st) && S_ISREG(st.st_mode);
	if (item->here)
		item->size = (uint64_t)st.st_size;
}

static void add(struct sending *s, struct dvc_items *to, const struct oid *oid, bool is_listing,
		const char *path)
{
	bool added;
	struct dvc_item *item = dvc_items_add(to, oid, is_listing, path, &added);

	if (added)
		look_up(s->dvc, item);
}

/* A listing that is not here cannot be followed; whether it is there is asked. */
static int add_out(struct sending *s, const struct dvc_out *out, struct mlops_error *err)
{
	autolisting listing = { 0 };
	bool is_folder = out->ref.kind == OBJECT_TREE;

	add(s, is_folder ? &s->listings : &s->files, &out->ref.oid, is_folder, out->path);
	if (!is_folder)
		return 0;
	if (dvc_listing_read(s->dvc, &out->ref.oid, &listing, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	for (size_t i = 0; i < listing.files.n; i++)
		add(s, &s->files, &listing.files.v[i].oid, false, out->path);
	return 0;
}

static int ask(const struct sending *s, const struct dvc_items *items, struct mlops_error *err)
{
	autofree struct dvc_item **v = xcalloc(items->by_key.n + 1, sizeof(*v));

	for (size_t i = 0; i < items->by_key.n; i++)
		v[i] = dvc_item_at(items, i);
	return dvc_items_ask(&s->remote, v, items->by_key.n, err);
}

static void count(struct sending *s, const struct dvc_items *items)
{
	for (size_t i = 0; i < items->by_key.n; i++) {
		const struct dvc_item *item = dvc_item_at(items, i);

		s->counts->present += item->there;
		if (item->there)
			continue;
		if (!item->here && ++s->counts->missing <= MAX_WARNINGS)
			log_warn("'%s' ('%s') is neither in DVC's cache nor at remote '%s'", item->key,
				 item->path, s->remote.remote->name);
		s->total_objects += item->here;
		s->total_bytes += item->here ? item->size : 0;
	}
}

/* Whether all that a folder holds is there by now. */
static int is_whole(struct sending *s, const struct dvc_item *item, bool *yes,
		    struct mlops_error *err)
{
	autolisting listing = { 0 };
	bool added;

	*yes = true;
	if (!s->counts->missing)
		return 0;
	if (dvc_listing_read(s->dvc, &item->oid, &listing, err))
		return -1;
	for (size_t i = 0; i < listing.files.n && *yes; i++)
		*yes = dvc_items_add(&s->files, &listing.files.v[i].oid, false, item->path, &added)
			       ->there;
	return 0;
}

/* ---- sending ---- */

static void report(struct sending *s)
{
	if (s->how->progress)
		s->how->progress(s->counts, s->total_objects, s->total_bytes, s->how->arg);
}

static int send_round(struct sending *s, struct dvc_item **items, size_t n, struct mlops_error *err)
{
	autofree struct source *sources = xcalloc(n, sizeof(*sources));
	autofree struct remote_source *from = xcalloc(n, sizeof(*from));
	autofree struct key_put *puts = xcalloc(n, sizeof(*puts));
	struct remote *r = s->remote.remote;

	for (size_t i = 0; i < n; i++) {
		bool small = items[i]->size < REMOTE_SMALL;

		sources[i] = (struct source){ .dvc = s->dvc, .item = items[i] };
		from[i] = (struct remote_source){ .fd = -1,
						  .size = items[i]->size,
						  .read = small ? read_small : read_large,
						  .arg = &sources[i] };
		puts[i] = (struct key_put){ .key = items[i]->key, .from = &from[i] };
	}
	int rc = remote_each(r, n, check_large, sources, err) || remote_put_keys(r, puts, n, err);
	for (size_t i = 0; i < n; i++) {
		free(sources[i].whole);
		if (rc)
			continue;
		items[i]->there = true;
		s->counts->objects++;
		s->counts->bytes += items[i]->size;
	}
	report(s);
	return rc ? -1 : 0;
}

/* In rounds, after each of which what was sent is durable there. */
static int send_items(struct sending *s, struct dvc_item **items, size_t n, struct mlops_error *err)
{
	for (size_t at = 0, end; at < n; at = end) {
		uint64_t bytes = 0;

		for (end = at; end < n && end - at < ROUND && bytes < ROUND_BYTES; end++)
			bytes += items[end]->size;
		if (send_round(s, items + at, end - at, err))
			return -1;
	}
	return 0;
}

static int send_files(struct sending *s, struct mlops_error *err)
{
	autofree struct dvc_item **v = xcalloc(s->files.by_key.n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < s->files.by_key.n; i++) {
		struct dvc_item *item = dvc_item_at(&s->files, i);

		if (item->here && !item->there)
			v[n++] = item;
	}
	return send_items(s, v, n, err);
}

static int send_listings(struct sending *s, struct mlops_error *err)
{
	autofree struct dvc_item **v = xcalloc(s->listings.by_key.n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < s->listings.by_key.n; i++) {
		struct dvc_item *item = dvc_item_at(&s->listings, i);
		bool whole;

		if (!item->here || item->there)
			continue;
		if (is_whole(s, item, &whole, err))
			return -1;
		if (whole)
			v[n++] = item;
	}
	return send_items(s, v, n, err);
}

static int send_all(struct sending *s, struct dvc_out *const *outs, size_t n,
		    struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (!outs[i]->keep && add_out(s, outs[i], err))
			return -1;
	if (ask(s, &s->files, err) || ask(s, &s->listings, err))
		return -1;
	count(s, &s->files);
	count(s, &s->listings);
	report(s);
	if (s->how->dry_run) {
		s->counts->objects += s->total_objects;
		s->counts->bytes += s->total_bytes;
		return 0;
	}
	return send_files(s, err) || send_listings(s, err) ? -1 : 0;
}

static int send_to(const char *remote, struct dvc_out *const *outs, size_t n, void *arg,
		   struct mlops_error *err)
{
	struct sending s = *(const struct sending *)arg;

	if (dvc_remote_open(s.dvc, remote, s.how, true, &s.remote, err))
		return -1;
	int rc = send_all(&s, outs, n, err);
	dvc_items_clear(&s.files);
	dvc_items_clear(&s.listings);
	remote_free(s.remote.remote);
	return rc;
}

int mlops_dvc_push(struct dvc *d, const char *const *paths, size_t n,
		   const struct transfer_how *how, struct transfer_counts *counts,
		   struct mlops_error *err)
{
	struct sending s = { .dvc = d, .how = how, .counts = counts };

	*counts = (struct transfer_counts){ 0 };
	if (dvc_each_remote(d, paths, n, how->remote, send_to, &s, err))
		return -1;
	if (!counts->missing)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "%llu object%s neither in DVC's cache nor at the remote",
		(unsigned long long)counts->missing, counts->missing == 1 ? " is" : "s are");
	return err_hint(err, "all else was sent; push these from where they are");
}
