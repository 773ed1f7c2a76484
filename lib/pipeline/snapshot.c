/* Reading from the work tree, a commit, or the store. */
#include "pipeline/snapshot.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "git/git.h"
#include "mlops/listing.h"
#include "pipeline/dvc/dvc.h"
#include "project/project.h"

#define BLOB_MAX ((size_t)256 << 20) /* of a file in a commit, which git reads as a whole */

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

static const struct object_ref *find_out(const struct snapshot *s, const char *path)
{
	for (size_t i = 0; s->run && i < s->run->n_outputs; i++)
		if (!strcmp(s->run->outputs[i].path, path))
			return &s->run->outputs[i].ref;
	for (size_t i = 0; i < s->lock.n; i++)
		for (size_t k = 0; k < s->lock.stages[i].n_outs; k++)
			if (!strcmp(s->lock.stages[i].outs[k].path, path))
				return &s->lock.stages[i].outs[k].ref;
	return NULL;
}

/* An output, or at a revision what is tracked in any way. */
static int find_object(struct snapshot *s, const char *path, struct oid *out, struct mlops_error *err)
{
	const struct listing_how how = { .rev = s->rev };
	const struct object_ref *ref = find_out(s, path);
	struct item item;

	if (ref && ref->kind == OBJECT_FILE) {
		*out = ref->oid;
		return 0;
	}
	if (ref || s->run || mlops_listing_find(s->project, &how, path, &item, err)) {
		if (err->kind && err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return missing(s, path, err);
	}
	if (item.kind != ITEM_FILE && item.kind != ITEM_EXECUTABLE)
		return missing(s, path, err);
	*out = item.oid;
	return 0;
}

static int read_from_store(struct snapshot *s, const char *path, size_t max, struct strbuf *out,
			   struct mlops_error *err)
{
	autofree char *text = NULL;
	struct store *store;
	struct oid oid;
	size_t n;

	if (find_object(s, path, &oid, err))
		return -1;
	if (mlops_store_of(s->project, &store, err) ||
	    mlops_store_get(store, &oid, max, &text, &n, err))
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

static int write_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	return fs_write_all(*(int *)arg, buf, n, "a temporary file", err);
}

/* Into a file without a name, so that what is large need not fit into memory. */
static int copy_out(struct snapshot *s, const char *path, int fd, struct mlops_error *err)
{
	autobuf text = { 0 };
	struct store *store;
	struct oid oid;
	bool found;

	if (read_from_commit(s, path, BLOB_MAX, &text, &found, err))
		return -1;
	if (found)
		return write_piece(text.buf, text.len, &fd, err);
	if (find_object(s, path, &oid, err))
		return -1;
	if (mlops_store_of(s->project, &store, err) ||
	    mlops_store_read(store, &oid, write_piece, &fd, err))
		return err_wrap(err, "cannot read '%s' of %s", path, s->rev);
	return 0;
}

static int open_in_work_tree(struct snapshot *s, const char *path, int *out, struct mlops_error *err)
{
	autofree char *absolute = project_abspath(s->project, path);
	autoclose int fd = open(absolute, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return missing(s, path, err);
	if (fd < 0 || fstat(fd, &st))
		return err_sys(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, MLOPS_EINVALID, "cannot read '%s': it is not a file", path);
	*out = fd;
	fd = -1;
	return 0;
}

int snapshot_open_file(struct snapshot *s, const char *path, int *out, struct mlops_error *err)
{
	if (!s->rev)
		return open_in_work_tree(s, path, out, err);
	const char *tmp = getenv("TMPDIR");
	autoclose int fd = open(tmp && *tmp ? tmp : "/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "cannot make a temporary file");
	if (copy_out(s, path, fd, err))
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read '%s'", path);
	*out = fd;
	fd = -1;
	return 0;
}

static int read_file(void *arg, const char *file, struct strbuf *text, struct mlops_error *err)
{
	return snapshot_read(arg, file, SPEC_BYTES_MAX, text, err);
}

/* Of DVC, where there is one. */
static int load_dvc(struct snapshot *s, const struct spec_files *files, struct mlops_error *err)
{
	autostrlist names = { 0 };

	if (!s->rev && !dvc_spec_is_here(s->project))
		return 0;
	if (s->rev && !s->has_root)
		return 0;
	if (s->rev ? dvc_spec_names_at(s->project, &s->tree, &names, err) :
		     dvc_spec_names(s->project, &names, err))
		return -1;
	return strlist_has(&names, DVC_SPEC_NAME) ?
		       dvc_spec_load(s->project, files, &names, &s->pipeline, err) :
		       0;
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
	return load_dvc(s, &files, err);
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

int snapshot_open_at(struct snapshot *s, struct project *project, const char *where,
		     struct mlops_error *err)
{
	struct git_id commit;

	if (!where || !mlops_revision_resolve(project, where, &commit, err))
		return snapshot_open(s, project, where, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	*s = (struct snapshot){ .project = project, .rev = where };
	if (!mlops_run_get(project, where, &s->run, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	return err_set(err, MLOPS_ENOTFOUND, "there is no revision or run '%s'", where);
}

void snapshot_close(struct snapshot *s)
{
	mlops_run_free(s->run);
	s->run = NULL;
	mlops_lockfile_clear(&s->lock);
	mlops_pipeline_free(s->pipeline);
	s->pipeline = NULL;
}
