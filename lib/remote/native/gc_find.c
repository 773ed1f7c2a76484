/* What of a remote is in use: from the names down to the blocks. */
#include "remote/native/gc.h"

bool gc_is_older(const struct cleaning *c, const struct key_info *info, int64_t age_ms)
{
	return info->found && info->mtime_ms && c->now_ms - info->mtime_ms >= age_ms;
}

struct naming {
	struct cleaning *cleaning;
	struct want_set trees;
};

static int add_name(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	struct naming *n = arg;
	bool added;

	(void)err;
	vec_push(&n->cleaning->named, v->oid);
	if (!v->is_tree)
		return 0;
	struct want *w = want_add(&n->trees, &v->oid, &added);
	return want_walked(w, v, 1) ? OBJECT_VISIT_SKIP : 0;
}

static int by_name(const void *a, const void *b)
{
	return mlops_oid_compare(a, b);
}

/* A folder's listing that is nowhere was never pushed, nor what hangs on it alone. */
int gc_find_named(struct cleaning *c, const struct object_ref *refs, size_t n,
		  struct mlops_error *err)
{
	const struct transfer_how how = { .remote = c->how->remote,
					  .list_only = true,
					  .keep_going = true };
	struct naming naming = { .cleaning = c };
	struct transfer_counts counts;
	struct store *store;
	int rc = 0;

	if (mlops_fetch(c->project, refs, n, &how, &counts, err) ||
	    mlops_store_of(c->project, &store, err))
		return -1;
	for (size_t i = 0; i < n && !rc; i++)
		rc = mlops_object_visit(store, &refs[i], add_name, &naming, err);
	want_set_clear(&naming.trees);
	size_t kept = 0;
	vec_sort(&c->named, by_name);
	for (size_t i = 0; i < c->named.n; i++)
		if (!kept || mlops_oid_compare(&c->named.v[kept - 1], &c->named.v[i]))
			c->named.v[kept++] = c->named.v[i];
	c->named.n = kept;
	return rc;
}

static bool is_young(const struct cleaning *c, const struct block_index *x)
{
	for (size_t i = 0; i < c->indexes.n; i++)
		if (mlops_oid_equal(&c->indexes.v[i].name, &x->name))
			return !gc_is_older(c, &c->indexes.v[i].info, c->how->keep_within_ms);
	return true; /* it came after the listing */
}

/* All that a young index names stays, and all its blocks. */
static void sort_out(struct cleaning *c)
{
	for (size_t i = 0; i < c->inv->indexes.n; i++) {
		struct block_index *x = c->inv->indexes.v[i];

		if (x->marked)
			continue;
		if (!x->pending && !is_young(c, x)) {
			vec_push(&c->old, x);
			continue;
		}
		c->counts->kept += x->n_objects;
		for (uint32_t j = 0; j < x->n_blocks; j++)
			c->needed[x->numbers[j]] = true;
	}
}

static bool is_old(const struct cleaning *c, const struct block_index *x)
{
	for (size_t i = 0; i < c->old.n; i++)
		if (c->old.v[i] == x)
			return true;
	return false;
}

static bool is_in_young(const struct cleaning *c, const struct oid *oid)
{
	for (size_t i = 0; i < c->inv->indexes.n; i++) {
		const struct block_index *x = c->inv->indexes.v[i];
		struct placed found;

		if (!x->marked && !is_old(c, x) && block_index_find(x, oid, &found))
			return true;
	}
	return false;
}

/* Lists can name blocks that no index does: then there are more than before. */
static void grow(struct cleaning *c)
{
	size_t now = c->inv->blocks.n;

	c->used = xrealloc(c->used, (now + 1) * sizeof(*c->used));
	c->needed = xrealloc(c->needed, (now + 1) * sizeof(*c->needed));
	c->going = xrealloc(c->going, (now + 1) * sizeof(*c->going));
	for (size_t i = c->n_blocks; i < now; i++) {
		c->used[i] = 0;
		c->needed[i] = c->going[i] = false;
	}
	c->n_blocks = now;
}

static void use(struct cleaning *c, const struct piece *at, size_t from)
{
	if (at->block >= c->n_blocks)
		grow(c);
	c->used[at->block] += piece_span(at);
	for (size_t i = c->blocks.n; i-- > from;)
		if (c->blocks.v[i] == at->block)
			return;
	vec_push(&c->blocks, at->block);
}

static int use_list(struct cleaning *c, const struct piece *at, size_t from, bool inner,
		    struct mlops_error *err)
{
	autolist l = { 0 };

	use(c, at, from);
	vec_push(&c->lists, *at);
	if (list_fetch(c->inv, at, &l, err))
		return -1;
	if (inner && l.kind != LIST_CHUNKS)
		return err_set(err, MLOPS_ECORRUPT, "a list of chunks is damaged");
	for (size_t i = 0; i < l.parts.n; i++) {
		if (l.kind == LIST_CHUNKS)
			use(c, &l.parts.v[i].at, from);
		else if (use_list(c, &l.parts.v[i].at, from, true, err))
			return -1;
	}
	return 0;
}

static int add_staying(struct cleaning *c, const struct oid *oid, struct mlops_error *err)
{
	struct staying s = { .blocks = (uint32_t)c->blocks.n, .lists = (uint32_t)c->lists.n };

	if (!inventory_find(c->inv, oid, false, &s.at) || is_in_young(c, oid))
		return 0;
	if (s.at.size == s.at.at.raw)
		use(c, &s.at.at, s.blocks);
	else if (use_list(c, &s.at.at, s.blocks, false, err))
		return remote_damaged(c->remote, oid, err);
	s.n_blocks = (uint32_t)c->blocks.n - s.blocks;
	s.n_lists = (uint32_t)c->lists.n - s.lists;
	vec_push(&c->staying, s);
	return 0;
}

static bool is_named(const struct cleaning *c, const struct oid *oid)
{
	return c->named.n && bsearch(oid, c->named.v, c->named.n, sizeof(*c->named.v), by_name);
}

static void count_garbage(struct cleaning *c)
{
	struct placed object;

	for (size_t i = 0; i < c->old.n; i++)
		for (uint64_t j = 0; j < c->old.v[i]->n_objects; j++) {
			block_index_object(c->old.v[i], j, &object);
			c->counts->objects +=
				!is_named(c, &object.oid) && !is_in_young(c, &object.oid);
		}
}

int gc_find_staying(struct cleaning *c, struct mlops_error *err)
{
	grow(c);
	sort_out(c);
	for (size_t i = 0; i < c->named.n; i++)
		if (add_staying(c, &c->named.v[i], err))
			return -1;
	grow(c); /* also for blocks that are in use nowhere */
	count_garbage(c);
	c->counts->kept += c->staying.n;
	return 0;
}
