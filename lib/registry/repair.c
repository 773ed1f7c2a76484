/* Getting back from a remote what the project needs and the store lacks. */
#include "mlops/remote.h"
#include "registry/private.h"

typedef VEC(struct placed_ref) ref_vec;

/* What is damaged in a way that a remote cannot mend is not fetched; verify reports it. */
static int keep_incomplete(struct store *store, ref_vec *refs, struct mlops_error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < refs->n; i++) {
		uint64_t missing = 0;

		if (mlops_object_missing(store, &refs->v[i].ref, &missing, err)) {
			if (err->kind != MLOPS_ECORRUPT)
				return -1;
			mlops_error_clear(err);
		}
		if (missing)
			refs->v[kept++] = refs->v[i];
	}
	refs->n = kept;
	return 0;
}

static int fetch(struct project *project, const ref_vec *refs, const struct transfer_how *how,
		 struct transfer_counts *total, struct mlops_error *err)
{
	struct transfer_counts counts = { 0 };

	if (!refs->n)
		return 0;
	int rc = mlops_fetch_placed(project, refs->v, refs->n, how, &counts, err);
	total->objects += counts.objects;
	total->bytes += counts.bytes;
	total->missing += counts.missing;
	return rc;
}

/* Those that no tree led to. */
static int fetch_lost(struct project *project, struct store *store, const struct oid *lost,
		      size_t n, const struct transfer_how *how, struct transfer_counts *total,
		      struct mlops_error *err)
{
	ref_vec refs = { 0 };

	for (size_t i = 0; i < n; i++)
		if (!mlops_store_has(store, &lost[i]))
			vec_push(&refs,
				 { .ref = { .oid = lost[i], .size = UINT64_MAX } });
	int rc = fetch(project, &refs, how, total, err);
	vec_free(&refs);
	return rc;
}

int mlops_repair(struct project *project, const struct oid *lost, size_t n,
		 const struct transfer_how *how, struct transfer_counts *counts,
		 struct mlops_error *err)
{
	struct transfer_how keep_going = *how;
	struct store *store;
	ref_vec refs = { 0 };

	keep_going.keep_going = true;
	*counts = (struct transfer_counts){ 0 };
	if (mlops_store_of(project, &store, err) ||
	    mlops_roots_placed(project, &refs.v, &refs.n, err))
		return -1;
	int rc = keep_incomplete(store, &refs, err);
	if (!rc)
		rc = fetch(project, &refs, &keep_going, counts, err);
	if (!rc)
		rc = fetch_lost(project, store, lost, n, &keep_going, counts, err);
	vec_free(&refs);
	return rc;
}
