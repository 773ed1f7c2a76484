/* Which dvc.yaml files there are: in the work tree, or in a commit. */
#include "base/path.h"
#include "git/git.h"
#include "mlops/dvc.h"
#include "pipeline/dvc/dvc.h"
#include "project/project.h"

#define DEPTH_MAX 256

int dvc_spec_names(struct project *project, struct strlist *out, struct mlops_error *err)
{
	autostrlist files = { 0 };
	struct dvc *dvc;

	if (mlops_dvc_open(project, &dvc, err))
		return -1;
	int rc = mlops_dvc_files(dvc, &files, err);
	mlops_dvc_close(dvc);
	for (size_t i = 0; i < files.n && !rc; i++)
		if (!strcmp(path_base(files.v[i]), DVC_SPEC_NAME))
			strlist_add(out, files.v[i]);
	return rc;
}

struct finder {
	struct git_repo *git;
	struct strbuf path;
	struct strlist *out;
	int depth;
};

static int add(const struct git_entry *e, void *arg, struct mlops_error *err)
{
	struct finder *f = arg;
	size_t before = path_push(&f->path, e->name);
	int rc = 0;

	if (e->kind == GIT_ENTRY_FILE && !strcmp(e->name, DVC_SPEC_NAME))
		strlist_add(f->out, f->path.buf);
	if (e->kind == GIT_ENTRY_FOLDER && f->depth < DEPTH_MAX) {
		f->depth++;
		rc = git_tree_each(f->git, &e->id, add, f, err);
		f->depth--;
	}
	strbuf_trunc(&f->path, before);
	return rc;
}

int dvc_spec_names_at(struct project *project, const struct git_id *tree, struct strlist *out,
		      struct mlops_error *err)
{
	struct finder f = { .out = out };

	if (project_git(project, &f.git, err))
		return -1;
	int rc = git_tree_each(f.git, tree, add, &f, err);
	strbuf_clear(&f.path);
	strlist_sort(out);
	return rc;
}
