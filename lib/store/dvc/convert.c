/* From DVC's *.dvc files to pointers of ours, and back. Data stays where it is. */
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/dvc/dvc.h"
#include "store/origin.h"

static int changed(const char *path, struct mlops_error *err)
{
	err_set(err, MLOPS_ENO, "'%s' is not as it is recorded", path);
	return err_hint(
		err, "record it with: mlops track %s, or bring it back with: mlops checkout", path);
}

/* ---- to pointers ---- */

/* Outs that become pointers; a file goes when all that it tracks does. */
struct conversion {
	VEC(const struct dvc_out *) outs;
	struct map files; /* a set of *.dvc files */
};

static void choose(const struct dvc *d, const char *const *paths, size_t n, struct conversion *c)
{
	for (size_t i = 0; i < d->outs.n; i++)
		if (d->outs.v[i].file && dvc_is_chosen(d->outs.v[i].path, paths, n))
			map_put(&c->files, d->outs.v[i].file, c);
	for (size_t i = 0; i < d->outs.n; i++)
		if (d->outs.v[i].file && map_get(&c->files, d->outs.v[i].file))
			vec_push(&c->outs, &d->outs.v[i]);
}

static int check_all(struct dvc *d, const struct conversion *c, struct mlops_error *err)
{
	for (size_t i = 0; i < c->outs.n; i++) {
		const struct dvc_out *out = c->outs.v[i];
		struct object_ref now;

		if (mlops_dvc_look_like(d, out->path, &out->ref, &now, err)) {
			if (err->kind != MLOPS_ENOTFOUND)
				return -1;
			err_set(err, MLOPS_ENOTFOUND, "'%s' is not here", out->path);
			return err_hint(err, "bring it here first: mlops pull");
		}
		if (now.kind != out->ref.kind || !mlops_oid_equal(&now.oid, &out->ref.oid))
			return changed(out->path, err);
	}
	return 0;
}

static int finish_file(struct dvc *d, const char *file, struct mlops_error *err)
{
	autofree char *path = project_abspath(d->project, file);
	const char *files[] = { file };
	struct git_repo *git;

	if (project_git(d->project, &git, err) || git_unstage(git, files, 1, err))
		return -1;
	return unlink(path) ? err_sys(err, "cannot remove '%s'", path) : 0;
}

static int keep_origins(struct dvc *d, const struct conversion *c, struct mlops_error *err)
{
	for (size_t i = 0; i < c->outs.n; i++)
		if (c->outs.v[i]->origin.url &&
		    origin_write(d->project, c->outs.v[i]->path, &c->outs.v[i]->origin, err))
			return -1;
	return 0;
}

static int convert(struct dvc *d, const struct conversion *c,
		   void (*done)(const struct pointer *p, bool unchanged, void *arg), void *arg,
		   struct mlops_error *err)
{
	VEC(const char *) paths = { 0 };

	for (size_t i = 0; i < c->outs.n; i++)
		vec_push(&paths, c->outs.v[i]->path);
	int rc = check_all(d, c, err) ||
		 mlops_track(d->project, paths.v, paths.n, 0, done, arg, err) ||
		 keep_origins(d, c, err);
	vec_free(&paths);
	for (size_t i = 0; i < c->files.n && !rc; i++)
		rc = finish_file(d, c->files.v[i].key, err);
	return rc ? -1 : 0;
}

int mlops_dvc_to_pointers(struct dvc *d, const char *const *paths, size_t n,
			  void (*done)(const struct pointer *p, bool unchanged, void *arg),
			  void *arg, struct mlops_error *err)
{
	struct conversion c = { 0 };
	int rc = dvc_outs_load(d, err);

	if (!rc) {
		choose(d, paths, n, &c);
		rc = c.outs.n ? convert(d, &c, done, arg, err) : 0;
	}
	vec_free(&c.outs);
	map_clear(&c.files);
	return rc;
}

/* ---- from pointers ---- */

static int note_change(const struct status_entry *e, void *arg, struct mlops_error *err)
{
	(void)e, (void)err;
	*(bool *)arg = true;
	return 0;
}

/* The *.dvc file is there before the pointer goes: repeating ends what was begun. */
static int hand_over(struct dvc *d, const struct pointer *p, struct mlops_error *err)
{
	autofree char *file = xasprintf("%s.dvc", p->path), *dir = path_dir(p->path);
	autofree char *ignore = path_join(strcmp(dir, ".") ? dir : "", ".gitignore");
	const char *path = p->path, *files[] = { file, ignore };
	struct untrack_counts counts;
	struct object_ref ref;
	struct git_repo *git;

	return dvc_add(d, path, false, &ref, err) ||
			       mlops_untrack(d->project, &path, 1, UNTRACK_FORCE, &counts, err) ||
			       mlops_workspace_ignore(d->project, &path, 1, err) ||
			       project_git(d->project, &git, err) || git_stage(git, files, 2, err) ?
		       -1 :
		       0;
}

int mlops_dvc_from_pointers(struct dvc *d, const char *const *paths, size_t n,
			    void (*done)(const struct pointer *p, bool unchanged, void *arg),
			    void *arg, struct mlops_error *err)
{
	struct pointer *pointers;
	bool differs = false;
	size_t count;

	int rc = mlops_status(d->project, paths, n, note_change, &differs, err);
	if (rc || differs)
		return rc ? -1 : changed(n ? paths[0] : "tracked data", err);
	if (mlops_pointers_list(d->project, &pointers, &count, err))
		return -1;
	rc = 0;
	for (size_t i = 0; i < count && !rc; i++) {
		if (!dvc_is_chosen(pointers[i].path, paths, n))
			continue;
		rc = hand_over(d, &pointers[i], err);
		if (!rc)
			done(&pointers[i], false, arg);
	}
	mlops_pointers_free(pointers, count);
	return rc;
}
