/* Outs of stages as data that is pushed, fetched and checked out. */
#include "base/map.h"
#include "mlops/dvc_stages.h"
#include "pipeline/dvc/dvc.h"
#include "pipeline/spec.h"

static int add_outs(struct dvc *dvc, const struct lockfile *lock, const struct map *specs,
		    struct mlops_error *err)
{
	static const struct oid none;

	for (size_t i = 0; i < lock->n; i++)
		for (size_t k = 0; k < lock->stages[i].n_outs; k++) {
			const struct lock_item *out = &lock->stages[i].outs[k];
			const struct spec_out *spec = map_get(specs, out->path);

			if (spec && spec->cache && !mlops_oid_equal(&out->ref.oid, &none) &&
			    mlops_dvc_add_out(dvc, out->path, &out->ref, &spec->place, err))
				return -1;
		}
	return 0;
}

int mlops_dvc_add_stages(struct project *project, struct dvc *dvc, struct mlops_error *err)
{
	struct lockfile lock = { 0 };
	struct pipeline *pipeline;
	automap specs = { 0 };

	if (!dvc_spec_is_here(project))
		return 0;
	if (mlops_pipeline_load(project, &pipeline, err))
		return -1;
	for (size_t i = 0; i < pipeline->stages.n; i++) {
		struct spec_stage *stage = &pipeline->stages.v[i];

		for (size_t k = 0; k < stage->outs.n; k++)
			map_put(&specs, stage->outs.v[k].path, &stage->outs.v[k]);
	}
	int rc = dvc_lock_read(project, pipeline, &lock, err) ||
		 add_outs(dvc, &lock, &specs, err);
	mlops_lockfile_clear(&lock);
	mlops_pipeline_free(pipeline);
	return rc ? -1 : 0;
}
