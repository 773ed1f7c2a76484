/*
 * Getting objects: trees level by level, and the files they list some at a time, as they are found, so
 * that memory does not grow with how many there are. Each object is hashed on its way into the store
 * and counts only when it has the name it was asked by.
 */
#include "base/path.h"
#include "remote/private.h"
#include "store/store.h"

struct fetch {
	struct transfer transfer;
	struct want_set trees; /* all of them */
	struct want_set files; /* found, not got yet */
	const char *prefix;    /* path of the tree that is walked, for messages */
	struct want lacking;   /* the first that the remote did not have, when some are missing */
};

/* What of one batch is being received. */
struct intake {
	struct transfer *transfer;
	struct store_writer *writer;
	struct oid oid;
	bool resumed; /* the writer has the first bytes of `oid` from a former try */
	bool stale;   /* such bytes turned out to be others */
};

static int intake_resume(const struct oid *oid, uint64_t size, uint64_t *have, void *arg,
			 struct mlops_error *err)
{
	struct intake *in = arg;

	mlops_store_writer_free(steal_ptr(&in->writer)); /* of one that broke off */
	in->oid = *oid;
	if (store_writer_resume(in->transfer->store, oid, size, &in->writer, have, err))
		return -1;
	in->resumed = true;
	in->transfer->resumed_bytes += *have;
	return 0;
}

static int intake_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	struct intake *in = arg;

	(void)size;
	if (in->resumed && mlops_oid_equal(&in->oid, oid))
		return 0;
	in->resumed = false;
	mlops_store_writer_free(steal_ptr(&in->writer)); /* of one that broke off */
	in->oid = *oid;
	return mlops_store_writer_new(in->transfer->store, oid, &in->writer, err);
}

static int intake_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct intake *in = arg;

	return mlops_store_writer_add(in->writer, buf, n, err);
}

static int intake_end(void *arg, struct mlops_error *err)
{
	struct intake *in = arg;
	struct oid got;

	int rc = mlops_store_writer_commit(in->writer, &got, err);
	mlops_store_writer_free(steal_ptr(&in->writer));
	in->stale = rc && err->kind == MLOPS_ECORRUPT && in->resumed;
	in->resumed = false;
	if (rc && err->kind == MLOPS_ECORRUPT)
		return remote_damaged(in->transfer->remote, &in->oid, err);
	in->transfer->done_objects += !rc;
	return rc;
}

static int receive_items(struct transfer *t, const struct remote_item *items, size_t n,
			 struct mlops_error *err)
{
	struct intake in = { .transfer = t };
	const struct frame_sink sink = { .begin = intake_begin,
					 .piece = intake_piece,
					 .end = intake_end,
					 .arg = &in,
					 .resume = intake_resume };

	int rc = remote_get(t->remote, items, n, &sink, err);
	if (rc && in.stale) { /* they are dropped, so this time it is got from its start */
		mlops_error_clear(err);
		rc = remote_get(t->remote, items, n, &sink, err);
	}
	mlops_store_writer_free(in.writer);
	return rc;
}

/* What is wrong is some object at the remote, at which a server may hang up, not the remote. */
static bool may_go_on(struct transfer *t, const struct mlops_error *why)
{
	autoerr away = ERR_INIT;

	if (!t->how->keep_going)
		return false;
	return why->kind == MLOPS_ECORRUPT ||
	       (why->kind == MLOPS_EREMOTE && !remote_check(t->remote, &away));
}

/* With keep_going: when something of a batch is damaged, each for itself. */
static int receive_batch(struct transfer *t, const struct remote_item *items, size_t n,
			 struct mlops_error *err)
{
	int rc = receive_items(t, items, n, err);

	if (!rc || !may_go_on(t, err))
		return rc;
	mlops_error_clear(err);
	if (n == 1)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!mlops_store_has(t->store, &items[i].oid) &&
		    receive_batch(t, &items[i], 1, err))
			return -1;
	return 0;
}

/* Those of a set from `from` on that are not here. */
static void list_missing(const struct want_set *set, size_t from, struct item_list *out)
{
	for (size_t i = from; i < set->n; i++)
		if (!want_at(set, i)->here)
			vec_push(out, want_at(set, i)->item);
}

static void add_totals(struct transfer *t, const struct item_list *items)
{
	t->total_objects += items->n;
	for (size_t i = 0; i < items->n; i++)
		if (items->v[i].size != REMOTE_SIZE_UNKNOWN)
			t->total_bytes += items->v[i].size;
}

/* What did not come is at the remote no more. */
static void note_lacking(struct fetch *f, struct want *w)
{
	if (!f->transfer.counts->missing++) {
		f->lacking = *w;
		f->lacking.path = xstrdup(w->path);
	}
}

