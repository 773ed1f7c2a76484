/*
 * Checkout and restore: the data that pointers name, here or at a revision, into the work tree;
 * and the pointers of the revision with it.
 */
#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "mlops/workspace.h"
#include "project/project.h"
#include "store/ignore.h"
#include "store/plan.h"
#include "store/target.h"
#include "store/tree_edit.h"

/* A path of the work tree, and what is to be there. */
struct place {
	char *path;
	struct tree_entry want;
};

struct checkout {
	struct project *project;
	const char *rev;       /* NULL: the pointers of the work tree */
	bool set_pointers;     /* to what the revision says */
	struct targets source; /* the pointers that say what is to be there */
	VEC(struct place) places;
	struct scan scan;
	struct plan plan;
};

static void add_place(struct checkout *c, const char *path, const struct tree_entry *want)
{
	vec_push(&c->places, { xstrdup(path), *want });
}

/* `path` is the pointer's, or lies in its folder. */
static int add_inside(struct checkout *c, const struct pointer *p, const char *path,
		      struct mlops_error *err)
{
	struct tree_entry want = diff_entry_of(&p->ref);
	size_t n = strlen(p->path);

	if (path[n] && p->ref.kind != OBJECT_TREE)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' lies in '%s', which is tracked as a file",
			       path, p->path);
	if (path[n] &&
	    tree_lookup(c->scan.store, &p->ref.oid, p->path, path + n + 1, &want, err))
		return -1;
	add_place(c, path, &want);
	return 0;
}

static int not_tracked(const struct checkout *c, const char *path, struct mlops_error *err)
{
	if (c->rev)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not tracked at '%s'", path, c->rev);
	err_set(err, MLOPS_ENOTFOUND, "'%s' is not tracked", path);
	return err_hint(err, "track it with: mlops track '%s'", path);
}

