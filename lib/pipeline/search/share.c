/* What others need of a trial: its objects in the store, and its commit in git. */
#include "pipeline/search/private.h"

#include "git/git.h"
#include "mlops/revision.h"

typedef VEC(struct placed_ref) ref_vec;

static int add_outs(struct project *project, const char *commit, ref_vec *out,
		    struct mlops_error *err)
{
	struct lockfile lock = { 0 };
	int rc = mlops_lockfile_at(project, commit, &lock, err);

	for (size_t i = 0; i < lock.n && !rc; i++)
		for (size_t k = 0; k < lock.stages[i].n_outs; k++)
			if (!lock.stages[i].outs[k].not_cached)
				vec_push(out, { lock.stages[i].outs[k].ref,
						lock.stages[i].outs[k].place });
	mlops_lockfile_clear(&lock);
	return rc;
}

static int add_pointers(struct project *project, const char *commit, ref_vec *out,
			struct mlops_error *err)
{
	struct pointer *pointers;
	size_t n;

	if (mlops_pointers_at(project, commit, &pointers, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		vec_push(out, { .ref = pointers[i].ref });
	mlops_pointers_free(pointers, n);
	return 0;
}

int mlops_trial_objects(struct project *project, const char *which, struct placed_ref **out,
			size_t *n, struct mlops_error *err)
{
	autotrial *trial = NULL;
	ref_vec refs = { 0 };

	if (trial_finished(project, which, &trial, err))
		return -1;
	if (add_outs(project, trial->snapshot, &refs, err) ||
	    add_pointers(project, trial->snapshot, &refs, err)) {
		vec_free(&refs);
		return -1;
	}
	*out = refs.v;
	*n = refs.n;
	return 0;
}

int mlops_trial_push_commit(struct project *project, const char *which, const char *remote,
			    struct mlops_error *err)
{
	autotrial *trial = NULL;
	struct git_repo *git;

	if (trial_finished(project, which, &trial, err) || project_git(project, &git, err))
		return -1;
	autofree char *ref = trial_ref(trial->search_id, trial->number);
	const char *const refs[] = { ref };
	return git_push_refs(git, remote, refs, 1, err);
}
