/* From differences to steps. */
#include "store/plan.h"

#include <fcntl.h>

#include "base/path.h"
#include "project/project.h"
#include "store/store.h"

#define NAMES_SHOWN 10

/* Notes what is about to go; unless it is stored already, that depends on the policy. */
static int plan_loss(struct plan *p, const struct diff *d, struct mlops_error *err)
{
	struct tree_entry have = *d->have;
	struct store *store = p->scan->store;

	if (have.kind == TREE_FOLDER || p->policy == PLAN_DISCARD)
		return 0;
	if (have.kind == TREE_OTHER) {
		strlist_add(&p->in_the_way, d->path);
		return 0;
	}
	if (have.unknown &&
	    scan_read(p->scan, d->dir_fd, d->path, p->policy == PLAN_SAVE, &have, err))
		return -1;
	if (p->policy == PLAN_SAVE ? store_renew(store, &have.oid, true) :
				     mlops_store_has(store, &have.oid))
		return 0;
	if (p->policy == PLAN_SAVE)
		return scan_read(p->scan, d->dir_fd, d->path, true, &have, err);
	strlist_add(&p->in_the_way, d->path);
	return 0;
}

static void add_step(struct plan *p, enum plan_verb verb, const char *path,
		     const struct tree_entry *e)
{
	vec_push(&p->steps, { verb, e->kind, p->partial, xstrdup(path), e->oid });
}

/* Of a folder that is not there, what it holds is only counted and looked for. */
static void plan_gain(struct plan *p, const char *path, const struct tree_entry *want)
{
	bool inside = p->whole && path_is_below(path, p->whole);

	if (want->kind == TREE_FOLDER) {
		if (inside)
			return;
		add_step(p, PLAN_TREE, path, want);
		free(p->whole);
		p->whole = xstrdup(path);
		return;
	}
	if (!mlops_store_has(p->scan->store, &want->oid))
		strlist_add(&p->absent, path);
	if (!inside)
		add_step(p, PLAN_WRITE, path, want);
	p->written++;
}

/* A folder that holds something else is in the way of one that is not known. */
static int plan_absent_one(struct plan *p, const struct diff *d)
{
	if (p->partial && !d->have)
		p->left_out += d->want->files;
	else
		strlist_add(&p->absent, d->path);
	return 0;
}

/* What is there stays; then the content that was tracked must be named elsewhere. */
static int plan_unlike(struct plan *p, const struct diff *d)
{
	if (d->want && !p->named)
		strlist_add(&p->in_the_way, d->path);
	if (d->kind == STATUS_TYPE) {
		free(p->passed);
		p->passed = xstrdup(d->path);
	}
	return 0;
}

static int plan_diff(const struct diff *d, void *arg, struct mlops_error *err)
{
	struct plan *p = arg;

	if (p->passed && path_is_below(d->path, p->passed))
		return 0;
	if (d->kind == STATUS_ABSENT && !(p->policy == PLAN_FILL && d->have))
		return plan_absent_one(p, d);
	if (p->policy == PLAN_FILL && d->have)
		return plan_unlike(p, d);
	if (d->have && plan_loss(p, d, err))
		return -1;
	if (d->have && d->kind != STATUS_MODIFIED) { /* a changed file is replaced in one step */
		add_step(p, PLAN_REMOVE, d->path, d->have);
		p->removed += d->have->kind != TREE_FOLDER;
	}
	if (d->want)
		plan_gain(p, d->path, d->want);
	return 0;
}

int plan_path(struct plan *p, const char *path, const struct tree_entry *want,
	      struct mlops_error *err)
{
	return diff_path(p->scan, path, want, plan_diff, p, err);
}

int plan_absent(struct plan *p, const char *path, const struct tree_entry *want,
		struct mlops_error *err)
{
	return diff_absent(p->scan, path, want, plan_diff, p, err);
}

int plan_nothing(struct plan *p, const char *path, struct mlops_error *err)
{
	if (!diff_present(p->scan, path, plan_diff, p, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static void add_names(const struct strlist *names, struct strbuf *out)
{
	for (size_t i = 0; i < names->n && i < NAMES_SHOWN; i++)
		strbuf_addf(out, "%s'%s'", i ? ", " : "", names->v[i]);
	if (names->n > NAMES_SHOWN)
		strbuf_addf(out, " and %zu more", names->n - NAMES_SHOWN);
}

int plan_check(const struct plan *p, struct mlops_error *err)
{
	autobuf names = { 0 };

	if (p->absent.n) {
		add_names(&p->absent, &names);
		err_set(err, MLOPS_ENOTFOUND, "the content of %s is not in the store", names.buf);
		return err_hint(err, "fetch it with: mlops pull");
	}
	if (p->in_the_way.n && p->policy == PLAN_FILL) {
		add_names(&p->in_the_way, &names);
		err_set(err, MLOPS_ENO, "what is tracked of %s is in no commit, and not there",
			names.buf);
		return err_hint(err, "commit its pointer first, or let go of it with --force");
	}
	if (p->in_the_way.n) {
		add_names(&p->in_the_way, &names);
		err_set(err, MLOPS_ENO, "there are changes that are stored nowhere in %s",
			names.buf);
		return err_hint(
			err, "keep them with: mlops track <path>, or overwrite them with --force");
	}
	return 0;
}

int plan_open_stage(struct project *project, int *fd, struct mlops_error *err)
{
	const char *dir;

	if (project_tmp(project, &dir, err))
		return -1;
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? err_sys(err, "cannot open folder '%s'", dir) : 0;
}

int plan_carry_out(struct plan *p, struct project *project, struct mlops_error *err)
{
	if (plan_check(p, err) || plan_open_stage(project, &p->stage_fd, err))
		return -1;
	if (p->policy == PLAN_SAVE && mlops_store_flush(p->scan->store, err))
		return -1;
	if (plan_execute(p, &p->scan->beneath, err))
		return -1;
	return index_write(p->scan->index, err);
}

void plan_clear(struct plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++)
		free(p->steps.v[i].path);
	vec_free(&p->steps);
	if (p->stage_fd >= 0)
		close(p->stage_fd);
	free(p->passed);
	free(p->whole);
	strlist_clear(&p->in_the_way);
	strlist_clear(&p->absent);
}
