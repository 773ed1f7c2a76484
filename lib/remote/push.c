/*
 * Sending objects. A tree goes after all that it lists, and not at all when something below it
 * is nowhere to be had, so that a tree at a remote is whole: one that is there needs no look at
 * what is below it.
 */
#include "base/log.h"
#include "remote/layout.h"

#define MAX_WARNINGS 10
#define MAX_ROUNDS   5
#define ASK          ((size_t)16 << 10) /* objects at a time */

struct push {
	struct transfer transfer;
	struct want_set set;
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

/* Fills in what the local store knows of a ref's own object. */
static int look_up(struct push *p, struct want *w, bool is_tree, struct mlops_error *err)
{
	w->is_tree = is_tree;
	w->path = xstrdup("");
	w->item.size = REMOTE_SIZE_UNKNOWN;
	w->here = !mlops_store_size(p->transfer.store, &w->item.oid, &w->item.size, err);
	if (!w->here && err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

/* Asks for the objects that were added from `from` on. */
static int ask_from(struct push *p, size_t from, struct mlops_error *err)
{
	size_t n = p->set.n - from;
	autofree struct want **wants = xcalloc(ASK, sizeof(*wants));

	for (size_t at = 0; at < n; at += ASK) {
		size_t part = n - at < ASK ? n - at : ASK;

		for (size_t i = 0; i < part; i++)
			wants[i] = want_at(&p->set, from + at + i);
		if (ask(p, wants, part, err))
			return -1;
	}
	return 0;
}

static int add_roots(struct push *p, struct mlops_error *err)
{
	for (size_t i = 0; i < p->n; i++) {
		bool added;
		struct want *w = want_add(&p->set, &p->refs[i].oid, &added);

		if (added && look_up(p, w, p->refs[i].kind == OBJECT_TREE, err))
			return -1;
	}
	return ask_from(p, 0, err);
}

static int add_object(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct push *p = arg;
	bool added;
	struct want *w = want_add(&p->set, &v->oid, &added);

	bool walked = want_walked(w, v, WALK_ADD);

	(void)err;
	if (!added)
		return walked ? OBJECT_VISIT_SKIP : 0;
	w->is_tree = v->is_tree;
	w->path = v->missing ? xstrdup(v->path) : NULL; /* it is told only of these */
	w->here = !v->missing;
	w->item.size = v->missing && v->is_tree ? REMOTE_SIZE_UNKNOWN : v->size;
	return 0;
}

/* All below the refs that are not whole at the remote. */
static int add_below(struct push *p, struct mlops_error *err)
{
	size_t roots = p->set.n;

	for (size_t i = 0; i < p->n; i++) {
		const struct want *w = want_find(&p->set, &p->refs[i].oid);

		if (w->is_tree && w->here && !w->there &&
		    mlops_object_visit(p->transfer.store, &p->refs[i], add_object, p, err))
			return -1;
	}
	return ask_from(p, roots, err);
}

static bool is_nowhere(const struct want *w)
{
	return !w->here && !w->there;
}

static int find_nowhere(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct push *p = arg;
	struct want *w = want_find(&p->set, &v->oid);

	(void)err;
	if (want_walked(w, v, p->walk))
		return OBJECT_VISIT_SKIP;
	return is_nowhere(w);
}

/* Counts what is nowhere, and finds the refs that this leaves whole. */
static int check_whole(struct push *p, struct mlops_error *err)
{
	uint64_t *missing = &p->transfer.counts->missing;

	for (size_t i = 0; i < p->set.n; i++) {
		const struct want *w = want_at(&p->set, i);
		char hex[MLOPS_OID_HEX + 1];

		if (!is_nowhere(w) || ++*missing > MAX_WARNINGS)
			continue;
		log_warn("object %.12s%s%s%s is neither here nor at remote '%s'",
			 mlops_oid_hex(&w->item.oid, hex), w->path && *w->path ? " ('" : "",
			 w->path ? w->path : "", w->path && *w->path ? "')" : "", p->transfer.remote->name);
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct want *w = want_find(&p->set, &p->refs[i].oid);
		int rc = is_nowhere(w);

		p->walk = WALK_FIRST_REF + i;
		if (*missing && w->is_tree && w->here && !w->there)
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
	struct want *w = want_find(&p->set, &v->oid);

	(void)err;
	w->send = true;
	return want_walked(w, v, WALK_ALLOW) ? OBJECT_VISIT_SKIP : 0;
}

/* Files may go in any case; trees below refs that are whole. */
static int allow(struct push *p, struct mlops_error *err)
{
	bool all = !p->transfer.counts->missing;

	for (size_t i = 0; i < p->set.n; i++) {
		struct want *w = want_at(&p->set, i);

		w->send = all || !w->is_tree;
	}
	for (size_t i = 0; i < p->n && !all; i++) {
		const struct want *w = want_find(&p->set, &p->refs[i].oid);

		if (p->whole[i] && w->is_tree && w->here && !w->there &&
		    mlops_object_visit(p->transfer.store, &p->refs[i], allow_tree, p, err))
			return -1;
	}
	return 0;
}

/* Trees were found before what they list, so backwards they come after it. */
static void choose(struct push *p, struct item_list *files, struct item_list *trees)
{
	struct transfer *t = &p->transfer;

	for (size_t i = p->set.n; i-- > 0;) {
		const struct want *w = want_at(&p->set, i);

		t->counts->present += w->there && !p->round;
		if (!w->here || w->there || !w->send)
			continue;
		if (w->is_tree)
			vec_push(trees, w->item);
		else
			vec_push(files, w->item);
		t->total_objects++;
		t->total_bytes += w->item.size;
	}
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

/* *again: gc was at work there meanwhile, and what was there may be so no more. */
static int send(struct push *p, bool *again, struct mlops_error *err)
{
	struct item_list files = { 0 }, trees = { 0 };
	struct transfer *t = &p->transfer;
	int rc = 0;

	choose(p, &files, &trees);
	want_set_clear(&p->set); /* much memory, which is needed for sending */
	if (!t->how->dry_run)
		rc = transfer_run(t, &files, 0, false, send_files, err);
	vec_free(&files); /* before the trees fill blocks of their own */
	if (!t->how->dry_run && !rc)
		rc = transfer_run(t, &trees, 0, true, send_trees, err) ||
		     remote_finish(t->remote, again, err);
	vec_free(&trees);
	if (rc)
		return -1;
	t->counts->objects = t->total_objects;
	t->counts->bytes = t->total_bytes;
	return 0;
}

static int push_round(struct push *p, bool *again, struct mlops_error *err)
{
	*again = false;
	p->transfer.counts->missing = 0;
	return add_roots(p, err) || add_below(p, err) || check_whole(p, err) || allow(p, err) ||
			       send(p, again, err) ?
		       -1 :
		       0;
}

static int push_all(struct push *p, struct mlops_error *err)
{
	const uint64_t *missing = &p->transfer.counts->missing;
	bool again = true;

	for (; again && p->round < MAX_ROUNDS; p->round++) {
		want_set_clear(&p->set);
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
	want_set_clear(&p.set);
	counts->moved = remote->moved;
	return rc || (how->verify && !how->dry_run && remote_read_back(&p.transfer, refs, n, err)) ?
		       -1 :
		       0;
}
