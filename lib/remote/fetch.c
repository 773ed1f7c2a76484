/*
 * Getting objects: the trees first, level by level, then the files they list. Each object is
 * hashed on its way into the store and counts only when it has the name it was asked by.
 */
#include "base/path.h"
#include "remote/private.h"
#include "store/store.h"

struct fetch {
	struct transfer transfer;
	struct want_set set;
	const char *prefix;         /* path of the tree that is walked, for messages */
	const struct want *lacking; /* the first that the remote did not have; or NULL */
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

static int add_object(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct fetch *f = arg;
	bool added;
	struct want *w = want_add(&f->set, &v->oid, &added);

	bool walked = want_walked(w, v, 1);

	(void)err;
	if (!added)
		return walked ? OBJECT_VISIT_SKIP : 0;
	w->is_tree = v->is_tree;
	w->path = path_join(f->prefix, v->path);
	w->here = !v->missing;
	w->item.size = v->is_tree ? REMOTE_SIZE_UNKNOWN : v->size;
	f->transfer.counts->present += w->here;
	return 0;
}

/* The objects that are not here, of those added from `from` on. */
static void list_missing(struct fetch *f, size_t from, bool trees, struct item_list *out)
{
	for (size_t i = from; i < f->set.n; i++) {
		const struct want *w = want_at(&f->set, i);

		if (!w->here && w->is_tree == trees)
			vec_push(out, w->item);
	}
}

static void add_totals(struct transfer *t, const struct item_list *items)
{
	t->total_objects += items->n;
	for (size_t i = 0; i < items->n; i++)
		if (items->v[i].size != REMOTE_SIZE_UNKNOWN)
			t->total_bytes += items->v[i].size;
}

/* Gets them, and notes which came; what did not is at the remote no more. */
static int receive(struct fetch *f, const struct item_list *items, struct mlops_error *err)
{
	struct transfer *t = &f->transfer;

	add_totals(t, items);
	if (t->how->dry_run)
		return 0;
	if (transfer_run(t, items, remote_get_bytes(t->remote), false, receive_batch, err))
		return -1;
	for (size_t i = 0; i < items->n; i++) {
		struct want *w = want_find(&f->set, &items->v[i].oid);

		w->here = mlops_store_has(t->store, &w->item.oid);
		t->counts->missing += !w->here;
		if (!w->here && !f->lacking)
			f->lacking = w;
	}
	return 0;
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
		const struct want *w = want_find(&f->set, &ref.oid);

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
		size_t end = f->set.n;

		list_missing(f, from, true, &trees);
		int rc = trees.n ? receive(f, &trees, err) || visit_trees(f, &trees, err) : 0;
		bool more = trees.n > 0;
		vec_free(&trees);
		if (rc || !more)
			return rc ? -1 : 0;
		from = end;
	}
}

static int fetch_files(struct fetch *f, struct mlops_error *err)
{
	struct item_list files = { 0 };

	list_missing(f, 0, false, &files);
	int rc = receive(f, &files, err);
	vec_free(&files);
	return rc;
}

static int report_missing(const struct fetch *f, struct mlops_error *err)
{
	const struct want *first = f->lacking;
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

	if (visit_all(f, refs, n, err) || fetch_trees(f, err) ||
	    (!t->how->list_only && fetch_files(f, err)))
		return -1;
	if (t->how->dry_run) {
		t->counts->objects = t->total_objects;
		t->counts->bytes = t->total_bytes;
	}
	return f->lacking && !t->how->keep_going ? report_missing(f, err) : 0;
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
	want_set_clear(&f.set);
	counts->moved = remote->moved;
	/* What came before it broke off is kept, so that the next try starts there. */
	if (mlops_store_flush(*store, rc ? &flush_err : err))
		return -1;
	return rc;
}
