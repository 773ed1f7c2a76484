/* Moving objects of which some lie at another remote than the rest: one remote after the other. */
#include "remote/private.h"

struct direction {
	int (*move)(struct project *project, const struct object_ref *refs, size_t n,
		    const struct transfer_how *how, struct transfer_counts *counts,
		    struct mlops_error *err);
	bool (*moves)(const struct object_place *place);
};

typedef VEC(struct object_ref) ref_vec;

static bool is_sent(const struct object_place *place)
{
	return !place->no_push;
}

bool mlops_place_has_remote(const struct object_place *place)
{
	return !place->no_push || *place->remote;
}

static const struct direction push = { mlops_push, is_sent },
			      fetch = { mlops_fetch, mlops_place_has_remote };

/* The refs of each remote, by its name; "" for that of the call. */
static void group(const struct placed_ref *refs, size_t n, const struct direction *d,
		  struct map *out)
{
	for (size_t i = 0; i < n; i++) {
		ref_vec *of_remote;

		if (!d->moves(&refs[i].place))
			continue;
		of_remote = map_get(out, refs[i].place.remote);
		if (!of_remote) {
			of_remote = xcalloc(1, sizeof(*of_remote));
			map_put(out, refs[i].place.remote, of_remote);
		}
		vec_push(of_remote, refs[i].ref);
	}
}

static void free_group(void *group)
{
	vec_free((ref_vec *)group);
	free(group);
}

static void add_counts(struct transfer_counts *sum, const struct transfer_counts *more)
{
	sum->objects += more->objects;
	sum->bytes += more->bytes;
	sum->present += more->present;
	sum->moved += more->moved;
	sum->missing += more->missing;
}

/* What one remote lacks keeps nothing from the others; the first error stays. */
static int move_groups(struct project *project, const struct map *groups, const struct direction *d,
		       const struct transfer_how *how, struct transfer_counts *counts,
		       struct mlops_error *err)
{
	for (size_t i = 0; i < groups->n; i++) {
		const ref_vec *of_remote = groups->v[i].value;
		struct transfer_how there = *how;
		struct transfer_counts some = { 0 };
		autoerr why = ERR_INIT;

		if (*groups->v[i].key)
			there.remote = groups->v[i].key;
		int rc = d->move(project, of_remote->v, of_remote->n, &there, &some, &why);
		add_counts(counts, &some);
		if (!rc)
			continue;
		bool goes_on = why.kind == MLOPS_ENOTFOUND;
		if (!err->kind)
			err_move(err, &why);
		if (!goes_on)
			break;
	}
	return err->kind ? -1 : 0;
}

/* Without any refs the usual remote is opened all the same: whether it can be is an answer too. */
static int move_all(struct project *project, const struct placed_ref *refs, size_t n,
		    const struct direction *d, const struct transfer_how *how,
		    struct transfer_counts *counts, struct mlops_error *err)
{
	struct map groups = { 0 };

	*counts = (struct transfer_counts){ 0 };
	if (!n)
		return d->move(project, NULL, 0, how, counts, err);
	group(refs, n, d, &groups);
	int rc = move_groups(project, &groups, d, how, counts, err);
	map_clear_values(&groups, free_group);
	return rc;
}

int mlops_push_placed(struct project *project, const struct placed_ref *refs, size_t n,
		      const struct transfer_how *how, struct transfer_counts *counts,
		      struct mlops_error *err)
{
	return move_all(project, refs, n, &push, how, counts, err);
}

int mlops_fetch_placed(struct project *project, const struct placed_ref *refs, size_t n,
		       const struct transfer_how *how, struct transfer_counts *counts,
		       struct mlops_error *err)
{
	return move_all(project, refs, n, &fetch, how, counts, err);
}
