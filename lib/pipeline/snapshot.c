/* Reading from the work tree, a commit, or the store. */
#include "pipeline/snapshot.h"

#include "base/fs.h"
#include "git/git.h"
#include "project/project.h"

static int missing(const struct snapshot *s, const char *path, struct mlops_error *err)
{
	return err_set(err, MLOPS_ENOTFOUND, "there is no '%s' in %s", path,
		       s->rev ? s->rev : "the work tree");
}

static int read_from_commit(struct snapshot *s, const char *path, size_t max, struct strbuf *out,
			    bool *found, struct mlops_error *err)
{
	struct git_repo *git;
	struct git_id blob;

	*found = false;
	if (project_git(s->project, &git, err))
		return -1;
	if (s->has_root && git_tree_file(git, &s->tree, path, &blob, found, err))
		return -1;
	return *found ? git_read_blob(git, &blob, max, out, err) : 0;
}

static const struct lock_item *find_out(const struct snapshot *s, const char *path)
{
	for (size_t i = 0; i < s->lock.n; i++)
		for (size_t k = 0; k < s->lock.stages[i].n_outs; k++)
			if (!strcmp(s->lock.stages[i].outs[k].path, path))
				return &s->lock.stages[i].outs[k];
	return NULL;
}

static int read_from_store(struct snapshot *s, const char *path, size_t max, struct strbuf *out,
			   struct mlops_error *err)
{
	const struct lock_item *item = find_out(s, path);
	autofree char *text = NULL;
	struct store *store;
	size_t n;

	if (!item || item->ref.kind != OBJECT_FILE)
		return missing(s, path, err);
	if (mlops_store_of(s->project, &store, err) ||
	    mlops_store_get(store, &item->ref.oid, max, &text, &n, err))
		return err_wrap(err, "cannot read '%s' of %s", path, s->rev);
	strbuf_add(out, text, n);
	return 0;
}

int snapshot_read(struct snapshot *s, const char *path, size_t max, struct strbuf *out,
		  struct mlops_error *err)
{
	bool found;

	if (!s->rev) {
		autofree char *absolute = project_abspath(s->project, path);

		return fs_exists(absolute) ? fs_read(absolute, max, out, err) :
					     missing(s, path, err);
	}
	if (read_from_commit(s, path, max, out, &found, err))
		return -1;
	return found ? 0 : read_from_store(s, path, max, out, err);
}

static int read_file(void *arg, const char *file, struct strbuf *text, struct mlops_error *err)
{
	return snapshot_read(arg, file, SPEC_BYTES_MAX, text, err);
}

static int load_pipeline(struct snapshot *s, struct mlops_error *err)
{
	const struct spec_files files = { read_file, s };
	autobuf text = { 0 };

	if (!snapshot_read(s, SPEC_FILE, SPEC_BYTES_MAX, &text, err))
		return spec_parse(&files, text.buf, text.len, &s->pipeline, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int open_commit(struct snapshot *s, struct mlops_error *err)
{
	struct git_repo *git;
	struct git_id commit;

	return mlops_revision_resolve(s->project, s->rev, &commit, err) ||
			       project_git(s->project, &git, err) ||
			       git_root_tree(git, &commit, &s->tree, &s->has_root, err) ||
			       mlops_lockfile_at(s->project, s->rev, &s->lock, err) ?
		       -1 :
		       0;
}

int snapshot_open(struct snapshot *s, struct project *project, const char *rev,
		  struct mlops_error *err)
{
	*s = (struct snapshot){ .project = project, .rev = rev };
	if (rev ? open_commit(s, err) : mlops_lockfile_read(project, &s->lock, err))
		return -1;
	return load_pipeline(s, err);
}

void snapshot_close(struct snapshot *s)
{
	mlops_lockfile_clear(&s->lock);
	mlops_pipeline_free(s->pipeline);
	s->pipeline = NULL;
}
