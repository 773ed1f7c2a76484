/* Bringing what a remote of DVC has into DVC's cache: listings of folders first, then files. */
#include <pthread.h>

#include "remote/dvc/dvc.h"

#define ROUND ((size_t)16384) /* objects that get their names in the cache at once */

struct fetching {
	struct dvc *dvc;
	const struct transfer_how *how;
	struct transfer_counts *counts;
	const char *name;         /* of the remote; NULL: the default one */
	struct dvc_remote remote; /* opened once something is lacking */
	struct dvc_items listings, files;
	uint64_t total_objects, total_bytes;
	const struct dvc_item *lacking; /* the first that the remote does not have */
	struct dvc_item **round;
	pthread_mutex_t lock; /* guards counts and lacking while a round runs */
};

static void report(struct fetching *f)
{
	if (f->how->progress)
		f->how->progress(f->counts, f->total_objects, f->total_bytes, f->how->arg);
}

struct receiving {
	struct dvc_intake *in;
	uint64_t bytes;
};

static int receive_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct receiving *r = arg;

	r->bytes += n;
	return dvc_intake_add(r->in, buf, n, err);
}

static int damaged(const struct fetching *f, const struct dvc_item *item, struct mlops_error *err)
{
	err_set(err, MLOPS_ECORRUPT, "remote '%s' holds a damaged '%s', a part of '%s'",
		f->remote.remote->name, item->key, item->path);
	return err_hint(err, "nothing of it was kept; push it again from where it is whole");
}

static void settle(struct fetching *f, const struct dvc_item *item, bool got, uint64_t bytes)
{
	pthread_mutex_lock(&f->lock);
	if (got) {
		f->counts->objects++;
		f->counts->bytes += bytes;
	} else {
		f->counts->missing++;
		f->lacking = f->lacking ? f->lacking : item;
	}
	pthread_mutex_unlock(&f->lock);
}

static int receive_one(struct remote *remote, size_t i, void *arg, struct mlops_error *err)
{
	struct fetching *f = arg;
	struct dvc_item *item = f->round[i];
	struct receiving r = { 0 };
	const struct byte_sink sink = { receive_piece, &r };

	if (dvc_intake_new(f->dvc, &item->oid, item->is_listing, &r.in, err))
		return -1;
	int rc = remote->transport->get(remote->conn, item->key, RANGE_ALL, &sink, err);
	bool absent = rc && err->kind == MLOPS_ENOTFOUND;
	if (!rc && dvc_intake_end(r.in, err))
		rc = err->kind == MLOPS_ECORRUPT ? damaged(f, item, err) : -1;
	dvc_intake_free(r.in);
	if (rc && !absent)
		return -1;
	if (absent)
		mlops_error_clear(err);
	item->here = !absent;
	settle(f, item, !absent, r.bytes);
	return 0;
}

/* What came whole before something failed is kept, so that the next try starts there. */
static int receive_round(struct fetching *f, struct dvc_item **items, size_t n,
			 struct mlops_error *err)
{
	autoerr ignored = ERR_INIT;

	f->round = items;
	int rc = remote_each(f->remote.remote, n, receive_one, f, err);
	if (mlops_dvc_commit(f->dvc, rc ? &ignored : err))
		rc = -1;
	report(f);
	return rc;
}

static int receive(struct fetching *f, const struct dvc_items *items, struct mlops_error *err)
{
	autofree struct dvc_item **v = xcalloc(items->by_key.n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < items->by_key.n; i++) {
		struct dvc_item *item = dvc_item_at(items, i);

		if (!item->here)
			v[n++] = item;
	}
	if (f->how->dry_run) {
		f->counts->objects += n;
		return 0;
	}
	if (n && !f->remote.remote &&
	    dvc_remote_open(f->dvc, f->name, f->how, false, &f->remote, err))
		return -1;
	for (size_t at = 0, part; at < n; at += part) {
		part = n - at < ROUND ? n - at : ROUND;
		if (receive_round(f, v + at, part, err))
			return -1;
	}
	return 0;
}

static void add(struct fetching *f, struct dvc_items *to, const struct oid *oid, bool is_listing,
		const char *path)
{
	bool added;
	struct dvc_item *item = dvc_items_add(to, oid, is_listing, path, &added);

	if (!added)
		return;
	item->here = dvc_has_object(f->dvc, oid, is_listing);
	f->counts->present += item->here;
	f->total_objects += !item->here;
}

static int add_files(struct fetching *f, const struct dvc_out *out, struct mlops_error *err)
{
	autolisting listing = { 0 };

	if (dvc_listing_read(f->dvc, &out->ref.oid, &listing, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err); /* not fetched: a dry run, or the remote lacks it */
		return 0;
	}
	for (size_t i = 0; i < listing.files.n; i++)
		add(f, &f->files, &listing.files.v[i].oid, false, out->path);
	return 0;
}

static int fetch_all(struct fetching *f, struct dvc_out *const *outs, size_t n,
		     struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++) {
		bool is_folder = outs[i]->ref.kind == OBJECT_TREE;

		add(f, is_folder ? &f->listings : &f->files, &outs[i]->ref.oid, is_folder,
		    outs[i]->path);
	}
	if (receive(f, &f->listings, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (outs[i]->ref.kind == OBJECT_TREE && add_files(f, outs[i], err))
			return -1;
	return f->how->list_only ? 0 : receive(f, &f->files, err);
}

static int report_missing(const struct fetching *f, struct mlops_error *err)
{
	err_set(err, MLOPS_ENOTFOUND, "remote '%s' lacks %llu of the objects, such as '%s' of '%s'",
		f->remote.remote->name, (unsigned long long)f->counts->missing, f->lacking->key,
		f->lacking->path);
	return err_hint(err, "send them from where they are with: mlops push, or: dvc push");
}

static int fetch_from(const char *remote, struct dvc_out *const *outs, size_t n, void *arg,
		      struct mlops_error *err)
{
	struct fetching f = *(const struct fetching *)arg;

	f.name = remote;
	pthread_mutex_init(&f.lock, NULL);
	int rc = fetch_all(&f, outs, n, err);
	if (!rc && f.lacking && !f.how->keep_going)
		rc = report_missing(&f, err);
	pthread_mutex_destroy(&f.lock);
	dvc_items_clear(&f.listings);
	dvc_items_clear(&f.files);
	remote_free(f.remote.remote);
	return rc;
}

int mlops_dvc_fetch(struct dvc *d, const char *const *paths, size_t n,
		    const struct transfer_how *how, struct transfer_counts *counts,
		    struct mlops_error *err)
{
	const struct fetching f = { .dvc = d, .how = how, .counts = counts };

	*counts = (struct transfer_counts){ 0 };
	return dvc_each_remote(d, paths, n, how->remote, fetch_from, (void *)&f, err);
}
