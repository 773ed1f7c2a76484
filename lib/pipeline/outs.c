/* Outs in the work tree. The project is locked by the caller of each of these. */
#include "pipeline/outs.h"

#include "base/fault.h"
#include "base/fs.h"
#include "project/project.h"

static int remove_out(struct project *project, const struct spec_out *out, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, out->path);
	autofree char *checked = NULL;

	/* a symlink above it would make this another file than the one that is named */
	if (mlops_project_relpath(project, path, &checked, err))
		return -1;
	if (FAULT("pipeline.remove"))
		return err_sys(err, "cannot remove '%s'", out->path);
	return fs_remove_tree(path, err) || fs_mkdirs_for(path, err) ? -1 : 0;
}

int outs_remove(struct project *project, const struct spec_stage *spec, struct mlops_error *err)
{
	for (size_t i = 0; i < spec->outs.n; i++) {
		const struct spec_out *out = &spec->outs.v[i];
		autofree char *path = project_abspath(project, out->path);

		if (out->persist ? fs_mkdirs_for(path, err) : remove_out(project, out, err))
			return -1;
	}
	return 0;
}

int outs_save(struct project *project, const struct keep *keep, struct keep_look *look,
	      struct state *s, struct mlops_error *err)
{
	const struct spec_stage *spec = s->spec;

	lock_items_clear(&s->now.outs, &s->now.n_outs);
	for (size_t i = 0; i < spec->outs.n; i++) {
		const struct spec_out *out = &spec->outs.v[i];
		bool save = out->cache || keep->saves_uncached(project, spec, out);
		struct object_ref ref;

		if (!keep->look(look, out->path, save, &ref, err)) {
			state_add_out(s, out, &ref);
			continue;
		}
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		return err_set(err, MLOPS_EFAIL, "stage '%s' did not write its output '%s'",
			       spec->name, out->path);
	}
	lock_items_sort(s->now.outs, s->now.n_outs);
	return 0;
}

int outs_restore(struct project *project, const struct keep *keep, const struct state *s,
		 struct mlops_error *err)
{
	for (size_t i = 0; i < s->now.n_outs; i++)
		if (keep->restore(project, &s->now.outs[i], err))
			return -1;
	return 0;
}
