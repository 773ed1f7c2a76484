/*
 * A source is checked out into a folder of its own, where what git does not hold of the wanted path is
 * brought by the source's own means: its pointers and remotes, or DVC's.
 */
#include "remote/origin/origin.h"

#include <errno.h>

#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "git/git.h"
#include "mlops/config.h"
#include "mlops/dvc_remote.h"
#include "mlops/listing.h"
#include "mlops/project.h"
#include "mlops/remote.h"
#include "project/project.h"
#include "store/dvc/dvc.h"

struct taking {
	const struct source *source;
	const struct get_how *how;
	const char *top;  /* of the checkout; absolute */
	const char *near; /* the folder that the source is, or NULL */
	char *root;       /* of the project in it that has the path */
	char *path;       /* from there */
};

/* ---- which project ---- */

static bool has(const char *dir, const char *name)
{
	autofree char *path = path_join(dir, name);
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode);
}

/* Upwards from the path to the top of the checkout, and no further. */
static bool find_project(struct taking *t)
{
	autofree char *dir = path_join(t->top, t->source->path);

	while (strcmp(dir, t->top) != 0) {
		char *up = path_dir(dir);

		free(dir);
		dir = up;
		if (!has(dir, ".mlops/format") && !has(dir, ".dvc/config"))
			continue;
		t->root = xstrdup(dir);
		t->path =
			xstrdup(t->source->path +
				(strlen(dir) > strlen(t->top) ? strlen(dir) - strlen(t->top) : 0));
		return true;
	}
	return false;
}

/* The same folder of the source when that is one here; NULL. New. */
static char *near_root(const struct taking *t)
{
	return t->near ? xasprintf("%s%s", t->near, t->root + strlen(t->top)) : NULL;
}

static int drop_entry(const char *name, void *arg, struct mlops_error *err)
{
	static const char *const kept[] = { "config", "format", ".gitignore" };
	autofree char *path = path_join(arg, name);
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (!strcmp(name, kept[i]) && !lstat(path, &st) && S_ISREG(st.st_mode))
			return 0;
	return fs_remove_tree(path, err);
}

/* Of the folder that a program keeps its own things in, what git has but settings may lead anywhere. */
static int clean(const char *root, const char *name, struct mlops_error *err)
{
	autofree char *dir = path_join(root, name);
	struct stat st;

	if (lstat(dir, &st))
		return 0;
	if (!S_ISDIR(st.st_mode))
		return fs_remove_tree(dir, err);
	return fs_each_name(dir, drop_entry, dir, err);
}

/* ---- settings that keep what is fetched in its place ---- */

static void add_dvc_remotes(const struct dvc *theirs, struct strbuf *out)
{
	for (size_t i = 0; i < theirs->settings.n; i++) {
		const struct dvc_setting *s = &theirs->settings.v[i];

		if (strcasecmp(s->key, "url") || strstr(s->value, "://"))
			continue;
		autofree char *path = dvc_setting_path(s);
		strbuf_addf(out, "['%s']\n    url = %s\n", s->section, path);
	}
}

/*
 * The cache is that of a source on this machine, else one of the checkout; and remotes that are paths
 * are relative to the source, not to the checkout.
 */
static int write_dvc_settings(const struct taking *t, struct mlops_error *err)
{
	autofree char *near = near_root(t);
	autofree char *path = path_join(t->root, ".dvc/config.local");
	autobuf text = { 0 };
	struct project *theirs;
	struct dvc *dvc;

	if (!near) {
		strbuf_adds(&text, "[cache]\n    dir = cache\n    type = copy\n");
		return fs_write_atomic(path, text.buf, text.len, 0600, err);
	}
	if (mlops_project_open_dvc(near, &theirs, err))
		return -1;
	int rc = mlops_dvc_open(theirs, &dvc, err);
	if (!rc) {
		strbuf_addf(&text, "[cache]\n    dir = %s\n    type = copy\n",
			    mlops_dvc_cache(dvc));
		add_dvc_remotes(dvc, &text);
		mlops_dvc_close(dvc);
	}
	mlops_project_free(theirs);
	return rc ? -1 : fs_write_atomic(path, text.buf, text.len, 0600, err);
}

static int set_remotes(struct project *to, struct project *theirs, struct mlops_error *err)
{
	struct remote_info *remotes;
	size_t n;
	int rc = 0;

	if (mlops_remotes_list(theirs, &remotes, &n, err))
		return -1;
	for (size_t i = 0; i < n && !rc; i++) {
		autofree char *key = xasprintf("remote.%s.url", remotes[i].name);
		autofree char *path = strstr(remotes[i].url, "://") ?
					      NULL :
					      project_shared_path(theirs, remotes[i].url);

		if (path)
			rc = mlops_config_set(to, CONFIG_LOCAL, key, path, err);
	}
	mlops_remotes_free(remotes, n);
	return rc;
}

