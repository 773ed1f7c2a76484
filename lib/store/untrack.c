/* mlops_untrack(): taking data out of version control, without losing what only the store has. */
#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/edit.h"
#include "store/ignore.h"
#include "store/plan.h"
#include "store/target.h"
#include "store/tree_edit.h"

struct untracker {
	struct project *project;
	struct git_repo *git;
	struct scan scan;
	struct plan plan;
	struct targets targets;
	unsigned how;
};

static int not_tracked(const struct untracker *u, const char *path, struct mlops_error *err)
{
	const struct pointer *below = targets_below(&u->targets, path);

	err_set(err, MLOPS_ENOTFOUND, "'%s' is not tracked", path);
	return below ? err_hint(err, "it holds '%s', which is", below->path) : -1;
}

static int choose(struct untracker *u, const char *const *paths, size_t n, struct mlops_error *err)
{
	autostrlist chosen = { 0 };

	for (size_t i = 0; i < n; i++) {
		autofree char *path = targets_data(&u->targets, paths[i]);

		if (!targets_above(&u->targets, path))
			return not_tracked(u, paths[i], err);
		strlist_take(&chosen, steal_ptr(&path));
	}
	return targets_choose(&u->targets, (const char *const *)chosen.v, chosen.n, err);
}

/* In the work tree all is to be there that the store alone has; or, when it goes too, nothing. */
static int plan_whole(struct untracker *u, const struct target *t, struct mlops_error *err)
{
	autofree char *file = xasprintf("%s" POINTER_SUFFIX, t->path);
	struct tree_entry want = diff_entry_of(&t->known->ref);
	autofree char *absolute = project_abspath(u->project, file);
	autobuf text = { 0 };
	bool committed;

	if (fs_read(absolute, POINTER_MAX, &text, err) ||
	    git_was_committed(u->git, file, &text, &committed, err))
		return -1;
	u->plan.named = committed || (u->how & UNTRACK_FORCE);
	if (!(u->how & UNTRACK_REMOVE))
		return plan_path(&u->plan, t->path, &want, err);
	if (u->plan.named)
		return plan_nothing(&u->plan, t->path, err);
	err_set(err, MLOPS_ENO, "'%s' is in no commit, so the data could not be had back", file);
	return err_hint(err, "commit it first, keep the data, or let go of it with --force");
}

static int plan_parts(struct untracker *u, struct target *t, struct mlops_error *err)
{
	autofree struct tree_edit *edits = xcalloc(t->inside.n, sizeof(*edits));
	struct tree_entry now;

	for (size_t i = 0; i < t->inside.n; i++) {
		autofree char *path = path_join(t->path, t->inside.v[i]);

		if ((u->how & UNTRACK_REMOVE) && plan_nothing(&u->plan, path, err))
			return -1;
		edits[i] = (struct tree_edit){ t->inside.v[i], NULL };
	}
	if (tree_edit(u->scan.store, &t->known->ref.oid, t->path, edits, t->inside.n, &now, err))
		return -1;
	target_set(t, &(struct object_ref){ OBJECT_TREE, false, now.oid, now.size, now.files });
	return 0;
}

static int plan_all(struct untracker *u, struct mlops_error *err)
{
	for (size_t i = 0; i < u->targets.all.n; i++) {
		struct target *t = &u->targets.all.v[i];

		if (t->inside.n ? plan_parts(u, t, err) : plan_whole(u, t, err))
			return -1;
	}
	return plan_check(&u->plan, err);
}

/* Once it is the user's alone, data must not be a link into the store. */
static int unlink_from_store(struct untracker *u, const char *path, struct mlops_error *err)
{
	const struct edit_how how = { .stage_fd = u->plan.stage_fd };

	if (!edit_path(&u->scan, path, &how, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int unlink_all(struct untracker *u, struct mlops_error *err)
{
	for (size_t i = 0; i < u->targets.all.n; i++) {
		const struct target *t = &u->targets.all.v[i];

		if (!t->inside.n && unlink_from_store(u, t->path, err))
			return -1;
		for (size_t k = 0; k < t->inside.n; k++) {
			autofree char *path = path_join(t->path, t->inside.v[k]);

			if (unlink_from_store(u, path, err))
				return -1;
		}
	}
	return index_write(u->scan.index, err);
}

static int remove_pointers(struct untracker *u, const struct strlist *files,
			   struct mlops_error *err)
{
	for (size_t i = 0; i < files->n; i++) {
		autofree char *path = project_abspath(u->project, files->v[i]);

		if (FAULT("untrack.pointer") || unlink(path))
			return err_sys(err, "cannot remove '%s'", files->v[i]);
	}
	return 0;
}

/* The pointers that go, go last: until then the command can be repeated. */
static int record(struct untracker *u, struct mlops_error *err)
{
	autostrlist whole = { 0 }, pointers = { 0 }, changed = { 0 }, removed = { 0 };

	for (size_t i = 0; i < u->targets.all.n; i++) {
		const struct target *t = &u->targets.all.v[i];

		if (t->inside.n)
			continue;
		strlist_add(&whole, t->path);
		strlist_take(&pointers, xasprintf("%s" POINTER_SUFFIX, t->path));
	}
	if (mlops_store_flush(u->scan.store, err) ||
	    targets_write(&u->targets, u->project, &changed, err) ||
	    unignore_paths(u->project, (const char *const *)whole.v, whole.n, &changed, &removed,
			   err))
		return -1;
	if (FAULT("untrack.stage"))
		return err_sys(err, "cannot stage what changed");
	if (git_stage(u->git, (const char *const *)changed.v, changed.n, err) ||
	    git_unstage(u->git, (const char *const *)removed.v, removed.n, err) ||
	    git_unstage(u->git, (const char *const *)pointers.v, pointers.n, err))
		return -1;
	return remove_pointers(u, &pointers, err);
}

static int untrack(struct untracker *u, const char *const *paths, size_t n, struct mlops_error *err)
{
	if (project_git(u->project, &u->git, err) || targets_load(&u->targets, u->project, err) ||
	    choose(u, paths, n, err) || scan_init(&u->scan, u->project, SCAN_STAT, err) ||
	    plan_all(u, err))
		return -1;
	if (u->how & UNTRACK_DRY_RUN)
		return 0;
	if (plan_carry_out(&u->plan, u->project, err) ||
	    (!(u->how & UNTRACK_REMOVE) && unlink_all(u, err)))
		return -1;
	return record(u, err);
}

static enum plan_policy policy_of(unsigned how)
{
	if (!(how & UNTRACK_REMOVE))
		return PLAN_FILL;
	if (!(how & UNTRACK_FORCE))
		return PLAN_KEEP;
	return how & UNTRACK_DRY_RUN ? PLAN_DISCARD : PLAN_SAVE;
}

int mlops_untrack(struct project *project, const char *const *paths, size_t n, unsigned how,
		  struct untrack_counts *counts, struct mlops_error *err)
{
	struct untracker u = { .project = project,
			       .how = how,
			       .scan = { .beneath = BENEATH_INIT } };

	u.plan = (struct plan){ .scan = &u.scan, .partial = true, .stage_fd = -1 };
	u.plan.policy = policy_of(how);
	int rc = untrack(&u, paths, n, err);
	if (!rc)
		*counts =
			(struct untrack_counts){ u.plan.written, u.plan.removed, u.plan.left_out };
	plan_clear(&u.plan);
	scan_clear(&u.scan);
	targets_clear(&u.targets);
	return rc;
}
