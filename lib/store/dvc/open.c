/* Opening a DVC repository. */
#include "base/fs.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

const char *mlops_dvc_cache(const struct dvc *d)
{
	return d->cache;
}

bool mlops_dvc_is_here(const struct project *project)
{
	autofree char *path = project_abspath(project, DVC_DIR);

	return fs_is_dir(path);
}

int mlops_dvc_open(struct project *project, struct dvc **out, struct mlops_error *err)
{
	struct dvc *d = xcalloc(1, sizeof(*d));

	d->project = project;
	pthread_mutex_init(&d->lock, NULL);
	if (dvc_config_read(d, err)) {
		mlops_dvc_close(d);
		return -1;
	}
	d->index = index_open(project, "dvc-index");
	*out = d;
	return 0;
}

void mlops_dvc_close(struct dvc *d)
{
	if (!d)
		return;
	dvc_pending_clear(d);
	index_free(d->index);
	ignores_clear(&d->ignores);
	map_clear(&d->asked);
	map_clear(&d->looked);
	arena_clear(&d->arena);
	for (size_t i = 0; i < d->outs.n; i++)
		dvc_out_clear(&d->outs.v[i]);
	vec_free(&d->outs);
	dvc_settings_clear(d);
	pthread_mutex_destroy(&d->lock);
	free(d->cache);
	free(d);
}
