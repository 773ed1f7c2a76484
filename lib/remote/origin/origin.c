/* Getting data of other projects, and following where it came from. */
#include "mlops/origin.h"

#include <errno.h>
#include <stdio.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "git/git.h"
#include "mlops/project.h"
#include "project/project.h"
#include "remote/origin/origin.h"
#include "store/origin.h"

#define TMP_HEX 8

static char *tmp_in(const char *dir)
{
	char random[RAND_HEX_SIZE(TMP_HEX)];

	return xasprintf("%s/.mlops-get-%s", dir, rand_hex(random, TMP_HEX));
}

static int check_free(const char *dest, bool force, struct mlops_error *err)
{
	struct stat st;

	if (lstat(dest, &st) || force)
		return 0;
	err_set(err, MLOPS_EEXISTS, "'%s' is there already", dest);
	return err_hint(err, "replace it with --force, or choose another name with -o");
}

/* What is in its place is put aside first, so that one of the two is always there. */
static int move(const char *from, const char *tmp, const char *dest, struct mlops_error *err)
{
	autofree char *aside = path_join(tmp, ".aside");
	struct stat st;

	if (!lstat(dest, &st) && rename(dest, aside))
		return err_sys(err, "cannot replace '%s'", dest);
	if (rename(from, dest)) {
		err_sys(err, "cannot move '%s' to its place", dest);
		rename(aside, dest);
		return -1;
	}
	return 0;
}

static int take_to(const struct source *source, const char *tmp, const char *dest,
		   const struct get_how *how, char **commit, struct mlops_error *err)
{
	autofree char *found = NULL, *id = NULL;

	if (check_free(dest, how->force, err) || fs_mkdirs_for(dest, err) ||
	    origin_take(source, tmp, how, &id, &found, err) || move(found, tmp, dest, err))
		return -1;
	*commit = steal_ptr(&id);
	return 0;
}

int mlops_get(const struct source *source, const char *dest, const struct get_how *how,
	      char **commit, struct mlops_error *err)
{
	autofree char *dir = path_dir(dest);
	autofree char *tmp = tmp_in(dir);
	autoerr ignored = ERR_INIT;

	int rc = take_to(source, tmp, dest, how, commit, err);
	fs_remove_tree(tmp, rc ? &ignored : err);
	return rc;
}

/* ---- with its origin kept ---- */

struct taken {
	struct pointer *out;
};

static void keep_pointer(const struct pointer *p, bool unchanged, void *arg)
{
	struct taken *t = arg;

	(void)unchanged;
	*t->out = (struct pointer){ NULL, p->ref };
}

/* A folder that is named relative is recorded so to the root, not to where the command ran. */
static int url_to_record(struct project *project, const char *url, char **out,
			 struct mlops_error *err)
{
	autofree char *real = NULL;

	if (strstr(url, "://") || *url == '/' || !fs_is_dir(url)) {
		*out = xstrdup(url);
		return 0;
	}
	if (fs_realpath(url, &real, err))
		return -1;
	*out = path_relative(mlops_project_root(project), real);
	return 0;
}

static char *url_to_use(struct project *project, const char *url)
{
	autofree char *path = project_abspath(project, url);

	return !strstr(url, "://") && *url != '/' && fs_is_dir(path) ? steal_ptr(&path) :
								       xstrdup(url);
}

static int bring_from_hub(struct project *project, struct origin *o, const char *path,
			  struct mlops_error *err)
{
	autofree const char **include = xcalloc(o->include.n + 1, sizeof(*include));
	const struct hub_how how = { .include = o->include.n ? include : NULL };
	struct hub_result result;
	struct object_ref ref;

	for (size_t i = 0; i < o->include.n; i++)
		include[i] = o->include.v[i];
	return origin_hub_bring(project, o, path, &how, &ref, &result, err);
}

/* `o` has url, path and rev; its commit is set. The path is tracked, or free. */
static int bring(struct project *project, struct origin *o, const char *path,
		 const struct get_how *how, struct pointer *out, struct mlops_error *err)
{
	autofree char *dest = project_abspath(project, path), *url = url_to_use(project, o->url);
	const struct source source = { url, o->path, o->rev };
	struct taken taken = { out };
	autoerr ignored = ERR_INIT;
	char *commit = NULL;
	const char *dir;

	if (project_tmp(project, &dir, err))
		return -1;
	autofree char *tmp = tmp_in(dir);
	int rc = take_to(&source, tmp, dest, how, &commit, err) ||
		 mlops_track(project, &path, 1, 0, keep_pointer, &taken, err);
	free(o->commit);
	o->commit = commit;
	rc = rc || origin_write(project, path, o, err);
	fs_remove_tree(tmp, rc ? &ignored : err);
	return rc ? -1 : 0;
}