static int choose(struct checkout *c, const char *typed, struct mlops_error *err)
{
	autofree char *path = targets_data(&c->source, typed);
	const struct pointer *p = targets_above(&c->source, path);
	const struct pointer *end = c->source.known + c->source.n_known;

	if (p)
		return add_inside(c, p, path, err);
	p = *path ? targets_below(&c->source, path) : c->source.known;
	if (!p)
		return not_tracked(c, typed, err);
	for (; p < end && (!*path || path_is_below(p->path, path)); p++) {
		struct tree_entry want = diff_entry_of(&p->ref);

		add_place(c, p->path, &want);
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return path_compare(((const struct place *)a)->path, ((const struct place *)b)->path);
}

/* What lies in another place is brought along with that. */
static void drop_inner(struct checkout *c)
{
	size_t kept = 0;

	vec_sort(&c->places, by_path);
	for (size_t i = 0; i < c->places.n; i++) {
		struct place *place = &c->places.v[i];

		if (kept && path_is_below(place->path, c->places.v[kept - 1].path))
			free(place->path);
		else
			c->places.v[kept++] = *place;
	}
	c->places.n = kept;
}

static int choose_all(struct checkout *c, const char *const *paths, size_t n,
		      struct mlops_error *err)
{
	if (!n && c->source.n_known && choose(c, "", err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (choose(c, paths[i], err))
			return -1;
	drop_inner(c);
	return 0;
}

static int nothing_here(struct mlops_error *err)
{
	err_set(err, MLOPS_ENOTFOUND, "the content of the tracked data is not in the store");
	return err_hint(err, "fetch it with: mlops pull");
}

static int plan(struct checkout *c, struct checkout_counts *counts, struct mlops_error *err)
{
	const struct plan *p = &c->plan;
	uint64_t files = 0;

	for (size_t i = 0; i < c->places.n; i++) {
		const struct place *place = &c->places.v[i];

		if (plan_path(&c->plan, place->path, &place->want, err))
			return err_wrap(err, "cannot check out '%s'", place->path);
		files += place->want.files;
	}
	*counts = (struct checkout_counts){
		.written = p->written,
		.removed = p->removed,
		.unchanged = files - p->written - p->left_out,
		.absent = p->left_out,
	};
	return p->left_out && p->left_out == files ? nothing_here(err) : 0;
}

/* Setting pointers: `t` holds those of the work tree, and of them what places are in. */

static const struct tree_entry *want_at(const struct checkout *c, const char *path)
{
	const struct place key = { .path = (char *)path };
	const struct place *found = bsearch(&key, c->places.v, c->places.n, sizeof(key), by_path);

	return &found->want;
}

static int set_whole(struct checkout *c, struct targets *t, struct target *target,
		     struct mlops_error *err)
{
	const struct tree_entry *want = want_at(c, target->path);
	const struct pointer *below = targets_below(t, target->path);
	struct git_repo *git;
	bool staged;

	if (below)
		return err_set(err, MLOPS_EINVALID, "'%s' holds '%s', which is tracked by itself now",
			       target->path, below->path);
	if (want->kind == TREE_SYMLINK)
		return err_set(err, MLOPS_EINVALID,
			       "'%s' is a symlink, which cannot be tracked by itself", target->path);
	if (project_git(c->project, &git, err) || git_is_staged(git, target->path, &staged, err))
		return -1;
	if (staged)
		return err_set(err, MLOPS_EEXISTS, "'%s' is in git now", target->path);
	target_set(target, &(struct object_ref){
				   .kind = want->kind == TREE_FOLDER ? OBJECT_TREE : OBJECT_FILE,
				   .executable = want->kind == TREE_EXECUTABLE,
				   .oid = want->oid,
				   .size = want->size,
				   .files = want->files,
			   });
	return 0;
}

static int set_inside(struct checkout *c, struct target *target, struct mlops_error *err)
{
	size_t n = target->inside.n;
	autofree struct tree_edit *edits = xcalloc(n, sizeof(*edits));
	struct tree_entry now;

	for (size_t i = 0; i < n; i++) {
		autofree char *path = path_join(target->path, target->inside.v[i]);

		edits[i] = (struct tree_edit){ target->inside.v[i], want_at(c, path) };
	}
	if (tree_edit(c->scan.store, &target->known->ref.oid, target->path, edits, n, &now, err))
		return -1;
	target_set(target, &(struct object_ref){ OBJECT_TREE, false, now.oid, now.size, now.files });
	return 0;
}

/* A pointer that no commit has would be gone for good. */
static int check_committed(struct checkout *c, const struct target *target, struct mlops_error *err)
{
	autofree char *file = xasprintf("%s" POINTER_SUFFIX, target->path);
	autofree char *path = project_abspath(c->project, file);
	struct git_repo *git;
	autobuf text = { 0 };
	bool committed;

	if (!target->known || target->unchanged || c->plan.policy != PLAN_KEEP)
		return 0;
	if (project_git(c->project, &git, err) || fs_read(path, POINTER_MAX, &text, err) ||
	    git_was_committed(git, file, &text, &committed, err))
		return -1;
	if (committed)
		return 0;
	err_set(err, MLOPS_ENO, "'%s' is in no commit", file);
	return err_hint(err, "commit it first, or overwrite it with --force");
}

static int set_pointers(struct checkout *c, struct targets *t, struct mlops_error *err)
{
	autofree const char **paths = xcalloc(c->places.n + 1, sizeof(*paths));

	for (size_t i = 0; i < c->places.n; i++)
		paths[i] = c->places.v[i].path;
	if (targets_load(t, c->project, err) || targets_choose(t, paths, c->places.n, err))
		return -1;
	for (size_t i = 0; i < t->all.n; i++) {
		struct target *target = &t->all.v[i];

		if (target->inside.n ? set_inside(c, target, err) : set_whole(c, t, target, err))
			return -1;
		if (check_committed(c, target, err))
			return -1;
	}
	return 0;
}

/* As tracking does: what was killed on the way is finished by repeating the command. */
static int write_pointers(struct checkout *c, struct targets *t, struct mlops_error *err)
{
	autofree const char **paths = xcalloc(t->all.n + 1, sizeof(*paths));
	autostrlist files = { 0 };
	struct git_repo *git;

	for (size_t i = 0; i < t->all.n; i++)
		paths[i] = t->all.v[i].path;
	if (project_git(c->project, &git, err) || targets_write(t, c->project, &files, err) ||
	    ignore_paths(c->project, paths, t->all.n, &files, err))
		return -1;
	if (FAULT("checkout.stage"))
		return err_sys(err, "cannot stage pointers");
	return git_stage(git, (const char *const *)files.v, files.n, err);
}

/* The data before the pointers: until they are set, it only differs from them. */
static int carry_out(struct checkout *c, struct checkout_counts *counts, struct mlops_error *err)
{
	autotargets targets = { 0 };

	if (c->set_pointers && set_pointers(c, &targets, err))
		return -1;
	if (plan(c, counts, err) || (c->set_pointers && mlops_store_flush(c->scan.store, err)) ||
	    plan_carry_out(&c->plan, c->project, err))
		return -1;
	return c->set_pointers ? write_pointers(c, &targets, err) : 0;
}

static int run(struct checkout *c, const char *const *paths, size_t n,
	       struct checkout_counts *out, struct mlops_error *err)
{
	struct checkout_counts counts;
	int rc;

	c->plan.scan = &c->scan;
	c->plan.stage_fd = -1;
	c->scan.beneath = BENEATH_INIT;
	rc = scan_init(&c->scan, c->project, SCAN_STAT, err) ||
			     targets_load_at(&c->source, c->project, c->rev, err) ||
			     choose_all(c, paths, n, err) || carry_out(c, &counts, err) ?
		     -1 :
		     0;
	plan_clear(&c->plan);
	scan_clear(&c->scan);
	targets_clear(&c->source);
	for (size_t i = 0; i < c->places.n; i++)
		free(c->places.v[i].path);
	vec_free(&c->places);
	if (!rc)
		*out = counts;
	return rc;
}

int mlops_checkout(struct project *project, const char *const *paths, size_t n, bool force,
		   struct checkout_counts *counts, struct mlops_error *err)
{
	struct checkout c = { .project = project };

	c.plan.policy = force ? PLAN_SAVE : PLAN_KEEP;
	c.plan.partial = !n;
	return run(&c, paths, n, counts, err);
}

int mlops_checkout_at(struct project *project, const char *rev, const char *const *paths, size_t n,
		      bool force, struct checkout_counts *counts, struct mlops_error *err)
{
	struct checkout c = { .project = project, .rev = rev, .set_pointers = true };

	c.plan.policy = force ? PLAN_SAVE : PLAN_KEEP;
	return run(&c, paths, n, counts, err);
}

int mlops_restore(struct project *project, const char *rev, const char *const *paths, size_t n,
		  struct checkout_counts *counts, struct mlops_error *err)
{
	struct checkout c = { .project = project, .rev = rev };

	c.plan.policy = PLAN_SAVE;
	return run(&c, paths, n, counts, err);
}
