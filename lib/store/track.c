/* mlops_track(): from data to a pointer that git holds. */
#include "base/fault.h"
#include "base/fs.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/diff.h"
#include "store/edit.h"
#include "store/expand.h"
#include "store/ignore.h"
#include "store/plan.h"
#include "store/store.h"
#include "store/target.h"
#include "store/tree_edit.h"

#define NAME_LIMIT 255

struct tracker {
	struct project *project;
	struct git_repo *git;
	struct scan scan;
	struct targets targets;
	unsigned how;
};

static int check_name(const char *path, struct mlops_error *err)
{
	if (!*path)
		return err_set(err, MLOPS_EINVALID, "the project itself cannot be tracked");
	if (pointer_is_name(path_base(path)))
		return err_set(err, MLOPS_EINVALID, "'%s' has the name of a pointer", path);
	if (strlen(path_base(path)) + strlen(POINTER_SUFFIX) > NAME_LIMIT)
		return err_set(err, MLOPS_EINVALID,
			       "'%s' has a name too long for its pointer: at most %zu bytes", path,
			       NAME_LIMIT - strlen(POINTER_SUFFIX));
	return 0;
}

/* Two pointers for the same bytes would each claim to say what is there. */
static int check_overlap(const struct tracker *t, const char *path, struct mlops_error *err)
{
	const struct pointer *below = targets_below(&t->targets, path);

	if (!below)
		return 0;
	err_set(err, MLOPS_EINVALID, "'%s' holds '%s', which is tracked by itself", path,
		below->path);
	return err_hint(err, "stop that first with: mlops untrack '%s'", below->path);
}

static int check_git(const struct tracker *t, const char *path, struct mlops_error *err)
{
	bool staged;

	if (git_is_staged(t->git, path, &staged, err))
		return -1;
	if (!staged)
		return 0;
	err_set(err, MLOPS_EEXISTS, "'%s' is in git already", path);
	return err_hint(err, "take it out, and keep the file, with: git rm -r --cached '%s'", path);
}

/* The folder `e` as it was scanned, with what was never pulled of the one that was tracked. */
static int keep_absent(struct tracker *t, const struct tree_entry *old, const char *path,
		       struct tree_entry *e, struct mlops_error *err)
{
	struct tree_entry merged;

	if (old->kind != TREE_FOLDER || e->kind != TREE_FOLDER)
		return 0;
	if (tree_keep_absent(t->scan.store, old, e, path, &merged, err))
		return -1;
	*e = merged;
	return 0;
}

static int save_whole(struct tracker *t, struct target *target, struct mlops_error *err)
{
	struct object_ref ref;

	if (check_name(target->path, err) || check_overlap(t, target->path, err) ||
	    check_git(t, target->path, err) || scan_ref(&t->scan, target->path, &ref, err))
		return -1;
	if (target->known) {
		struct tree_entry old = diff_entry_of(&target->known->ref);
		struct tree_entry now = diff_entry_of(&ref);

		if (keep_absent(t, &old, target->path, &now, err))
			return -1;
		ref.oid = now.oid;
		ref.size = now.size;
		ref.files = now.files;
	}
	target_set(target, &ref);
	return 0;
}

static int save_inside(struct tracker *t, const struct target *target, const char *below,
		       struct tree_entry *out, struct mlops_error *err)
{
	autofree char *path = path_join(target->path, below);
	struct tree_entry old;

	if (scan_path(&t->scan, path, out, err)) {
		if (err->kind == MLOPS_ENOTFOUND)
			err_hint(err, "take it out of '%s' with: mlops untrack '%s'", target->path,
				 path);
		return -1;
	}
	if (scan_rules_above(&t->scan, path, err))
		return -1;
	if (scan_ignores(&t->scan, path, out->kind == TREE_FOLDER))
		return err_set(err, MLOPS_EINVALID, "'%s' is left out by a rule of " IGNORES_NAME,
			       path);
	if (out->kind != TREE_FOLDER)
		return 0;
	if (!tree_lookup(t->scan.store, &target->known->ref.oid, target->path, below, &old, err))
		return keep_absent(t, &old, path, out, err);
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err); /* a new one; or a listing is not here, as the edit will tell */
	return 0;
}

/* Changes the trees on the paths, and nothing else of the folder need be here. */
static int save_parts(struct tracker *t, struct target *target, struct mlops_error *err)
{
	size_t n = target->inside.n;
	autofree struct tree_entry *entries = xcalloc(n, sizeof(*entries));
	autofree struct tree_edit *edits = xcalloc(n, sizeof(*edits));
	const struct object_ref *was = &target->known->ref;
	struct tree_entry now;

	for (size_t i = 0; i < n; i++) {
		if (save_inside(t, target, target->inside.v[i], &entries[i], err))
			return -1;
		edits[i] = (struct tree_edit){ target->inside.v[i], &entries[i] };
	}
	if (tree_edit(t->scan.store, &was->oid, target->path, edits, n, &now, err))
		return -1;
	target_set(target,
		   &(struct object_ref){ OBJECT_TREE, false, now.oid, now.size, now.files });
	return 0;
}

/* Of what is tracked already, what is gone stays as it is: only `untrack` forgets. */
static bool skip_gone(struct tracker *t, struct target *target)
{
	autofree char *path = project_abspath(t->project, target->path);

	if (!(t->how & TRACK_UPDATE) || fs_exists(path))
		return false;
	if (mlops_store_has(t->scan.store, &target->known->ref.oid))
		log_warn("'%s' is gone and stays tracked; end that with: mlops untrack '%s'",
			 target->path, target->path);
	target_set(target, &target->known->ref);
	target->gone = true;
	return true;
}