/* The pointer of a folder has one origin at most, that of the whole. */
static int check_place(struct project *project, const char *path, struct mlops_error *err)
{
	struct pointer *pointers;
	size_t n;
	int rc = 0;

	if (mlops_pointers_list(project, &pointers, &n, err))
		return -1;
	for (size_t i = 0; i < n && !rc; i++)
		if (path_is_below(path, pointers[i].path) && strcmp(path, pointers[i].path) != 0)
			rc = err_set(err, MLOPS_EINVALID,
				     "'%s' lies in '%s', which is tracked as a whole", path,
				     pointers[i].path);
	mlops_pointers_free(pointers, n);
	return rc;
}

int mlops_import(struct project *project, const struct source *source, const char *path,
		 const struct get_how *how, struct pointer *out, struct mlops_error *err)
{
	autofree char *url = NULL;

	if (origin_check_url(source->url, err) || check_place(project, path, err) ||
	    url_to_record(project, source->url, &url, err))
		return -1;
	autoorigin o = { .url = steal_ptr(&url),
			 .path = xstrdup(source->path),
			 .rev = source->rev ? xstrdup(source->rev) : NULL };
	if (bring(project, &o, path, how, out, err))
		return -1;
	out->path = xstrdup(path);
	return 0;
}

/* ---- following ---- */

struct updating {
	struct project *project;
	const struct update_how *how;
	void (*report)(const struct update_report *r, void *arg);
	void *arg;
	size_t found;
};

static int note_change(const struct status_entry *e, void *arg, struct mlops_error *err)
{
	(void)err;
	*(bool *)arg |= e->kind != STATUS_ABSENT;
	return 0;
}

/* Changes that are made here are lost only by force, and then are in the store. */
static int check_clean(struct updating *u, const char *path, struct mlops_error *err)
{
	struct object_ref ref;
	bool changed = false;

	if (mlops_status(u->project, &path, 1, note_change, &changed, err))
		return -1;
	if (!changed)
		return 0;
	if (!u->how->get.force) {
		err_set(err, MLOPS_ENO, "'%s' has changes that the update would overwrite", path);
		return err_hint(err, "overwrite them with --force; what they hold is stored first");
	}
	if (!mlops_workspace_save(u->project, path, &ref, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err); /* it was removed */
	return 0;
}

static int name_now(struct project *project, const struct origin *o, char **out, struct mlops_error *err)
{
	if (origin_is_hub(o))
		return origin_hub_name(project, o, out, err);
	autofree char *url = url_to_use(project, o->url);
	return git_far_name(url, o->rev, out, err);
}

static int bring_new(struct project *project, struct origin *o, const char *path,
		     const struct get_how *how, struct mlops_error *err)
{
	struct pointer p;

	return origin_is_hub(o) ? bring_from_hub(project, o, path, err) :
				  bring(project, o, path, how, &p, err);
}

static int update_one(struct updating *u, const char *path, struct origin *o,
		      struct mlops_error *err)
{
	autofree char *now = NULL, *was = xstrdup(o->commit);
	struct update_report r = { .path = path, .was = was };
	struct get_how how = u->how->get;

	if (u->how->rev) {
		free(o->rev);
		o->rev = xstrdup(u->how->rev);
	}
	if (name_now(u->project, o, &now, err))
		return -1;
	r.now = now;
	r.outcome = !strcmp(now, was) ? UPDATE_SAME : u->how->dry_run ? UPDATE_WOULD : UPDATE_NEW;
	if (r.outcome == UPDATE_NEW) {
		how.force = true;
		if (check_clean(u, path, err) || bring_new(u->project, o, path, &how, err))
			return -1;
	} else if (u->how->rev && !u->how->dry_run && origin_write(u->project, path, o, err)) {
		return -1;
	}
	u->report(&r, u->arg);
	return 0;
}

static int update_pointer(struct updating *u, const char *path, struct mlops_error *err)
{
	autoorigin o = { 0 };
	bool found;

	if (origin_read(u->project, path, &o, &found, err))
		return -1;
	if (!found)
		return 0;
	u->found++;
	return update_one(u, path, &o, err) ? err_wrap(err, "cannot update '%s'", path) : 0;
}

static bool is_chosen(const char *path, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!*paths[i] || path_is_below(path, paths[i]))
			return true;
	return !n;
}

int mlops_update(struct project *project, const char *const *paths, size_t n,
		 const struct update_how *how,
		 void (*report)(const struct update_report *r, void *arg), void *arg,
		 struct mlops_error *err)
{
	struct updating u = { .project = project, .how = how, .report = report, .arg = arg };
	struct pointer *pointers;
	size_t count;

	if (mlops_pointers_list(project, &pointers, &count, err))
		return -1;
	int rc = 0;
	for (size_t i = 0; i < count && !rc; i++)
		if (is_chosen(pointers[i].path, paths, n))
			rc = update_pointer(&u, pointers[i].path, err);
	mlops_pointers_free(pointers, count);
	if (rc || u.found || !n)
		return rc;
	return err_set(err, MLOPS_ENOTFOUND, "nothing was imported to '%s'", paths[0]);
}
