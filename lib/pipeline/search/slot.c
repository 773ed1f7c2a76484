/*
 * Work trees for trials, in .mlops/run/exp of the main work tree. A lock, which processes of a trial
 * inherit, tells whether one is in use: one whose processes were killed is taken again, and cleaned.
 */
#include "pipeline/search/private.h"

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "mlops/workspace.h"
#include "pipeline/spec.h"

#define SLOTS       "run/exp"
#define SLOTS_MAX   1000
#define GIT_LOCK_MS 60000

int slot_take(struct project *project, struct slot *out, struct mlops_error *err)
{
	autofree char *top = project_shared_file(project, SLOTS);

	if (fs_mkdirs(top, err))
		return -1;
	for (int i = 1; i <= SLOTS_MAX; i++) {
		autofree char *lock = xasprintf("%s/%d.lock", top, i);
		int fd;

		if (!fs_lock(lock, FS_LOCK_EXCLUSIVE, 0, &fd, err)) {
			*out = (struct slot){ xasprintf("%s/%d", top, i), fd };
			return 0;
		}
		if (err->kind != MLOPS_ELOCKED)
			return -1;
		mlops_error_clear(err);
	}
	return err_set(err, MLOPS_ELOCKED, "more than %d trials run", SLOTS_MAX);
}

/* One at a time: git reads the notes of all work trees, and fails at one that is half written. */
static int lock_git(struct project *project, int *fd, struct mlops_error *err)
{
	autofree char *path = project_shared_file(project, SLOTS "/git.lock");

	return fs_lock(path, FS_LOCK_EXCLUSIVE, GIT_LOCK_MS, fd, err);
}

/* Also what is no work tree of git's any more. */
static int remove_dir(struct project *project, const char *dir, struct mlops_error *err)
{
	autoerr why = ERR_INIT;
	autoclose int lock = -1;
	struct git_repo *git;

	if (!fs_exists(dir))
		return 0;
	if (project_git(project, &git, err) || lock_git(project, &lock, err))
		return -1;
	return git_linked_remove(git, dir, &why) ? fs_remove_tree(dir, err) : 0;
}

void slot_give(struct slot *slot)
{
	close(slot->lock_fd);
	free(slot->dir);
}

void slots_sweep(struct project *project)
{
	autofree char *top = project_shared_file(project, SLOTS);

	for (int i = 1; i <= SLOTS_MAX; i++) {
		autofree char *lock = xasprintf("%s/%d.lock", top, i);
		autofree char *dir = xasprintf("%s/%d", top, i);
		autoerr ignored = ERR_INIT; /* the next to use it cleans it, too */
		autoclose int fd = -1;

		if (!fs_exists(lock))
			return;
		if (!fs_lock(lock, FS_LOCK_EXCLUSIVE, 0, &fd, &ignored))
			remove_dir(project, dir, &ignored);
	}
}

static int open_in(struct project *project, const char *dir, struct project **out,
		   struct mlops_error *err)
{
	struct git_repo *git;

	if (project_git(project, &git, err))
		return -1;
	autofree char *top = git_top(git);
	const char *inside = mlops_project_root(project) + strlen(top);
	autofree char *root = xasprintf("%s%s", dir, inside);
	struct project *p;
	if (mlops_project_open(root, &p, err))
		return -1;
	autofree char *ours = project_shared_file(project, "");
	autofree char *theirs = project_shared_file(p, "");
	if (!strcmp(mlops_project_root(p), root) && !strcmp(ours, theirs)) {
		*out = p;
		return 0;
	}
	mlops_project_free(p);
	err_set(err, MLOPS_EINVALID, "a work tree of '%s' would be no project that shares its data",
		mlops_project_root(project));
	return err_hint(err,
			"git has to know .mlops/format; a bare repository has no main work tree");
}

/* Data and outs stay, to be changed only where they differ; what is in .mlops/ is no result. */
static int list_kept(struct project *p, struct strlist *out, struct mlops_error *err)
{
	struct pipeline *pipeline;
	struct pointer *pointers;
	autoerr broken = ERR_INIT;
	size_t n;

	strlist_add(out, ".mlops");
	if (mlops_pointers_list(p, &pointers, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		strlist_add(out, pointers[i].path);
	mlops_pointers_free(pointers, n);
	if (mlops_pipeline_load(p, &pipeline, &broken))
		return 0;
	for (size_t i = 0; i < pipeline->stages.n; i++)
		for (size_t k = 0; k < pipeline->stages.v[i].outs.n; k++) {
			const struct spec_out *o = &pipeline->stages.v[i].outs.v[k];

			if (o->cache && !o->persist)
				strlist_add(out, o->path);
		}
	mlops_pipeline_free(pipeline);
	return 0;
}

/* 1: there is nothing that could be used again. */
static int clean(struct project *project, const char *dir, const char *commit,
		 struct mlops_error *err)
{
	autoerr why = ERR_INIT;
	autostrlist kept = { 0 };
	struct git_repo *git;
	struct project *p;

	if (!fs_is_dir(dir))
		return 1;
	if (open_in(project, dir, &p, &why))
		return remove_dir(project, dir, err) ? -1 : 1;
	bool cleaned = !list_kept(p, &kept, &why) && !project_git(p, &git, &why) &&
		       !git_linked_reset(git, commit, (const char *const *)kept.v, kept.n, &why);
	mlops_project_free(p);
	if (cleaned)
		return 0;
	return remove_dir(project, dir, err) ? -1 : 1;
}

static int check_out(struct project *p, struct mlops_error *err)
{
	struct checkout_counts counts;

	if (mlops_project_lock(p, true, err))
		return -1;
	int rc = mlops_checkout(p, NULL, 0, true, &counts, err);
	mlops_project_unlock(p);
	return rc;
}

static int make_dir(struct project *project, struct git_repo *git, const char *dir,
		    const char *commit, struct mlops_error *err)
{
	autoclose int lock = -1;

	return lock_git(project, &lock, err) || git_linked_make(git, dir, commit, err) ? -1 : 0;
}

int slot_prepare(struct project *project, const char *dir, const char *commit, struct project **out,
		 struct mlops_error *err)
{
	struct git_repo *git;
	struct project *p;
	int rc = clean(project, dir, commit, err);

	if (rc < 0 || project_git(project, &git, err) ||
	    (rc && make_dir(project, git, dir, commit, err)) || open_in(project, dir, &p, err))
		return -1;
	if (check_out(p, err)) {
		mlops_project_free(p);
		return -1;
	}
	*out = p;
	return 0;
}
