/* The objects of DVC that are moved, and which of them a remote has. */
#include "remote/dvc/dvc.h"

#define LIST_FROM  8    /* objects of one folder from which on it is listed as a whole ... */
#define LIST_SPARE 1000 /* ... until it turns out to hold so many and ... */
#define LIST_TIMES 20   /* ... so many times as many files as are asked for */

struct dvc_item *dvc_items_add(struct dvc_items *items, const struct oid *oid, bool is_listing,
			       const char *path, bool *added)
{
	autofree char *key = dvc_object_key(oid, is_listing);
	struct dvc_item *item = map_get(&items->by_key, key);

	*added = !item;
	if (item)
		return item;
	item = xcalloc(1, sizeof(*item));
	*item = (struct dvc_item){ .oid = *oid,
				   .is_listing = is_listing,
				   .size = REMOTE_SIZE_UNKNOWN,
				   .key = steal_ptr(&key),
				   .path = path };
	map_put(&items->by_key, item->key, item);
	return item;
}

static void free_item(void *value)
{
	struct dvc_item *item = value;

	free(item->key);
	free(item);
}

void dvc_items_clear(struct dvc_items *items)
{
	map_clear_values(&items->by_key, free_item);
}

/* One of another size is another, or was left half. */
static void found(struct dvc_item *item, uint64_t size)
{
	item->there = item->size == REMOTE_SIZE_UNKNOWN || item->size == size;
}

/* Items of one folder, "files/md5/ab/". */
struct group {
	char *prefix;
	VEC(struct dvc_item *) items;
	struct map by_key;
	size_t seen;
	bool too_many;
};

struct asking {
	const struct dvc_remote *remote;
	struct dvc_item **single; /* to be asked for one by one */
	struct group **groups;
};

static int take_key(const char *key, const struct key_info *info, void *arg,
		    struct mlops_error *err)
{
	struct group *g = arg;
	struct dvc_item *item = map_get(&g->by_key, key);

	(void)err;
	if (item)
		found(item, info->size);
	g->too_many = ++g->seen > LIST_SPARE + LIST_TIMES * g->items.n;
	return g->too_many;
}

static int list_one(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	const struct asking *a = arg;
	struct group *g = a->groups[i];

	return r->transport->list(r->conn, g->prefix, take_key, g, err) < 0 ? -1 : 0;
}

static int ask_one(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	const struct asking *a = arg;
	struct dvc_item *item = a->single[i];
	struct key_info info;

	if (r->transport->stat(r->conn, item->key, &info, err))
		return -1;
	if (info.found)
		found(item, info.size);
	return 0;
}

static void free_group(void *value)
{
	struct group *g = value;

	free(g->prefix);
	vec_free(&g->items);
	map_clear(&g->by_key);
	free(g);
}

static void group_items(struct dvc_item *const *items, size_t n, struct map *groups)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = (size_t)(strrchr(items[i]->key, '/') - items[i]->key) + 1;
		struct group *g = map_getn(groups, items[i]->key, len);

		if (!g) {
			g = xcalloc(1, sizeof(*g));
			g->prefix = xstrndup(items[i]->key, len);
			map_putn(groups, items[i]->key, len, g);
		}
		vec_push(&g->items, items[i]);
		map_put(&g->by_key, items[i]->key, items[i]);
	}
}

/* Lists the folders of which much is asked, and adds what that left open to a->single. */
static int ask_by_lists(struct asking *a, const struct map *groups, size_t *n_single,
			struct mlops_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < groups->n; i++) {
		struct group *g = groups->v[i].value;

		if (a->remote->lists && g->items.n >= LIST_FROM)
			a->groups[n++] = g;
		else
			g->too_many = true;
	}
	if (remote_each(a->remote->remote, n, list_one, a, err))
		return -1;
	for (size_t i = 0; i < groups->n; i++) {
		const struct group *g = groups->v[i].value;

		for (size_t k = 0; k < g->items.n && g->too_many; k++)
			if (!g->items.v[k]->there)
				a->single[(*n_single)++] = g->items.v[k];
	}
	return 0;
}

int dvc_items_ask(const struct dvc_remote *r, struct dvc_item *const *items, size_t n,
		  struct mlops_error *err)
{
	struct map groups = { 0 };
	size_t n_single = 0;

	group_items(items, n, &groups);
	autofree struct dvc_item **single = xcalloc(n + 1, sizeof(*single));
	autofree struct group **lists = xcalloc(groups.n + 1, sizeof(*lists));
	struct asking a = { .remote = r, .single = single, .groups = lists };
	int rc = ask_by_lists(&a, &groups, &n_single, err) ||
		 remote_each(r->remote, n_single, ask_one, &a, err);
	map_clear_values(&groups, free_group);
	return rc ? -1 : 0;
}

/* Outs that belong to one remote. */
struct share {
	const char *remote; /* NULL: the default one */
	VEC(struct dvc_out *) outs;
};

int dvc_each_remote(struct dvc *d, const char *const *paths, size_t n, const char *named,
		    int (*fn)(const char *remote, struct dvc_out *const *outs, size_t n, void *arg,
			      struct mlops_error *err),
		    void *arg, struct mlops_error *err)
{
	VEC(struct share) shares = { 0 };
	int rc = dvc_outs_load(d, err);

	for (size_t i = 0; i < d->outs.n && !rc; i++) {
		struct dvc_out *out = &d->outs.v[i];
		const char *remote = named ? named : out->remote;
		size_t k = 0;

		if (out->imported || !dvc_is_chosen(out->path, paths, n))
			continue;
		while (k < shares.n &&
		       strcmp(shares.v[k].remote ? shares.v[k].remote : "", remote ? remote : ""))
			k++;
		if (k == shares.n)
			vec_push(&shares, { .remote = remote });
		vec_push(&shares.v[k].outs, out);
	}
	for (size_t i = 0; i < shares.n; i++) {
		if (!rc)
			rc = fn(shares.v[i].remote, shares.v[i].outs.v, shares.v[i].outs.n, arg,
				err);
		vec_free(&shares.v[i].outs);
	}
	vec_free(&shares);
	return rc;
}
