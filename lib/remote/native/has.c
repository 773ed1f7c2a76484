/*
 * Which objects a remote has: what its indexes say, of which a sample is read back. When that is not
 * what it should be, all that the answer rests on is looked at.
 */
#include "base/log.h"
#include "base/rand.h"
#include "remote/native/list.h"

#define SAMPLE 8 /* blocks */

/* A block that answers rest on, and an object that does. */
struct support {
	uint32_t block;
	size_t item;
	struct placed object;
};

struct asking {
	struct inventory *inv;
	const struct remote_item *items;
	size_t n;
	bool *present;
	VEC(struct support) blocks; /* each once */
};

static void ask(struct asking *a)
{
	autofree bool *seen = xcalloc(a->inv->blocks.n, sizeof(*seen));
	autofree struct placed *places = xcalloc(a->n, sizeof(*places));

	a->blocks.n = 0;
	inventory_find_many(a->inv, a->items, a->n, true, a->present, places);
	for (size_t i = 0; i < a->n; i++) {
		const struct remote_item *item = &a->items[i];
		const struct placed *object = &places[i];

		if (item->size != REMOTE_SIZE_UNKNOWN && item->size != object->size)
			a->present[i] = false;
		if (!a->present[i] || seen[object->at.block])
			continue;
		seen[object->at.block] = true;
		if (!(a->inv->blocks.v[object->at.block].flags & BLOCK_CHECKED))
			vec_push(&a->blocks, { object->at.block, i, *object });
	}
}

static int check_part(struct inventory *inv, const struct placed *part, bool *good,
		      struct mlops_error *err)
{
	const struct built_block block = inventory_block(inv, part->at.block);
	autofree char *raw = NULL;
	struct oid name;

	if (piece_fetch(inv->remote, &block.name, &part->at, &name, &raw, err))
		return -1;
	*good = mlops_oid_equal(&name, &part->oid);
	return 0;
}

/* The object, when it is small; else its list, and one part of that. */
static int check_object(struct inventory *inv, const struct placed *object, bool *good,
			struct mlops_error *err)
{
	autolist l = { 0 };

	*good = false;
	if (object->size == object->at.raw)
		return check_part(inv, object, good, err);
	if (list_fetch(inv, &object->at, &l, err))
		return -1;
	if (l.size != object->size || !mlops_oid_equal(&l.oid, &object->oid) || !l.parts.n)
		return 0;
	const struct placed *part = &l.parts.v[rand_u64() % l.parts.n];
	if (l.kind == LIST_CHUNKS)
		return check_part(inv, part, good, err);
	autolist inner = { 0 };
	if (list_fetch(inv, &part->at, &inner, err))
		return -1;
	*good = inner.kind == LIST_CHUNKS && inner.size == part->size;
	return 0;
}

static int check_one(struct remote *r, size_t i, void *arg, struct mlops_error *err)
{
	struct asking *a = arg;
	const struct support *s = &a->blocks.v[i];
	bool good = false;

	(void)r;
	if (check_object(a->inv, &s->object, &good, err)) {
		if (err->kind != MLOPS_ENOTFOUND && err->kind != MLOPS_ECORRUPT)
			return -1;
		mlops_error_clear(err);
	}
	inventory_flag(a->inv, s->block, good ? BLOCK_CHECKED : BLOCK_BAD);
	return 0;
}

/* Moves SAMPLE of the blocks, chosen at random, to the front. */
static size_t choose(struct asking *a)
{
	size_t n = a->blocks.n < SAMPLE ? a->blocks.n : SAMPLE;

	for (size_t i = 0; i < n; i++) {
		size_t other = i + rand_u64() % (a->blocks.n - i);
		struct support s = a->blocks.v[i];

		a->blocks.v[i] = a->blocks.v[other];
		a->blocks.v[other] = s;
	}
	return n;
}

static bool is_any_bad(const struct asking *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (inventory_flags(a->inv, a->blocks.v[i].block) & BLOCK_BAD)
			return true;
	return false;
}

static int check_sample(struct asking *a, struct mlops_error *err)
{
	struct remote *r = a->inv->remote;
	size_t n = choose(a);

	if (remote_each(r, n, check_one, a, err))
		return -1;
	if (!is_any_bad(a, n))
		return 0;
	log_warn("remote '%s' lacks some of what its indexes name: what it has is looked through",
		 r->name);
	ask(a);
	if (remote_each(r, a->blocks.n, check_one, a, err))
		return -1;
	ask(a);
	return 0;
}

int inventory_has(struct inventory *inv, const struct remote_item *items, size_t n, bool *present,
		  struct mlops_error *err)
{
	struct asking a = { .inv = inv, .items = items, .n = n, .present = present };

	ask(&a);
	int rc = check_sample(&a, err);
	vec_free(&a.blocks);
	return rc;
}
