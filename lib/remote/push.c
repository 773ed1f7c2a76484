/*
 * Sending objects. A tree goes after all that it lists, and not at all when something below it
 * is nowhere to be had, so that a tree at a remote is whole: one that is there needs no look at
 * what is below it.
 */
#include "base/log.h"
#include "remote/layout.h"

#define MAX_WARNINGS 10
#define MAX_ROUNDS   5

/* Files are sent as they are found, some at a time, so that memory does not grow with how many there are. */
struct push {
	struct transfer transfer;
	struct want_set trees;   /* all of them: they go at the end */
	struct want_set files;   /* found, not sent yet */
	struct want_set nowhere; /* neither here nor at the remote */
	const struct object_ref *refs;
	size_t n;
	bool *whole; /* of each ref: nothing below it is nowhere */
	size_t walk; /* what find_nowhere() is called in */
	size_t round;
};

/* The walks below the refs; finding what is nowhere takes one for each. */
enum { WALK_ADD = 1, WALK_ALLOW, WALK_FIRST_REF };

static int ask(struct push *p, struct want **wants, size_t n, struct mlops_error *err)
{
	struct remote *remote = p->transfer.remote;
	autofree struct remote_item *items = xcalloc(n, sizeof(*items));
	autofree bool *present = xcalloc(n, sizeof(*present));

	for (size_t i = 0; i < n; i++)
		items[i] = wants[i]->item;
	if (n && remote_has(remote, items, n, present, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		wants[i]->there = present[i];
	return 0;
}

static bool is_nowhere(const struct want *w)
{
	return !w->here && !w->there;
}

static void note_nowhere(struct push *p, struct want *w)
{
	bool added;
	struct want *noted = want_add(&p->nowhere, &w->item.oid, &added);
	char hex[MLOPS_OID_HEX + 1];

	if (!added || p->nowhere.n > MAX_WARNINGS)
		return;
	noted->path = steal_ptr(&w->path);
	log_warn("object %.12s%s%s%s is neither here nor at remote '%s'",
		 mlops_oid_hex(&w->item.oid, hex), noted->path && *noted->path ? " ('" : "",
		 noted->path ? noted->path : "", noted->path && *noted->path ? "')" : "",
		 p->transfer.remote->name);
}

/* Asks for those of a set from `from` on, and notes what is nowhere. */
static int ask_from(struct push *p, struct want_set *set, size_t from, struct mlops_error *err)
{
	autofree struct want **wants = xcalloc(TRANSFER_ROUND, sizeof(*wants));

	for (size_t at = from; at < set->n; at += TRANSFER_ROUND) {
		size_t part = set->n - at < TRANSFER_ROUND ? set->n - at : TRANSFER_ROUND;

		for (size_t i = 0; i < part; i++)
			wants[i] = want_at(set, at + i);
		if (ask(p, wants, part, err))
			return -1;
	}
	for (size_t i = from; i < set->n; i++) {
		struct want *w = want_at(set, i);

		p->transfer.counts->present += w->there && !p->round;
		if (is_nowhere(w))
			note_nowhere(p, w);
	}
	return 0;
}

static int send_items(struct transfer *t, const struct remote_item *items, size_t n, bool ordered,
		      struct mlops_error *err)
{
	const struct remote_provider from = { remote_source_open, t->store };

	if (remote_put(t->remote, items, n, ordered, &from, err))
		return -1;
	t->done_objects += n;
	return 0;
}

static int send_files(struct transfer *t, const struct remote_item *items, size_t n,
		      struct mlops_error *err)
{
	return send_items(t, items, n, false, err);
}

static int send_trees(struct transfer *t, const struct remote_item *items, size_t n,
		      struct mlops_error *err)
{
	return send_items(t, items, n, true, err);
}

/* Those of a set that may be sent, and are only here; frees the set. */
static int send_set(struct push *p, struct want_set *set, bool ordered, struct mlops_error *err)
{
	struct transfer *t = &p->transfer;
	struct item_list items = { 0 };

	for (size_t i = set->n; i-- > 0;) {
		const struct want *w = want_at(set, i);

		if (!w->here || w->there || !w->send)
			continue;
		vec_push(&items, w->item);
		t->total_objects++;
		t->total_bytes += w->item.size;
	}
	want_set_clear(set);
	int rc = t->how->dry_run ?
			 0 :
			 transfer_run(t, &items, 0, ordered, ordered ? send_trees : send_files, err);
	vec_free(&items);
	return rc;
}

static int send_found(struct push *p, struct mlops_error *err)
{
	return ask_from(p, &p->files, 0, err) || send_set(p, &p->files, false, err) ? -1 : 0;
}

/* Files may go in any case. */
static struct want *add_file(struct push *p, const struct oid *oid, bool *added)
{
	struct want *w = want_add(&p->files, oid, added);

	w->send = true;
	return w;
}

/* Fills in what the local store knows of a ref's own object. */
static int look_up(struct push *p, struct want *w, struct mlops_error *err)
{
	w->path = xstrdup("");
	w->item.size = REMOTE_SIZE_UNKNOWN;
	w->here = !mlops_store_size(p->transfer.store, &w->item.oid, &w->item.size, err);
	if (!w->here && err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int add_roots(struct push *p, struct mlops_error *err)
{
	for (size_t i = 0; i < p->n; i++) {
		bool added, is_tree = p->refs[i].kind == OBJECT_TREE;
		struct want *w = is_tree ? want_add(&p->trees, &p->refs[i].oid, &added) :
					   add_file(p, &p->refs[i].oid, &added);

		if (added && look_up(p, w, err))
			return -1;
		if (p->files.n == TRANSFER_ROUND && send_found(p, err))
			return -1;
	}
	return ask_from(p, &p->trees, 0, err);
}

static int add_object(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct push *p = arg;
	bool added;
	struct want *w = v->is_tree ? want_add(&p->trees, &v->oid, &added) :
				      add_file(p, &v->oid, &added);
	bool walked = want_walked(w, v, WALK_ADD);

	if (!added)
		return walked ? OBJECT_VISIT_SKIP : 0;
	w->path = v->missing ? xstrdup(v->path) : NULL; /* it is told only of these */
	w->here = !v->missing;
	w->item.size = v->missing && v->is_tree ? REMOTE_SIZE_UNKNOWN : v->size;
	return p->files.n == TRANSFER_ROUND ? send_found(p, err) : 0;
}

static bool is_to_be_walked(const struct push *p, size_t ref)
{
	const struct want *w = p->refs[ref].kind == OBJECT_TREE ?
				       want_find(&p->trees, &p->refs[ref].oid) :
				       NULL;

	return w && w->here && !w->there;
}

/* All files below the refs that are not whole at the remote; what trees it has is asked then. */
static int send_below(struct push *p, struct mlops_error *err)
{
	size_t roots = p->trees.n;

	for (size_t i = 0; i < p->n; i++)
		if (is_to_be_walked(p, i) &&
		    mlops_object_visit(p->transfer.store, &p->refs[i], add_object, p, err))
			return -1;
	return send_found(p, err) || ask_from(p, &p->trees, roots, err) ? -1 : 0;
}

static int find_nowhere(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct push *p = arg;
	struct want *tree = v->is_tree ? want_find(&p->trees, &v->oid) : NULL;

	(void)err;
	if (tree && want_walked(tree, v, p->walk))
		return OBJECT_VISIT_SKIP;
	return want_find(&p->nowhere, &v->oid) != NULL;
}

/* Finds the refs that what is nowhere leaves whole. */
static int check_whole(struct push *p, struct mlops_error *err)
{
	for (size_t i = 0; i < p->n; i++) {
		int rc = want_find(&p->nowhere, &p->refs[i].oid) != NULL;

		p->walk = WALK_FIRST_REF + i;
		if (p->nowhere.n && is_to_be_walked(p, i))
			rc = mlops_object_visit(p->transfer.store, &p->refs[i], find_nowhere, p,
						err);
		if (rc < 0)
			return -1;
		p->whole[i] = !rc;
	}
	return 0;
}

static int allow_tree(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct push *p = arg;
	struct want *tree = v->is_tree ? want_find(&p->trees, &v->oid) : NULL;

	(void)err;
	if (!tree)
		return 0;
	tree->send = true;
	return want_walked(tree, v, WALK_ALLOW) ? OBJECT_VISIT_SKIP : 0;
}

/* Trees may go when they are below refs that are whole. */
static int allow_trees(struct push *p, struct mlops_error *err)
{
	bool all = !p->nowhere.n;

	for (size_t i = 0; i < p->trees.n; i++)
		want_at(&p->trees, i)->send = all;
	for (size_t i = 0; i < p->n && !all; i++)
		if (p->whole[i] && is_to_be_walked(p, i) &&
		    mlops_object_visit(p->transfer.store, &p->refs[i], allow_tree, p, err))
			return -1;
	return 0;
}

static void clear(struct push *p)
{
	want_set_clear(&p->trees);
	want_set_clear(&p->files);
	want_set_clear(&p->nowhere);
}

/*
 * *again: gc was at work there meanwhile, and what was there may be so no more. Trees were found before
 * what they list, so that they go in the other order.
 */
static int push_round(struct push *p, bool *again, struct mlops_error *err)
{
	struct transfer *t = &p->transfer;

	*again = false;
	if (add_roots(p, err) || send_below(p, err) || check_whole(p, err) || allow_trees(p, err) ||
	    send_set(p, &p->trees, true, err) ||
	    (!t->how->dry_run && remote_finish(t->remote, again, err)))
		return -1;
	t->counts->missing = p->nowhere.n;
	t->counts->objects = t->total_objects;
	t->counts->bytes = t->total_bytes;
	return 0;
}

static int push_all(struct push *p, struct mlops_error *err)
{
	const uint64_t *missing = &p->transfer.counts->missing;
	bool again = true;

	for (; again && p->round < MAX_ROUNDS; p->round++) {
		clear(p);
		if (push_round(p, &again, err))
			return -1;
	}
	if (again)
		return err_set(err, MLOPS_EREMOTE, "remote '%s' is cleaned up again and again",
			       p->transfer.remote->name);
	if (!*missing)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "%llu object%s neither here nor at remote '%s'",
		(unsigned long long)*missing, *missing == 1 ? " is" : "s are",
		p->transfer.remote->name);
	return err_hint(err, "all else was sent; push these from where they are");
}

int mlops_push(struct project *project, const struct object_ref *refs, size_t n,
	       const struct transfer_how *how, struct transfer_counts *counts,
	       struct mlops_error *err)
{
	autofree bool *whole = xcalloc(n, sizeof(*whole));
	struct push p = { .refs = refs, .n = n, .whole = whole };
	autoremote *remote = NULL;

	*counts = (struct transfer_counts){ 0 };
	p.transfer.how = how;
	p.transfer.counts = counts;
	if (remote_open(project, how, &remote, err) ||
	    mlops_store_of(project, &p.transfer.store, err))
		return -1;
	p.transfer.remote = remote;
	int rc = push_all(&p, err);
	clear(&p);
	counts->moved = remote->moved;
	return rc || (how->verify && !how->dry_run && remote_read_back(&p.transfer, refs, n, err)) ?
		       -1 :
		       0;
}
