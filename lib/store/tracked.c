/* All that is tracked: pointers, and the outputs that mlops.lock pins. */
#include "base/path.h"
#include "base/vec.h"
#include "mlops/listing.h"
#include "mlops/revision.h"

typedef VEC(struct tracked) tracked_vec;

static int add_pointers(struct project *project, const char *rev, tracked_vec *out,
			struct mlops_error *err)
{
	struct pointer *pointers;
	size_t n;

	if (rev ? mlops_pointers_at(project, rev, &pointers, &n, err) :
		  mlops_pointers_list(project, &pointers, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		vec_push(out, { steal_ptr(&pointers[i].path), pointers[i].ref, .is_out = false });
	mlops_pointers_free(pointers, n);
	return 0;
}

/* An output that git holds is not in the store. */
static int add_outs(struct project *project, const char *rev, tracked_vec *out,
		    struct mlops_error *err)
{
	struct lockfile lock = { 0 };
	int rc = rev ? mlops_lockfile_at(project, rev, &lock, err) :
		       mlops_lockfile_read(project, &lock, err);

	for (size_t i = 0; !rc && i < lock.n; i++) {
		const struct lock_stage *s = &lock.stages[i];

		for (size_t k = 0; k < s->n_outs; k++)
			if (!s->outs[k].not_cached)
				vec_push(out, { xstrdup(s->outs[k].path), s->outs[k].ref, true,
						s->outs[k].place });
	}
	mlops_lockfile_clear(&lock);
	return rc;
}

/* A pointer comes before an output of the same path. */
static int by_path(const void *a, const void *b)
{
	const struct tracked *x = a, *y = b;
	int order = path_compare(x->path, y->path);

	return order ? order : x->is_out - y->is_out;
}

/* Of what lies in something else that is tracked, the outer one says what is there. */
static void drop_inner(tracked_vec *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (kept && path_is_below(all->v[i].path, all->v[kept - 1].path))
			free(all->v[i].path);
		else
			all->v[kept++] = all->v[i];
	}
	all->n = kept;
}

int mlops_tracked_list(struct project *project, const char *rev, struct tracked **out, size_t *n,
		       struct mlops_error *err)
{
	tracked_vec all = { 0 };

	if (add_pointers(project, rev, &all, err) || add_outs(project, rev, &all, err)) {
		mlops_tracked_free(all.v, all.n);
		return -1;
	}
	vec_sort(&all, by_path);
	drop_inner(&all);
	*out = all.v;
	*n = all.n;
	return 0;
}

void mlops_tracked_free(struct tracked *tracked, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(tracked[i].path);
	free(tracked);
}
