/* mlops_gc(): all that any project of the store names, and then the sweep. */
#include "registry/private.h"

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "store/store.h"

static int name_root(const struct root *root, void *arg, struct mlops_error *err)
{
	return gc_name(arg, &root->ref, err);
}

static bool has_db(struct project *project)
{
	autofree char *path = project_shared_file(project, "mlops.db");

	return fs_exists(path);
}

/*
 * The work tree is looked at once more after git: what `git stash pop` brings back, or a commit
 * takes in, meanwhile is seen in one of the two.
 */
static int name_all(struct gc *gc, struct project *project, struct store *store, uint64_t *absent,
		    struct mlops_error *err)
{
	uint64_t before = gc_absent(gc);

	if (roots_in_tree(project, store, name_root, gc, err) ||
	    (has_db(project) && roots_in_db(project, store, name_root, gc, err)))
		return -1;
	*absent += gc_absent(gc) - before;
	return roots_in_git(project, store, name_root, gc, err) ||
			       roots_in_tree(project, store, name_root, gc, err) ?
		       -1 :
		       0;
}

static int open_at(const char *root, struct project **out, struct mlops_error *err)
{
	if (mlops_project_open(root, out, err))
		return -1;
	if (!strcmp(mlops_project_root(*out), root))
		return 0;
	mlops_project_free(*out);
	return err_set(err, MLOPS_EINVALID, "'%s' is no project of its own", root);
}

struct linked {
	root_fn fn;
	void *arg;
	struct project *project;
	struct store *store;
};

/* What is staged there, and what it has checked out, was named with all that git keeps. */
static int name_linked(const char *root, void *arg, struct mlops_error *err)
{
	const struct linked *l = arg;
	autofree char *format = path_join(root, ".mlops/format");
	struct project *other;

	if (!strcmp(root, mlops_project_root(l->project)) || !fs_exists(format))
		return 0;
	if (open_at(root, &other, err))
		return -1;
	int rc = roots_in_tree(other, l->store, l->fn, l->arg, err);
	mlops_project_free(other);
	return rc;
}

static int name_project(struct gc *gc, struct project *project, struct store *store,
			uint64_t *absent, struct mlops_error *err)
{
	struct linked l = { name_root, gc, project, store };
	struct git_repo *git;

	if (project_git(project, &git, err) || name_all(gc, project, store, absent, err))
		return -1;
	return git_worktrees_each(git, name_linked, &l, err);
}

static int name_other(struct gc *gc, const char *root, struct store *store, uint64_t *absent,
		      struct mlops_error *err)
{
	struct project *other;

	if (open_at(root, &other, err))
		return -1;
	int rc = name_project(gc, other, store, absent, err);
	mlops_project_free(other);
	return rc;
}

static int name_projects(struct gc *gc, struct project *project, struct store *store,
			 uint64_t *absent, struct mlops_error *err)
{
	const struct strlist *roots = gc_projects(gc);

	if (name_project(gc, project, store, absent, err))
		return -1;
	for (size_t i = 0; i < roots->n; i++) {
		if (!strcmp(roots->v[i], mlops_project_root(project)))
			continue;
		if (git_trust_owners(err) || name_other(gc, roots->v[i], store, absent, err))
			return err_wrap(err, "cannot tell what project '%s' needs of this store",
					roots->v[i]);
	}
	return 0;
}

static int refuse_absent(uint64_t absent, struct mlops_error *err)
{
	err_set(err, MLOPS_ENO,
		"%llu listing%s that the project names %s not in the store, so what is garbage "
		"cannot be told",
		(unsigned long long)absent, absent == 1 ? "" : "s", absent == 1 ? "is" : "are");
	return err_hint(err, "fetch them with: mlops pull --list-only, or go on without with --allow-missing");
}

int mlops_roots_visit_kept(struct project *project, root_fn fn, void *arg, struct mlops_error *err)
{
	struct linked l = { .fn = fn, .arg = arg, .project = project };
	struct git_repo *git;

	if (mlops_store_of(project, &l.store, err) || project_git(project, &git, err) ||
	    mlops_roots_visit(project, fn, arg, err) ||
	    roots_in_git(project, l.store, fn, arg, err) ||
	    roots_in_tree(project, l.store, fn, arg, err))
		return -1;
	return git_worktrees_each(git, name_linked, &l, err);
}

int mlops_gc(struct project *project, const struct gc_how *how, struct gc_counts *counts,
	     struct mlops_error *err)
{
	struct store *store;
	uint64_t absent = 0;
	struct gc *gc;

	if (mlops_store_of(project, &store, err) || mlops_project_lock_store(project, err) ||
	    gc_new(store, how, &gc, err))
		return -1;
	int rc = name_projects(gc, project, store, &absent, err);
	if (!rc && absent && !how->allow_absent && !how->dry_run)
		rc = refuse_absent(absent, err);
	if (!rc)
		rc = gc_collect(gc, counts, err);
	gc_free(gc);
	return rc;
}
