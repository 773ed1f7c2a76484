/* What *.dvc files track: their outs. */
#include "store/dvc/dvc.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "crypto/md5.h"
#include "fmt/yaml.h"
#include "project/project.h"

#define MD5_DIGITS ((size_t)2 * MD5_SIZE)
#define DIR_SUFFIX ".dir"

void dvc_out_clear(struct dvc_out *out)
{
	free(out->path);
	free(out->file);
	free(out->remote);
	origin_clear(&out->origin);
}

/* What `dvc import` wrote: the repository, the path in it, what is followed, and the commit. */
static void read_origin(const struct yaml_node *root, struct dvc_out *out)
{
	const char *url = NULL, *rev = NULL, *commit = NULL, *path = NULL;
	const struct yaml_node *deps = yaml_get(root, "deps");
	autoerr bad = ERR_INIT;

	if (!deps || deps->kind != YAML_LIST || !deps->n)
		return;
	const struct yaml_node *dep = deps->values[0], *repo = yaml_get(dep, "repo");
	out->imported = repo != NULL;
	if (!repo || yaml_get_text(repo, "url", &url, &bad) ||
	    yaml_get_text(repo, "rev", &rev, &bad) ||
	    yaml_get_text(repo, "rev_lock", &commit, &bad) ||
	    yaml_get_text(dep, "path", &path, &bad) || !url || !commit || !path ||
	    !path_is_safe(path) || origin_check_url(url, &bad))
		return;
	out->origin = (struct origin){ .url = xstrdup(url),
				       .path = xstrdup(path),
				       .rev = rev ? xstrdup(rev) : NULL,
				       .commit = xstrdup(commit) };
}

/* Those with another hash, or none yet, cannot be compared. Without "hash" it is one of DVC 2. */
static bool read_ref(const struct yaml_node *out, const char *md5, const char *hash,
		     struct object_ref *ref)
{
	autoerr ignored = ERR_INIT;

	*ref = (struct object_ref){ .kind = OBJECT_FILE, .files = 1 };
	if (!md5 || strlen(md5) < MD5_DIGITS || (hash && strcmp(hash, "md5")) ||
	    !dvc_parse_hex(md5, MD5_DIGITS, &ref->oid))
		return false;
	ref->oid.sha256[MD5_SIZE] = !hash;
	if (!strcmp(md5 + MD5_DIGITS, DIR_SUFFIX))
		ref->kind = OBJECT_TREE;
	return !yaml_get_uint(out, "size", &ref->size, &ignored) &&
	       !yaml_get_uint(out, "nfiles", &ref->files, &ignored) &&
	       !yaml_get_bool(out, "isexec", &ref->executable, &ignored);
}

static int add_out(struct dvc *d, const char *dir, const struct yaml_node *root, size_t place,
		   struct mlops_error *err)
{
	const struct yaml_node *node = yaml_get(root, "outs")->values[place];
	const char *path = NULL, *md5 = NULL, *hash = NULL, *remote = NULL;
	bool cached = true, pushed = true;
	struct dvc_out out = { .place = place };

	if (yaml_want(node, YAML_MAP, "an out", err) || yaml_get_text(node, "path", &path, err) ||
	    yaml_get_text(node, "md5", &md5, err) || yaml_get_text(node, "hash", &hash, err) ||
	    yaml_get_text(node, "remote", &remote, err) ||
	    yaml_get_bool(node, "cache", &cached, err) || yaml_get_bool(node, "push", &pushed, err))
		return -1;
	if (!path)
		return yaml_error(node, err, "'path' is missing");
	autofree char *joined = path_join(dir, path);
	autofree char *normal = path_normalize(joined);
	if (!path_is_safe(normal) || !cached || !read_ref(node, md5, hash, &out.ref)) {
		log_warn("'%s' is not looked at: %s", normal,
			 !path_is_safe(normal) ? "it is outside of the project" :
			 !cached               ? "DVC does not keep it" :
						 "it has no MD5");
		return 0;
	}
	out.path = steal_ptr(&normal);
	out.file = xstrdup(node->file);
	out.remote = remote ? xstrdup(remote) : NULL;
	out.keep = !pushed;
	read_origin(root, &out);
	vec_push(&d->outs, out);
	return 0;
}

static int read_outs(struct dvc *d, const char *file, struct mlops_error *err)
{
	autofree char *absolute = project_abspath(d->project, file);
	autofree char *dir = strchr(file, '/') ? path_dir(file) : xstrdup("");
	const struct yaml_node *outs;
	autoarena arena = { 0 };
	struct yaml_node *root;
	const char *wdir = "";

	if (yaml_load(&arena, absolute, file, &root, err) || yaml_want(root, YAML_MAP, file, err) ||
	    yaml_get_text(root, "wdir", &wdir, err))
		return -1;
	autofree char *from = path_join(dir, wdir);
	outs = yaml_get(root, "outs");
	if (!yaml_is_null(outs) && yaml_want(outs, YAML_LIST, "outs", err))
		return -1;
	for (size_t i = 0; outs && i < outs->n; i++)
		if (add_out(d, from, root, i, err))
			return -1;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return path_compare(((const struct dvc_out *)a)->path, ((const struct dvc_out *)b)->path);
}

int dvc_outs_load(struct dvc *d, struct mlops_error *err)
{
	autostrlist files = { 0 };

	if (d->outs_loaded)
		return 0;
	if (mlops_dvc_files(d, &files, err))
		return -1;
	for (size_t i = 0; i < files.n; i++)
		if (str_ends(files.v[i], ".dvc") && read_outs(d, files.v[i], err))
			return -1;
	vec_sort(&d->outs, by_path);
	d->outs_loaded = true;
	return 0;
}

int mlops_dvc_add_out(struct dvc *d, const char *path, const struct object_ref *ref,
		      const struct object_place *place, struct mlops_error *err)
{
	if (dvc_outs_load(d, err))
		return -1;
	vec_push(&d->outs, { .path = xstrdup(path),
			     .ref = *ref,
			     .remote = *place->remote ? xstrdup(place->remote) : NULL,
			     .keep = place->no_push });
	vec_sort(&d->outs, by_path);
	return 0;
}

bool dvc_is_chosen(const char *path, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!*paths[i] || path_is_below(path, paths[i]) || path_is_below(paths[i], path))
			return true;
	return !n;
}

int mlops_dvc_tracks(struct dvc *d, const char *path, bool *tracks, struct mlops_error *err)
{
	*tracks = false;
	if (dvc_outs_load(d, err))
		return -1;
	for (size_t i = 0; i < d->outs.n && !*tracks; i++)
		*tracks = dvc_is_chosen(d->outs.v[i].path, &path, 1);
	return 0;
}
