/* Getting objects: small ones by their neighbourhood, large ones part by part. */
#include "remote/native/receive.h"

#include "remote/native/ahead.h"

#define STRETCH_MAX ((uint64_t)16 << 20)

struct receiving {
	struct inventory *inv;
	const struct frame_sink *sink;
	struct scratch *scratch;
	struct oid oid; /* of the object that is coming */
	size_t given;   /* of the stretch that is coming */
};

static bool is_damage(const struct mlops_error *err)
{
	return err->kind == MLOPS_ECORRUPT || err->kind == MLOPS_ENOTFOUND;
}

/* What is not as it should be is damage of the object that was asked for. */
static int blame(const struct receiving *r, struct mlops_error *err)
{
	return is_damage(err) ? remote_damaged(r->inv->remote, &r->oid, err) : -1;
}

/* After something in a place was damaged: another that the object is in, where that is not known. */
static bool find_other(const struct receiving *r, const struct placed *bad, struct placed *out)
{
	return inventory_find(r->inv, &bad->oid, false, out) && out->size == bad->size &&
	       memcmp(&out->at, &bad->at, sizeof(out->at)) &&
	       !(inventory_flags(r->inv, out->at.block) & BLOCK_BAD);
}

static int give_small(const struct placed *part, const struct oid *name, const char *raw, void *arg,
		      struct mlops_error *err)
{
	struct receiving *r = arg;
	const struct frame_sink *sink = r->sink;

	r->oid = part->oid;
	if (!mlops_oid_equal(name, &part->oid))
		return err_set(err, MLOPS_ECORRUPT, "another object is in its place");
	if (sink->begin(&part->oid, part->size, sink->arg, err) ||
	    (part->size && sink->piece(raw, (size_t)part->size, sink->arg, err)) ||
	    sink->end(sink->arg, err))
		return -1;
	r->given++;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct piece *x = &((const struct placed *)a)->at;
	const struct piece *y = &((const struct placed *)b)->at;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

typedef VEC(struct placed) placed_vec;

/* A block that is damaged: what has not come yet is looked for elsewhere. */
static int look_elsewhere(struct receiving *r, const struct stretch *stretch, placed_vec *again,
			  struct mlops_error *err)
{
	if (!is_damage(err))
		return -1;
	inventory_flag(r->inv, stretch->block, BLOCK_BAD);
	for (size_t i = r->given; i < stretch->n; i++) {
		struct placed other;

		if (!find_other(r, &stretch->parts[i], &other)) {
			r->oid = stretch->parts[i].oid;
			return blame(r, err);
		}
		vec_push(again, other);
	}
	mlops_error_clear(err);
	return 0;
}

static int receive_round(struct receiving *r, placed_vec *small, placed_vec *again,
			 struct mlops_error *err)
{
	vec_sort(small, by_place);
	for (size_t i = 0; i < small->n;) {
		const struct stretch stretch =
			stretch_find(small->v + i, small->n - i, STRETCH_MAX);

		r->given = 0;
		if (stretch_read(r->inv, &stretch, r->scratch, give_small, r, err) &&
		    look_elsewhere(r, &stretch, again, err))
			return -1;
		i += stretch.n;
	}
	return 0;
}

static int receive_small(struct receiving *r, placed_vec *small, struct mlops_error *err)
{
	int rc = 0;

	while (small->n && !rc) {
		placed_vec again = { 0 };

		rc = receive_round(r, small, &again, err);
		vec_free(small);
		*small = again;
	}
	return rc;
}

static int fetch_list(const struct receiving *r, const struct piece *at, struct list *out,
		      struct mlops_error *err)
{
	if (!list_fetch(r->inv, at, out, err))
		return 0;
	if (is_damage(err))
		inventory_flag(r->inv, at->block, BLOCK_BAD);
	return -1;
}

/* One list after the other; no list is in a list that is in one. */
static int receive_lists(struct receiving *r, const struct list *top, struct ahead *ahead,
			 struct mlops_error *err)
{
	for (size_t i = 0; i < top->parts.n; i++) {
		const struct placed *part = &top->parts.v[i];
		autolist l = { 0 };

		if (ahead_skip(ahead, part->size))
			continue;
		if (fetch_list(r, &part->at, &l, err))
			return -1;
		if (l.kind != LIST_CHUNKS || l.size != part->size)
			return err_set(err, MLOPS_ECORRUPT, "a list of chunks is damaged");
		if (ahead_read(ahead, &l, err))
			return -1;
	}
	return 0;
}

static int receive_parts(struct receiving *r, const struct placed *object, struct mlops_error *err)
{
	const struct frame_sink *sink = r->sink;
	struct ahead *ahead;
	autolist top = { 0 };
	uint64_t have = 0;

	if (fetch_list(r, &object->at, &top, err))
		return -1;
	if (top.size != object->size)
		return err_set(err, MLOPS_ECORRUPT, "a list of chunks is damaged");
	if (frame_sink_resume(sink, &object->oid, object->size, &have, err) ||
	    sink->begin(&object->oid, object->size, sink->arg, err) ||
	    ahead_new(r->inv, object->size, have, sink, &ahead, err))
		return -1;
	int rc = top.kind == LIST_CHUNKS ? ahead_read(ahead, &top, err) :
					   receive_lists(r, &top, ahead, err);
	if (!rc)
		rc = ahead_end(ahead, err);
	ahead_free(ahead);
	return rc ? -1 : sink->end(sink->arg, err);
}

static int receive_large(struct receiving *r, const struct placed *object, struct mlops_error *err)
{
	struct placed other = *object, last;

	do {
		last = other;
		r->oid = last.oid;
		if (!receive_parts(r, &last, err))
			return 0;
		if (!is_damage(err) || !find_other(r, &last, &other))
			return blame(r, err);
		mlops_error_clear(err);
	} while (true);
}

static int receive(struct receiving *r, const struct remote_item *items, size_t n,
		   placed_vec *small, struct mlops_error *err)
{
	autofree struct placed *places = xcalloc(n, sizeof(*places));
	autofree bool *found = xcalloc(n, sizeof(*found));

	inventory_find_many(r->inv, items, n, false, found, places);
	for (size_t i = 0; i < n; i++) {
		const struct placed *object = &places[i];

		if (!found[i])
			continue;
		r->oid = object->oid;
		if (items[i].size != REMOTE_SIZE_UNKNOWN && items[i].size != object->size)
			return remote_damaged(r->inv->remote, &r->oid, err);
		if (object->size == object->at.raw)
			vec_push(small, *object);
		else if (receive_large(r, object, err))
			return -1;
	}
	return receive_small(r, small, err);
}

int receive_objects(struct inventory *inv, const struct remote_item *items, size_t n,
		    const struct frame_sink *sink, struct mlops_error *err)
{
	struct receiving r = { .inv = inv, .sink = sink };
	placed_vec small = { 0 };

	if (scratch_new(&r.scratch, err))
		return -1;
	int rc = receive(&r, items, n, &small, err);
	scratch_free(r.scratch);
	vec_free(&small);
	return rc;
}
