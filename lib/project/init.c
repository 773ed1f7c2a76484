/* Making a project. */
#include <errno.h>

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "project/private.h"

/* The format file comes last: a folder with one is a whole project. */
static const struct {
	const char *name, *text;
} files[] = {
	{ ".mlops/.gitignore",
	  "# written by mlops: all here but the settings stays on this machine\n"
	  "/*\n!/.gitignore\n!/config\n!/format\n" },
	{ ".mlops/config", "# settings of this project: see mlops-config(5)\n" },
	{ ".mlops/format", "1\n" },
};

static int find_git(const char *root, bool make, struct mlops_error *err)
{
	autofree char *top = NULL;

	if (!git_discover(root, &top, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND || !make)
		return -1;
	mlops_error_clear(err);
	return git_init(root, err);
}

/* A project inside another would make every path in it mean two things. */
static int check_outer(const char *root, struct mlops_error *err)
{
	struct project *outer;
	autoerr none = ERR_INIT;

	if (mlops_project_open(root, &outer, &none))
		return none.kind == MLOPS_ENOTFOUND ? 0 : err_move(err, &none);
	bool same = !strcmp(mlops_project_root(outer), root);
	if (!same)
		err_set(err, MLOPS_EEXISTS, "'%s' already belongs to the project '%s'", root,
			mlops_project_root(outer));
	mlops_project_free(outer);
	return same ? 0 : -1;
}

static int make_dir(const char *dir, struct mlops_error *err)
{
	struct stat st;

	if (!mkdir(dir, 0777))
		return 0;
	if (errno != EEXIST)
		return err_sys(err, "cannot create folder '%s'", dir);
	if (!lstat(dir, &st) && S_ISDIR(st.st_mode))
		return 0;
	return err_set(err, MLOPS_EEXISTS, "'%s' is there and is no folder", dir);
}

static int write_files(const char *root, bool *created, struct mlops_error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autofree char *path = path_join(root, files[i].name);

		if (fs_exists(path))
			continue;
		if (fs_write_atomic(path, files[i].text, strlen(files[i].text), 0666, err))
			return -1;
		*created = i + 1 == ARRAY_LEN(files);
	}
	return 0;
}

static int stage_files(struct git_repo *repo, struct mlops_error *err)
{
	const char *fresh[ARRAY_LEN(files)];
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < ARRAY_LEN(files); i++) {
		bool staged;

		rc = git_is_staged(repo, files[i].name, &staged, err);
		if (!rc && !staged)
			fresh[n++] = files[i].name;
	}
	return !rc && n ? git_stage(repo, fresh, n, err) : rc;
}

static int tell_git(const char *root, struct mlops_error *err)
{
	struct git_repo *repo;

	if (git_open(root, &repo, err))
		return -1;
	int rc = stage_files(repo, err) || gitsetup_merge(repo, root, err) ? -1 : 0;
	git_free(repo);
	return rc;
}

int mlops_project_init(const char *dir, bool git, bool *created, struct mlops_error *err)
{
	autofree char *root = NULL;
	bool fresh = false;

	if (fs_realpath(dir, &root, err) || check_outer(root, err) || find_git(root, git, err))
		return -1;
	autofree char *own = path_join(root, ".mlops");
	if (make_dir(own, err) || write_files(root, &fresh, err))
		return -1;
	autofree char *home = worktree_home(root);
	autofree char *store = path_join(home, "store");
	if (fs_mkdirs(store, err) || tell_git(root, err))
		return -1;
	*created = fresh;
	return 0;
}
