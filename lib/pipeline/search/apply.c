/*
 * A trial's result in the user's work tree: the files that its commit changed, and its outputs.
 * Everything is looked at before anything is written; what is overwritten is in git or in the store.
 */
#include "pipeline/search/private.h"

#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "mlops/lockfile.h"
#include "mlops/revision.h"
#include "mlops/workspace.h"

#define FILE_MAX ((size_t)256 << 20)

struct change {
	char *path;
	bool was, is; /* in the snapshot that the trial started from, and in its result */
	struct git_id from, to;
};

struct applying {
	struct project *project;
	struct git_repo *git;
	const struct trial *trial;
	bool force;
	VEC(struct change) changes;
	struct lockfile theirs, ours;
	struct strlist blocked; /* paths with changes that would be lost */
	struct trial_applied *out;
};

static void applying_clear(struct applying *a)
{
	for (size_t i = 0; i < a->changes.n; i++)
		free(a->changes.v[i].path);
	vec_free(&a->changes);
	mlops_lockfile_clear(&a->theirs);
	mlops_lockfile_clear(&a->ours);
	strlist_clear(&a->blocked);
}

static int add_change(const struct git_change *c, void *arg, struct mlops_error *err)
{
	struct applying *a = arg;
	struct change change = { .was = c->from, .is = c->to };

	if (!path_is_safe(c->path) || project_is_private(c->path))
		return err_set(err, MLOPS_ECORRUPT, "'%s' is no path that a trial may change",
			       c->path);
	if (c->from)
		change.from = *c->from;
	if (c->to)
		change.to = *c->to;
	change.path = xstrdup(c->path);
	vec_push(&a->changes, change);
	return 0;
}

static int list_changes(struct applying *a, const char *base, struct mlops_error *err)
{
	struct git_id from, to;

	return git_resolve(a->git, base, &from, err) ||
			       git_resolve(a->git, a->trial->snapshot, &to, err) ||
			       git_changes(a->git, &from, &to, add_change, a, err) ?
		       -1 :
		       0;
}

/* The file as it is in the work tree; *there false when there is none. */
static int read_here(struct applying *a, const char *path, struct strbuf *out, bool *there,
		     struct mlops_error *err)
{
	autofree char *full = project_abspath(a->project, path);
	struct stat st;

	*there = !lstat(full, &st);
	if (!*there)
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_set(err, MLOPS_EINVALID, "'%s' is not a regular file", path);
	return fs_read(full, FILE_MAX, out, err);
}

static int is_blob(struct applying *a, const struct git_id *id, const struct strbuf *text,
		   bool *same, struct mlops_error *err)
{
	autobuf blob = { 0 };

	if (git_read_blob(a->git, id, FILE_MAX, &blob, err))
		return -1;
	*same = blob.len == text->len && (!blob.len || !memcmp(blob.buf, text->buf, blob.len));
	return 0;
}

/* What the trial started from, what it ended as, or what is committed: git keeps that. */
static int check_file(struct applying *a, const struct change *c, struct mlops_error *err)
{
	autobuf text = { 0 };
	bool there, safe = false;

	if (read_here(a, c->path, &text, &there, err))
		return -1;
	if (!there)
		return 0;
	if ((c->was && is_blob(a, &c->from, &text, &safe, err)) ||
	    (!safe && c->is && is_blob(a, &c->to, &text, &safe, err)) ||
	    (!safe && git_was_committed(a->git, c->path, &text, &safe, err)))
		return -1;
	if (!safe)
		strlist_add(&a->blocked, c->path);
	return 0;
}

static const struct lock_item *find_out(const struct lockfile *lock, const char *path)
{
	for (size_t i = 0; i < lock->n; i++)
		for (size_t k = 0; k < lock->stages[i].n_outs; k++)
			if (!strcmp(lock->stages[i].outs[k].path, path))
				return &lock->stages[i].outs[k];
	return NULL;
}

static bool is_same(const struct object_ref *a, const struct object_ref *b)
{
	return a->kind == b->kind && a->executable == b->executable &&
	       !memcmp(&a->oid, &b->oid, sizeof(a->oid));
}

