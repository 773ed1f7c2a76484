/* mlops_diff_summary(): opening two versions of a file, and choosing who reads them. */
#include "store/summary.h"

#include <fcntl.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "project/project.h"
#include "store/beneath.h"
#include "store/store.h"

static int add_to_file(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	return fs_write_all(*(int *)arg, buf, n, "a temporary file", err);
}

/* An object that is packed is written out, into a file that has no name. */
static int unpack(struct project *project, struct store *store, const struct oid *oid, int *out,
		  struct mlops_error *err)
{
	const char *tmp;

	if (project_tmp(project, &tmp, err))
		return -1;
	autoclose int fd = open(tmp, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "cannot make a temporary file in '%s'", tmp);
	if (mlops_store_read(store, oid, add_to_file, &fd, err))
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read a temporary file");
	*out = steal_fd(&fd);
	return 0;
}

static int open_object(struct project *project, const struct oid *oid, int *fd,
		       struct mlops_error *err)
{
	struct store *store;
	uint64_t size;

	if (mlops_store_of(project, &store, err))
		return -1;
	if (!store_open_loose(store, oid, fd, &size, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return unpack(project, store, oid, fd, err);
}

static int open_file(struct project *project, const char *path, int *out, struct mlops_error *err)
{
	struct beneath root = BENEATH_INIT;
	int dir, rc;

	rc = beneath_open(&root, mlops_project_root(project), err) ||
			     beneath_parent(&root, path, false, &dir, err) ?
		     -1 :
		     0;
	if (!rc) {
		*out = openat(dir, path_base(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (*out < 0)
			rc = err_sys(err, "cannot open '%s'", path);
	}
	beneath_close(&root);
	return rc;
}

static int open_side(struct project *project, const struct difference_side *side, const char *path,
		     int *fd, struct mlops_error *err)
{
	return side->in_work_tree ? open_file(project, path, fd, err) :
				    open_object(project, &side->oid, fd, err);
}

static const struct form {
	const char *suffix;
	int (*summarize)(const struct versions *v, struct diff_summary *out, struct mlops_error *err);
} forms[] = {
	{ ".csv", summarize_table },	{ ".tsv", summarize_table },  { ".jsonl", summarize_table },
	{ ".ndjson", summarize_table }, { ".json", summarize_json },
};

static const struct form *form_of(const struct difference *d)
{
	bool content = d->kind == DIFFERENCE_MODIFIED && d->before.kind <= ITEM_EXECUTABLE &&
		       !(d->after.known && mlops_oid_equal(&d->before.oid, &d->after.oid));

	for (size_t i = 0; content && i < ARRAY_LEN(forms); i++)
		if (str_ends(d->path, forms[i].suffix))
			return &forms[i];
	return NULL;
}

static int summarize(struct project *project, const struct difference *d, const struct form *form,
		     struct diff_summary *out, struct mlops_error *err)
{
	autoclose int before = -1, after = -1;

	if (open_side(project, &d->before, d->path, &before, err) ||
	    open_side(project, &d->after, d->path, &after, err))
		return -1;
	const struct versions v = { d->path, before, after };
	return form->summarize(&v, out, err);
}

/* A file that is not what its name says, or not here, is no reason to tell nothing of the others. */
int mlops_diff_summary(struct project *project, const struct difference *d,
		       struct diff_summary *out, struct mlops_error *err)
{
	const struct form *form = form_of(d);

	*out = (struct diff_summary){ 0 };
	if (!form || !summarize(project, d, form, out, err))
		return 0;
	mlops_diff_summary_clear(out);
	if (err->kind != MLOPS_EINVALID && err->kind != MLOPS_ENOTFOUND)
		return -1;
	log_debug("no summary of '%s': %s", d->path, err->msg);
	mlops_error_clear(err);
	return 0;
}

static void name_list_clear(struct name_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	vec_free(list);
}

void mlops_diff_summary_clear(struct diff_summary *summary)
{
	name_list_clear(&summary->added);
	name_list_clear(&summary->removed);
	name_list_clear(&summary->changed);
	*summary = (struct diff_summary){ 0 };
}