/* Gets them, and notes which of the set came. */
static int receive(struct fetch *f, struct want_set *set, const struct item_list *items,
		   struct mlops_error *err)
{
	struct transfer *t = &f->transfer;

	add_totals(t, items);
	if (t->how->dry_run)
		return 0;
	if (transfer_run(t, items, remote_get_bytes(t->remote), false, receive_batch, err))
		return -1;
	for (size_t i = 0; i < items->n; i++) {
		struct want *w = want_find(set, &items->v[i].oid);

		w->here = mlops_store_has(t->store, &w->item.oid);
		if (!w->here)
			note_lacking(f, w);
	}
	return 0;
}

static int fetch_files(struct fetch *f, struct mlops_error *err)
{
	struct item_list files = { 0 };
	int rc = 0;

	if (!f->transfer.how->list_only) {
		list_missing(&f->files, 0, &files);
		rc = receive(f, &f->files, &files, err);
	}
	vec_free(&files);
	want_set_clear(&f->files);
	return rc;
}

static int add_object(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct fetch *f = arg;
	bool added;
	struct want *w = want_add(v->is_tree ? &f->trees : &f->files, &v->oid, &added);
	bool walked = want_walked(w, v, 1);

	if (!added)
		return walked ? OBJECT_VISIT_SKIP : 0;
	w->path = path_join(f->prefix, v->path);
	w->here = !v->missing;
	w->item.size = v->is_tree ? REMOTE_SIZE_UNKNOWN : v->size;
	f->transfer.counts->present += w->here;
	return f->files.n == TRANSFER_ROUND ? fetch_files(f, err) : 0;
}

static int visit_all(struct fetch *f, const struct object_ref *refs, size_t n,
		     struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (mlops_object_visit(f->transfer.store, &refs[i], add_object, f, err))
			return -1;
	return 0;
}

/* The level below: trees that just came are walked like refs. */
static int visit_trees(struct fetch *f, const struct item_list *trees, struct mlops_error *err)
{
	for (size_t i = 0; i < trees->n; i++) {
		const struct object_ref ref = { .kind = OBJECT_TREE, .oid = trees->v[i].oid };
		const struct want *w = want_find(&f->trees, &ref.oid);

		f->prefix = w->path;
		if (w->here && visit_all(f, &ref, 1, err))
			return -1;
	}
	return 0;
}

static int fetch_trees(struct fetch *f, struct mlops_error *err)
{
	size_t from = 0;

	for (;;) {
		struct item_list trees = { 0 };
		size_t end = f->trees.n;

		list_missing(&f->trees, from, &trees);
		int rc = trees.n ? receive(f, &f->trees, &trees, err) || visit_trees(f, &trees, err) : 0;
		bool more = trees.n > 0;
		vec_free(&trees);
		if (rc || !more)
			return rc ? -1 : 0;
		from = end;
	}
}

static int report_missing(const struct fetch *f, struct mlops_error *err)
{
	const struct want *first = &f->lacking;
	char hex[MLOPS_OID_HEX + 1];

	err_set(err, MLOPS_ENOTFOUND, "remote '%s' lacks %llu of the objects, such as %.12s%s%s%s",
		f->transfer.remote->name, (unsigned long long)f->transfer.counts->missing,
		mlops_oid_hex(&first->item.oid, hex), *first->path ? " ('" : "", first->path,
		*first->path ? "')" : "");
	return err_hint(err, "send them from where they are with: mlops push");
}

static int fetch_all(struct fetch *f, const struct object_ref *refs, size_t n,
		     struct mlops_error *err)
{
	struct transfer *t = &f->transfer;

	if (visit_all(f, refs, n, err) || fetch_trees(f, err) || fetch_files(f, err))
		return -1;
	if (t->how->dry_run) {
		t->counts->objects = t->total_objects;
		t->counts->bytes = t->total_bytes;
	}
	return t->counts->missing && !t->how->keep_going ? report_missing(f, err) : 0;
}

int mlops_fetch(struct project *project, const struct object_ref *refs, size_t n,
		const struct transfer_how *how, struct transfer_counts *counts,
		struct mlops_error *err)
{
	struct fetch f = { .transfer = { .how = how, .counts = counts }, .prefix = "" };
	struct store **store = &f.transfer.store;
	autoremote *remote = NULL;
	autoerr flush_err = ERR_INIT;

	*counts = (struct transfer_counts){ 0 };
	if (remote_open(project, how, &remote, err) || mlops_store_of(project, store, err))
		return -1;
	f.transfer.remote = remote;
	int rc = fetch_all(&f, refs, n, err);
	want_set_clear(&f.trees);
	want_set_clear(&f.files);
	free(f.lacking.path);
	counts->moved = remote->moved;
	/* What came before it broke off is kept, so that the next try starts there. */
	if (mlops_store_flush(*store, rc ? &flush_err : err))
		return -1;
	return rc;
}