static int save_all(struct tracker *t, struct mlops_error *err)
{
	for (size_t i = 0; i < t->targets.all.n; i++) {
		struct target *target = &t->targets.all.v[i];

		if (skip_gone(t, target))
			continue;
		if (target->inside.n ? save_parts(t, target, err) : save_whole(t, target, err))
			return -1;
	}
	return 0;
}

/* Each step can be done again, so a command that was killed is finished by repeating it. */
static int record(struct tracker *t, struct mlops_error *err)
{
	size_t n = t->targets.all.n;
	autofree const char **paths = xcalloc(n + 1, sizeof(*paths));
	autostrlist files = { 0 };

	for (size_t i = 0; i < n; i++)
		paths[i] = t->targets.all.v[i].path;
	if (mlops_store_flush(t->scan.store, err) ||
	    targets_write(&t->targets, t->project, &files, err) ||
	    ignore_paths(t->project, paths, n, &files, err))
		return -1;
	if (FAULT("track.stage"))
		return err_sys(err, "cannot stage pointers");
	if (git_stage(t->git, (const char *const *)files.v, files.n, err))
		return -1;
	return index_write(t->scan.index, err);
}

/* Paths that select what is tracked, as for status. */
static int choose_tracked(struct tracker *t, const char *const *paths, size_t n,
			  struct mlops_error *err)
{
	autofree const char **chosen = NULL;
	struct pointer *selected;
	size_t count;

	if (pointers_select(t->project, paths, n, &selected, &count, err))
		return -1;
	chosen = xcalloc(count + 1, sizeof(*chosen));
	for (size_t i = 0; i < count; i++)
		chosen[i] = selected[i].path;
	int rc = targets_choose(&t->targets, chosen, count, err);
	mlops_pointers_free(selected, count);
	return rc;
}

/* A path that is there is meant as it is spelled. */
static int choose_matching(struct tracker *t, const char *const *paths, size_t n,
			   struct mlops_error *err)
{
	const struct expander x = { &t->scan, t->git, &t->targets };
	autostrlist chosen = { 0 };

	for (size_t i = 0; i < n; i++) {
		autofree char *path = project_abspath(t->project, paths[i]);

		if (!glob_is_pattern(paths[i]) || fs_exists(path))
			strlist_add(&chosen, paths[i]);
		else if (expand_pattern(&x, paths[i], &chosen, err))
			return -1;
	}
	return targets_choose(&t->targets, (const char *const *)chosen.v, chosen.n, err);
}

static int choose(struct tracker *t, const char *const *paths, size_t n, struct mlops_error *err)
{
	if (t->how & TRACK_UPDATE)
		return choose_tracked(t, paths, n, err);
	if (t->how & TRACK_EXPAND)
		return choose_matching(t, paths, n, err);
	return targets_choose(&t->targets, paths, n, err);
}

/* What the store has had before, and what it could not take over, is replaced by links too. */
static int link_all(struct tracker *t, struct mlops_error *err)
{
	struct edit_how how = { .stage_fd = -1 };
	int rc = plan_open_stage(t->project, &how.stage_fd, err);

	for (size_t i = 0; !rc && i < t->targets.all.n; i++) {
		const struct target *target = &t->targets.all.v[i];

		if (!target->inside.n && !target->gone)
			rc = link_path(&t->scan, target->path, &how, err);
		for (size_t k = 0; !rc && k < target->inside.n; k++) {
			autofree char *path = path_join(target->path, target->inside.v[k]);

			rc = link_path(&t->scan, path, &how, err);
		}
	}
	if (how.stage_fd >= 0)
		close(how.stage_fd);
	if (!rc && store_holds_twice(t->scan.store))
		log_warn("large files are held twice: the file system shares no blocks, and "
			 "core.link is not hardlink");
	return rc ? -1 : index_write(t->scan.index, err);
}

static int track(struct tracker *t, const char *const *paths, size_t n, struct mlops_error *err)
{
	enum scan_mode mode = t->how & TRACK_DRY_RUN ? SCAN_TREES : SCAN_SAVE;

	if (project_git(t->project, &t->git, err) || targets_load(&t->targets, t->project, err) ||
	    scan_init(&t->scan, t->project, mode, err) || choose(t, paths, n, err))
		return -1;
	if (t->how & TRACK_MOVE)
		store_move_in(t->scan.store);
	if (save_all(t, err))
		return -1;
	if (t->how & TRACK_DRY_RUN)
		return 0;
	if (record(t, err))
		return -1;
	return t->how & TRACK_MOVE ? link_all(t, err) : 0;
}

int mlops_track(struct project *project, const char *const *paths, size_t n, unsigned how,
		void (*done)(const struct pointer *p, bool unchanged, void *arg), void *arg,
		struct mlops_error *err)
{
	struct tracker t = { .project = project, .how = how, .scan = { .beneath = BENEATH_INIT } };
	int rc = track(&t, paths, n, err);

	for (size_t i = 0; !rc && done && i < t.targets.all.n; i++)
		done(&t.targets.all.v[i].now, t.targets.all.v[i].unchanged, arg);
	scan_clear(&t.scan);
	targets_clear(&t.targets);
	return rc;
}