/* *here is what the work tree has; false in *there when that is nothing. */
static int look(struct applying *a, const char *path, struct object_ref *here, bool *there,
		struct mlops_error *err)
{
	*there = !mlops_workspace_hash(a->project, path, here, err);
	if (*there)
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int check_out(struct applying *a, const struct lock_item *item, struct mlops_error *err)
{
	const struct lock_item *pinned = find_out(&a->ours, item->path);
	struct object_ref here;
	struct store *store;
	uint64_t missing;
	bool there;

	if (mlops_store_of(a->project, &store, err) ||
	    mlops_object_missing(store, &item->ref, &missing, err) ||
	    look(a, item->path, &here, &there, err))
		return -1;
	if (missing) {
		err_set(err, MLOPS_ENOTFOUND, "'%s' of trial %s/%lld is not in the store",
			item->path, a->trial->search, (long long)a->trial->number);
		return err_hint(err, "it was collected, or is at a remote only");
	}
	if (there && !is_same(&here, &item->ref) && (!pinned || !is_same(&here, &pinned->ref)))
		strlist_add(&a->blocked, item->path);
	return 0;
}

static int each_out(struct applying *a,
		    int (*fn)(struct applying *a, const struct lock_item *item,
			      struct mlops_error *err),
		    struct mlops_error *err)
{
	for (size_t i = 0; i < a->theirs.n; i++)
		for (size_t k = 0; k < a->theirs.stages[i].n_outs; k++) {
			const struct lock_item *item = &a->theirs.stages[i].outs[k];

			if (!item->not_cached && fn(a, item, err))
				return -1;
		}
	return 0;
}

static int check_all(struct applying *a, struct mlops_error *err)
{
	autobuf names = { 0 };

	for (size_t i = 0; i < a->changes.n; i++)
		if (check_file(a, &a->changes.v[i], err))
			return -1;
	if (each_out(a, check_out, err))
		return -1;
	if (!a->blocked.n || a->force)
		return 0;
	for (size_t i = 0; i < a->blocked.n; i++)
		strbuf_addf(&names, "%s'%s'", i ? ", " : "", a->blocked.v[i]);
	err_set(err, MLOPS_ENO, "changes that are not committed would be overwritten: %s",
		names.buf);
	return err_hint(err, "commit them, or overwrite them with --force");
}

static int write_file(struct applying *a, const struct change *c, struct mlops_error *err)
{
	autofree char *full = project_abspath(a->project, c->path);
	autobuf text = { 0 }, here = { 0 };
	struct stat st = { .st_mode = 0644 };
	bool there, same = false;

	if (!c->is)
		return fs_remove_tree(full, err);
	if (read_here(a, c->path, &here, &there, err) ||
	    (there && is_blob(a, &c->to, &here, &same, err)))
		return -1;
	if (same)
		return 0;
	if (git_read_blob(a->git, &c->to, FILE_MAX, &text, err) || fs_mkdirs_for(full, err))
		return -1;
	bool keeps_mode = !stat(full, &st);
	if (project_write(a->project, c->path, &text, err))
		return -1;
	a->out->files++;
	if (keeps_mode && chmod(full, st.st_mode & 07777))
		return err_sys(err, "cannot set the mode of '%s'", c->path);
	return 0;
}

static int restore_out(struct applying *a, const struct lock_item *item, struct mlops_error *err)
{
	struct object_ref here, saved;
	bool there;

	if (look(a, item->path, &here, &there, err))
		return -1;
	if (there && is_same(&here, &item->ref))
		return 0;
	if (there && strlist_has(&a->blocked, item->path) &&
	    mlops_workspace_save(a->project, item->path, &saved, err))
		return -1;
	a->out->outs++;
	return mlops_workspace_restore(a->project, item->path, &item->ref, err);
}

static int apply_all(struct applying *a, struct mlops_error *err)
{
	const struct change *lock = NULL;

	if (each_out(a, restore_out, err))
		return -1;
	for (size_t i = 0; i < a->changes.n; i++) {
		const struct change *c = &a->changes.v[i];

		if (!strcmp(c->path, LOCKFILE_NAME))
			lock = c; /* last: until it is there, a run finds that something differs */
		else if (write_file(a, c, err))
			return -1;
	}
	return lock ? write_file(a, lock, err) : 0;
}

int trial_finished(struct project *project, const char *which, struct trial **out,
		   struct mlops_error *err)
{
	autotrial *trial = NULL;

	if (mlops_trial_get(project, which, &trial, err))
		return -1;
	if (!trial->snapshot)
		return err_set(err, MLOPS_EINVALID, "trial %s/%lld is %s: it has no result",
			       trial->search, (long long)trial->number,
			       mlops_trial_status_name(trial->status));
	*out = steal_ptr(&trial);
	return 0;
}

int mlops_trial_apply(struct project *project, const char *which, bool force,
		      struct trial_applied *out, struct mlops_error *err)
{
	__attribute__((cleanup(applying_clear))) struct applying a = { .project = project,
								       .force = force,
								       .out = out };
	autosearch *search = NULL;
	autotrial *trial = NULL;

	*out = (struct trial_applied){ 0 };
	if (trial_finished(project, which, &trial, err) ||
	    mlops_search_get(project, trial->search_id, &search, err) ||
	    project_git(project, &a.git, err))
		return -1;
	a.trial = trial;
	return list_changes(&a, search->snapshot, err) ||
			       mlops_lockfile_at(project, trial->snapshot, &a.theirs, err) ||
			       mlops_lockfile_read(project, &a.ours, err) || check_all(&a, err) ||
			       apply_all(&a, err) ?
		       -1 :
		       0;
}

int mlops_trial_branch(struct project *project, const char *which, const char *name,
		       struct mlops_error *err)
{
	autofree char *ref = xasprintf("refs/heads/%s", name);
	autotrial *trial = NULL;
	struct git_repo *git;
	struct git_id commit;

	if (*name == '-')
		return err_set(err, MLOPS_EINVALID, "'%s' is no name for a branch", name);
	if (trial_finished(project, which, &trial, err) || project_git(project, &git, err) ||
	    git_resolve(git, trial->snapshot, &commit, err))
		return -1;
	return git_ref_create(git, ref, &commit, false, err);
}
