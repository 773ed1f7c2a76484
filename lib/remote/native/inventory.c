/* Looking things up in all indexes of a remote. */
#include "remote/native/inventory.h"

void inventory_init(struct inventory *inv, struct remote *remote)
{
	*inv = (struct inventory){ .remote = remote };
	inv->dir = remote->known_dir ? xstrdup(remote->known_dir) : NULL;
	pthread_mutex_init(&inv->lock, NULL);
}

void inventory_clear(struct inventory *inv)
{
	for (size_t i = 0; i < inv->indexes.n; i++)
		block_index_free(inv->indexes.v[i]);
	vec_free(&inv->indexes);
	vec_free(&inv->left_out);
	vec_free(&inv->blocks);
	map_clear(&inv->numbers);
	map_clear(&inv->marked);
	map_clear(&inv->marks);
	pthread_mutex_destroy(&inv->lock);
	free(inv->dir);
}

static uint32_t add_block(struct inventory *inv, const struct oid *name, uint64_t size)
{
	uintptr_t there = (uintptr_t)map_getn(&inv->numbers, name->sha256, sizeof(name->sha256));

	if (there)
		return (uint32_t)there - 1;
	bool condemned = map_getn(&inv->marked, name->sha256, sizeof(name->sha256));
	vec_push(&inv->blocks, { { *name, size }, condemned ? BLOCK_CONDEMNED : 0 });
	map_putn(&inv->numbers, name->sha256, sizeof(name->sha256),
		 (void *)(uintptr_t)inv->blocks.n);
	return (uint32_t)inv->blocks.n - 1;
}

uint32_t inventory_add_block(struct inventory *inv, const struct oid *name, uint64_t size)
{
	pthread_mutex_lock(&inv->lock);
	uint32_t number = add_block(inv, name, size);
	pthread_mutex_unlock(&inv->lock);
	return number;
}

struct built_block inventory_block(struct inventory *inv, uint32_t number)
{
	pthread_mutex_lock(&inv->lock);
	struct built_block block = inv->blocks.v[number].block;
	pthread_mutex_unlock(&inv->lock);
	return block;
}

unsigned inventory_flags(struct inventory *inv, uint32_t number)
{
	pthread_mutex_lock(&inv->lock);
	unsigned flags = inv->blocks.v[number].flags;
	pthread_mutex_unlock(&inv->lock);
	return flags;
}

void inventory_flag(struct inventory *inv, uint32_t number, unsigned flags)
{
	pthread_mutex_lock(&inv->lock);
	inv->blocks.v[number].flags |= flags;
	pthread_mutex_unlock(&inv->lock);
}

void inventory_add(struct inventory *inv, struct block_index *x)
{
	struct oid name;
	uint64_t size;

	x->numbers = xcalloc(x->n_blocks, sizeof(*x->numbers));
	pthread_mutex_lock(&inv->lock);
	for (uint32_t i = 0; i < x->n_blocks; i++) {
		block_index_block(x, i, &name, &size);
		x->numbers[i] = add_block(inv, &name, size);
		inv->blocks.v[x->numbers[i]].flags |= BLOCK_NAMED;
	}
	vec_push(&inv->indexes, x);
	pthread_mutex_unlock(&inv->lock);
}

bool inventory_has_pending(const struct inventory *inv)
{
	for (size_t i = 0; i < inv->indexes.n; i++)
		if (inv->indexes.v[i]->pending)
			return true;
	return false;
}

void inventory_drop_pending(struct inventory *inv)
{
	size_t n = 0;

	pthread_mutex_lock(&inv->lock);
	for (size_t i = 0; i < inv->indexes.n; i++) {
		struct block_index *x = inv->indexes.v[i];

		if (x->pending)
			block_index_free(x);
		else
			inv->indexes.v[n++] = x;
	}
	inv->indexes.n = n;
	pthread_mutex_unlock(&inv->lock);
}

static bool is_safe(const struct inventory *inv, uint32_t number)
{
	return !(inv->blocks.v[number].flags & (BLOCK_CONDEMNED | BLOCK_BAD));
}

/* All blocks that something in the index may lie in will stay. */
static bool is_all_safe(const struct inventory *inv, const struct block_index *x)
{
	for (uint32_t i = 0; i < x->n_blocks; i++)
		if (!is_safe(inv, x->numbers[i]))
			return false;
	return true;
}

/* What an index tells of an object, with the inventory's number; false when it is not to be relied on. */
static bool find_in(const struct inventory *inv, const struct block_index *x, const struct oid *oid,
		    bool to_rely, struct placed *out)
{
	if ((to_rely && x->marked) || !block_index_find(x, oid, out))
		return false;
	out->at.block = x->numbers[out->at.block];
	if (!to_rely)
		return true;
	/* The parts of one that is a list may be in any of the index's blocks. */
	return is_safe(inv, out->at.block) && (out->size == out->at.raw || is_all_safe(inv, x));
}

/* Newest first: what was put again is whole there. */
bool inventory_find(struct inventory *inv, const struct oid *oid, bool to_rely, struct placed *out)
{
	bool found = false;

	pthread_mutex_lock(&inv->lock);
	for (size_t i = inv->indexes.n; i-- > 0 && !found;)
		found = find_in(inv, inv->indexes.v[i], oid, true, out);
	for (size_t i = inv->indexes.n; i-- > 0 && !found && !to_rely;)
		found = find_in(inv, inv->indexes.v[i], oid, false, out);
	pthread_mutex_unlock(&inv->lock);
	return found;
}

static void look(const struct inventory *inv, const struct remote_item *items, size_t n, bool to_rely,
		 bool *found, struct placed *out)
{
	for (size_t k = inv->indexes.n; k-- > 0;) {
		for (size_t i = 0; i < n; i++)
			if (!found[i])
				found[i] = find_in(inv, inv->indexes.v[k], &items[i].oid, to_rely,
						   &out[i]);
		block_index_rest(inv->indexes.v[k]);
	}
}

void inventory_find_many(struct inventory *inv, const struct remote_item *items, size_t n, bool to_rely,
			 bool *found, struct placed *out)
{
	memset(found, 0, n * sizeof(*found));
	pthread_mutex_lock(&inv->lock);
	look(inv, items, n, true, found, out);
	if (!to_rely)
		look(inv, items, n, false, found, out);
	pthread_mutex_unlock(&inv->lock);
}

bool inventory_hook(struct inventory *inv, uint64_t prefix, struct piece *out)
{
	bool found = false;

	pthread_mutex_lock(&inv->lock);
	for (size_t i = inv->indexes.n; i-- > 0 && !found;) {
		const struct block_index *x = inv->indexes.v[i];

		if (x->marked || !block_index_hook(x, prefix, out))
			continue;
		out->block = x->numbers[out->block];
		found = is_safe(inv, out->block);
	}
	pthread_mutex_unlock(&inv->lock);
	return found;
}
