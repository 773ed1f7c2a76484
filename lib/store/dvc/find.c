/* Finding the files that say what DVC tracks and runs. */
#include <dirent.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

#define DEPTH_MAX 256

struct finder {
	struct dvc *d;
	struct git_repo *git;
	struct strbuf path; /* of the folder, relative to the root */
	struct strlist *out;
	int depth;
};

static int find_in(struct finder *f, struct mlops_error *err);

static bool is_repository(const struct finder *f)
{
	autofree char *absolute = project_abspath(f->d->project, f->path.buf);
	autofree char *own = path_join(absolute, DVC_DIR);

	return fs_is_dir(own);
}

static int enter(struct finder *f, const char *name, struct mlops_error *err)
{
	bool ignored;

	if (!strcmp(name, DVC_DIR) || project_is_private(name) || is_repository(f) ||
	    ignores_match(&f->d->ignores, f->path.buf, true))
		return 0;
	autofree char *folder = xasprintf("%s/", f->path.buf);
	if (git_is_ignored(f->git, folder, &ignored, err))
		return -1;
	return ignored ? 0 : find_in(f, err);
}

static int add(const struct fs_entry *e, void *arg, struct mlops_error *err)
{
	struct finder *f = arg;
	size_t before = path_push(&f->path, e->name);
	bool wanted = !strcmp(e->name, "dvc.yaml") ||
		      (str_ends(e->name, ".dvc") && strcmp(e->name, DVC_DIR) != 0);
	int rc = 0;

	if (e->type == DT_DIR)
		rc = enter(f, e->name, err);
	else if (wanted && !ignores_match(&f->d->ignores, f->path.buf, false))
		strlist_add(f->out, f->path.buf);
	strbuf_trunc(&f->path, before);
	return rc;
}

static int find_in(struct finder *f, struct mlops_error *err)
{
	const char *folder = f->path.len ? f->path.buf : "";
	autofree char *absolute = project_abspath(f->d->project, folder);

	if (f->depth == DEPTH_MAX)
		return 0;
	if (dvc_rules_in(f->d, folder, err))
		return -1;
	autoclose int fd = open(absolute, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot read '%s'", absolute);
	f->depth++;
	int rc = fs_each_entry(fd, absolute, add, f, err);
	f->depth--;
	return rc;
}

int mlops_dvc_files(struct dvc *dvc, struct strlist *out, struct mlops_error *err)
{
	struct finder f = { .d = dvc, .out = out };

	if (project_git(dvc->project, &f.git, err))
		return -1;
	int rc = find_in(&f, err);
	strbuf_clear(&f.path);
	strlist_sort(out);
	return rc;
}
