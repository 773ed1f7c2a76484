/* Bringing tracked data from one revision to another. */
#include "mlops/follow.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "git/git.h"
#include "project/project.h"
#include "store/plan.h"
#include "store/pointer.h"

typedef VEC(struct pointer_change) change_vec;

struct collect {
	struct git_repo *git;
	change_vec found;
};

static int read_pointer(struct git_repo *git, const char *file, const struct git_id *id,
			struct pointer *out, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (!path_is_safe(file) || project_is_private(file))
		return err_set(err, MLOPS_EINVALID, "'%s' is no path of a pointer", file);
	strbuf_adds(&text, "");
	if (git_read_blob(git, id, POINTER_MAX, &text, err))
		return -1;
	return pointer_parse(file, text.buf, text.len, out, err);
}

static int collect_change(const struct git_change *change, void *arg, struct mlops_error *err)
{
	struct collect *c = arg;
	struct pointer_change found = { .gone = !change->to };
	autoerr why = ERR_INIT;

	(void)err;
	if (!pointer_is_name(path_base(change->path)))
		return 0;
	if (read_pointer(c->git, change->path, change->to ? change->to : change->from,
			 &found.pointer, &why))
		log_warn("left out: %s", why.msg);
	else
		vec_push(&c->found, found);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return pointer_by_path(&((const struct pointer_change *)a)->pointer,
			       &((const struct pointer_change *)b)->pointer);
}

int mlops_changes_list(struct project *project, const char *from, const char *to,
		       struct pointer_change **out, size_t *n, struct mlops_error *err)
{
	struct collect c = { 0 };
	struct git_id before, after;

	if (project_git(project, &c.git, err) || (from && git_resolve(c.git, from, &before, err)) ||
	    git_resolve(c.git, to, &after, err))
		return -1;
	if (git_changes(c.git, from ? &before : NULL, &after, collect_change, &c, err)) {
		mlops_changes_free(c.found.v, c.found.n);
		return -1;
	}
	vec_sort(&c.found, by_path);
	*out = c.found.v;
	*n = c.found.n;
	return 0;
}

void mlops_changes_free(struct pointer_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(changes[i].pointer.path);
	free(changes);
}

/* ---- the work tree ---- */

struct follower {
	struct project *project;
	struct git_repo *git;
	struct scan scan;
	struct plan plan;
};

/* Whether data that a pointer stood for is now part of a folder that is tracked as a whole. */
static bool is_part(const struct follower *f, const char *path)
{
	autofree char *dir = path_dir(path);

	while (strcmp(dir, ".")) {
		autofree char *file = xasprintf("%s" POINTER_SUFFIX, dir);
		autofree char *full = project_abspath(f->project, file);
		char *up = path_dir(dir);

		free(dir);
		dir = up;
		if (fs_exists(full))
			return true;
	}
	return false;
}

/* Data without a pointer, unless git itself or another pointer has it now. */
static int is_left(struct follower *f, const char *path, bool *yes, struct mlops_error *err)
{
	autofree char *full = project_abspath(f->project, path);
	bool staged;

	*yes = fs_exists(full) && !is_part(f, path);
	if (!*yes)
		return 0;
	if (git_is_staged(f->git, path, &staged, err))
		return -1;
	*yes = !staged;
	return 0;
}

/* A pointer that is not in the work tree (a sparse checkout) asks for nothing. */
static int concerns(struct follower *f, const struct pointer_change *c, bool *yes,
		    struct mlops_error *err)
{
	autofree char *file = xasprintf("%s" POINTER_SUFFIX, c->pointer.path);
	autofree char *full = project_abspath(f->project, file);

	*yes = fs_exists(full) != c->gone;
	return *yes && c->gone ? is_left(f, c->pointer.path, yes, err) : 0;
}

/* Makes the steps of one plan the last ones of another. */
static void append(struct plan *all, struct plan *one)
{
	for (size_t i = 0; i < one->steps.n; i++)
		vec_push(&all->steps, one->steps.v[i]);
	one->steps.n = 0;
	all->written += one->written;
	all->removed += one->removed;
	all->left_out += one->left_out;
}

/* Each pointer is planned by itself, so that one in whose way something is holds up no other. */
static int plan_one(struct follower *f, const struct pointer_change *c, uint64_t *left_out,
		    struct mlops_error *err)
{
	autoplan one = { .scan = &f->scan, .policy = PLAN_KEEP, .partial = true, .stage_fd = -1 };
	struct tree_entry want = diff_entry_of(&c->pointer.ref);
	const char *path = c->pointer.path;

	if ((c->gone ? plan_nothing(&one, path, err) : plan_path(&one, path, &want, err)) ||
	    plan_check(&one, err))
		return -1;
	*left_out = one.left_out;
	append(&f->plan, &one);
	return 0;
}

static enum follow_obstacle obstacle_of(const struct mlops_error *why)
{
	switch (why->kind) {
	case MLOPS_ENO:
		return FOLLOW_CHANGES;
	case MLOPS_ENOTFOUND:
		return FOLLOW_ABSENT;
	default:
		return FOLLOW_FAILED;
	}
}

static int plan_all(struct follower *f, const struct pointer_change *changes, size_t n,
		    void (*told)(const char *path, enum follow_obstacle obstacle,
				 const struct mlops_error *why, void *arg),
		    void *arg, struct mlops_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *path = changes[i].pointer.path;
		autoerr why = ERR_INIT;
		uint64_t left_out = 0;
		bool yes;

		if (concerns(f, &changes[i], &yes, err))
			return -1;
		if (!yes)
			continue;
		if (plan_one(f, &changes[i], &left_out, &why))
			told(path, obstacle_of(&why), &why, arg);
		else if (left_out)
			told(path, FOLLOW_ABSENT, &why, arg);
	}
	return 0;
}

int mlops_follow(struct project *project, const struct pointer_change *changes, size_t n,
		 void (*told)(const char *path, enum follow_obstacle obstacle,
			      const struct mlops_error *why, void *arg),
		 void *arg, struct checkout_counts *counts, struct mlops_error *err)
{
	struct follower f = { .project = project,
			      .scan = { .beneath = BENEATH_INIT },
			      .plan = { .policy = PLAN_KEEP, .stage_fd = -1, .scan = &f.scan } };
	int rc = -1;

	if (!project_git(project, &f.git, err) && !scan_init(&f.scan, project, SCAN_STAT, err) &&
	    !plan_all(&f, changes, n, told, arg, err))
		rc = plan_carry_out(&f.plan, project, err);
	*counts = (struct checkout_counts){
		.written = f.plan.written,
		.removed = f.plan.removed,
		.absent = f.plan.left_out,
	};
	plan_clear(&f.plan);
	scan_clear(&f.scan);
	return rc;
}