/* What is committed there must not say where things are stored here. */
static int set_settings(const struct taking *t, struct project *p, struct mlops_error *err)
{
	autofree char *near = near_root(t), *own = path_join(t->root, ".mlops/store"),
		      *store = NULL;
	struct project *theirs = NULL;
	int rc = 0;

	if (near && (mlops_project_open(near, &theirs, err) || set_remotes(p, theirs, err)))
		rc = -1;
	if (!rc && theirs)
		store = project_store_dir(theirs);
	mlops_project_free(theirs);
	if (rc)
		return -1;
	return mlops_config_set(p, CONFIG_LOCAL, "core.store", store ? store : own, err) ||
			       mlops_config_set(p, CONFIG_LOCAL, "core.link", "copy", err) ?
		       -1 :
		       0;
}

/* ---- bringing what git does not hold ---- */

static bool overlaps(const char *a, const char *b)
{
	return path_is_below(a, b) || path_is_below(b, a);
}

/* The pointer's file says nothing where its data is. */
static int drop_file(const struct taking *t, const char *file, struct mlops_error *err)
{
	autofree char *path = path_join(t->root, file);

	return unlink(path) && errno != ENOENT ? err_sys(err, "cannot remove '%s'", path) : 0;
}

static int supply_tree(const struct oid *tree, const struct object_place *place, void *arg,
		       struct mlops_error *err)
{
	struct placed_ref placed = {
		{ .kind = OBJECT_FILE, .oid = *tree, .size = UINT64_MAX, .files = 1 }, *place
	};
	const struct transfer_how how = { 0 };
	struct transfer_counts counts;

	return mlops_fetch_placed(arg, &placed, 1, &how, &counts, err);
}

/* A part of a folder that is tracked as one: the listings on the way, then the part alone. */
static int find_ref(struct project *p, const char *path, struct object_ref *out,
		    struct mlops_error *err)
{
	const struct listing_how how = { .supply = supply_tree, .arg = p };
	struct item item;

	if (mlops_listing_find(p, &how, path, &item, err))
		return -1;
	*out = (struct object_ref){ .kind = item.kind == ITEM_FOLDER ? OBJECT_TREE : OBJECT_FILE,
				    .executable = item.kind == ITEM_EXECUTABLE,
				    .oid = item.oid,
				    .size = item.size,
				    .files = item.files };
	return 0;
}

/* No remote is needed for what the store of a source on this machine has. */
static int fetch_missing(struct project *p, const struct placed_ref *placed,
			 struct mlops_error *err)
{
	const struct transfer_how how = { 0 };
	struct transfer_counts counts;
	struct store *store;
	uint64_t missing;

	if (mlops_store_of(p, &store, err) ||
	    mlops_object_missing(store, &placed->ref, &missing, err))
		return -1;
	return missing ? mlops_fetch_placed(p, placed, 1, &how, &counts, err) : 0;
}

static int bring_tracked(struct taking *t, struct project *p, const struct tracked *tracked,
			 struct mlops_error *err)
{
	bool inside = path_is_below(t->path, tracked->path) && strcmp(t->path, tracked->path) != 0;
	const char *path = inside ? t->path : tracked->path;
	struct placed_ref placed = { tracked->ref, tracked->place };
	autofree char *file = xasprintf("%s.mlops", tracked->path);
	autofree char *dest = project_abspath(p, path), *checked = NULL;

	if (mlops_project_relpath(p, dest, &checked, err) ||
	    (inside && find_ref(p, path, &placed.ref, err)) || fetch_missing(p, &placed, err) ||
	    drop_file(t, file, err) || fs_mkdirs_for(dest, err))
		return -1;
	return mlops_workspace_export(p, &placed.ref, dest, err);
}

static int bring_own(struct taking *t, struct project *p, struct mlops_error *err)
{
	struct tracked *all;
	size_t n;

	if (mlops_tracked_list(p, NULL, &all, &n, err))
		return -1;
	int rc = 0;
	for (size_t i = 0; i < n && !rc; i++)
		if (overlaps(all[i].path, t->path))
			rc = bring_tracked(t, p, &all[i], err);
	mlops_tracked_free(all, n);
	return rc;
}

static int bring_dvc(struct taking *t, struct project *p, struct mlops_error *err)
{
	const char *paths[] = { t->path };
	const struct transfer_how how = { 0 };
	struct checkout_counts counts = { 0 };
	struct transfer_counts moved;
	struct dvc *dvc;

	if (mlops_dvc_open(p, &dvc, err))
		return -1;
	int rc = (t->how->add_stages && t->how->add_stages(p, dvc, err)) || dvc_outs_load(dvc, err);
	bool any = false;
	for (size_t i = 0; i < dvc->outs.n && !rc; i++)
		any |= overlaps(dvc->outs.v[i].path, t->path);
	if (!rc && any)
		rc = mlops_dvc_fetch(dvc, paths, 1, &how, &moved, err) ||
		     mlops_dvc_checkout(dvc, paths, 1, false, &counts, err);
	for (size_t i = 0; i < dvc->outs.n && !rc; i++)
		if (dvc->outs.v[i].file && overlaps(dvc->outs.v[i].path, t->path))
			rc = drop_file(t, dvc->outs.v[i].file, err);
	mlops_dvc_close(dvc);
	return rc ? -1 : 0;
}

static int bring_by(struct taking *t, struct project *p, struct mlops_error *err)
{
	bool own = !mlops_project_is_dvc(p);

	if ((own && set_settings(t, p, err)) || mlops_project_lock(p, true, err))
		return -1;
	if (own && bring_own(t, p, err))
		return -1;
	return mlops_dvc_is_here(p) ? bring_dvc(t, p, err) : 0;
}

/* A symlink in the checkout may lead anywhere, also to a project of the user's. */
static int check_real(const struct taking *t, const char *path, struct mlops_error *err)
{
	autofree char *real = NULL;

	if (fs_realpath(path, &real, err))
		return -1;
	return strcmp(real, path) ?
		       err_set(err, MLOPS_EINVALID, "'%s' of '%s' is a symlink, or behind one",
			       t->source->path, t->source->url) :
		       0;
}

static int bring(struct taking *t, struct mlops_error *err)
{
	autofree char *dvc = NULL;
	struct project *p;

	if (!find_project(t))
		return 0;
	if (check_real(t, t->root, err) || clean(t->root, ".mlops", err) ||
	    clean(t->root, ".dvc", err))
		return -1;
	dvc = path_join(t->root, ".dvc");
	if (fs_is_dir(dvc) && write_dvc_settings(t, err))
		return -1;
	if (mlops_project_open_dvc(t->root, &p, err))
		return -1;
	int rc = strcmp(mlops_project_root(p), t->root) ?
			 err_set(err, MLOPS_EINVALID, "'%s' holds no whole project",
				 t->source->url) :
			 bring_by(t, p, err);
	mlops_project_free(p);
	return rc;
}

/* ---- the whole ---- */

static int check_path(const struct source *source, struct mlops_error *err)
{
	if (path_is_safe(source->path) && !project_is_private(source->path))
		return 0;
	return err_set(err, MLOPS_EINVALID, "'%s' is no path in a project", source->path);
}

/* No symlink on the way leads elsewhere, nor is the thing itself one. */
static int check_found(const struct taking *t, const char *path, struct mlops_error *err)
{
	struct stat st;

	if (lstat(path, &st)) {
		if (errno != ENOENT && errno != ENOTDIR)
			return err_sys(err, "cannot look at '%s'", path);
		return err_set(err, MLOPS_ENOTFOUND, "'%s' has no '%s'", t->source->url,
			       t->source->path);
	}
	return check_real(t, path, err);
}

static int take(struct taking *t, char **commit, char **out, struct mlops_error *err)
{
	autofree char *path = path_join(t->top, t->source->path);
	autofree char *id = NULL;

	if (git_far_checkout(t->top, t->near ? t->near : t->source->url, t->source->rev, &id,
			     err) ||
	    bring(t, err) || check_found(t, path, err))
		return -1;
	*commit = steal_ptr(&id);
	*out = steal_ptr(&path);
	return 0;
}

int origin_take(const struct source *source, const char *tmp, const struct get_how *how,
		char **commit, char **out, struct mlops_error *err)
{
	bool is_folder = !strstr(source->url, "://") && fs_is_dir(source->url);
	autofree char *near = NULL, *top = NULL;
	struct taking t = { .source = source, .how = how };

	if (check_path(source, err) || (is_folder && fs_realpath(source->url, &near, err)) ||
	    fs_mkdirs(tmp, err) || fs_realpath(tmp, &top, err))
		return -1;
	t.top = top;
	t.near = near;
	int rc = take(&t, commit, out, err);
	free(t.root);
	free(t.path);
	return rc;
}
