/* huggingface_hub's cache, in the layout that its documentation calls "Understand caching". */
#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "remote/hf/hf.h"
#include "store/store.h"

static char *cache_root(const struct hub *h)
{
	const char *cache = getenv("HF_HUB_CACHE"), *home = getenv("HF_HOME");
	autofree char *usual = path_expand("~/.cache/huggingface");
	autofree char *hub = path_join(home && *home ? home : usual, "hub");
	autobuf folder = { 0 };

	strbuf_addf(&folder, "%s--", h->kind);
	for (const char *p = h->id; *p; p++)
		strbuf_adds(&folder, *p == '/' ? "--" : (char[]){ *p, '\0' });
	return path_join(cache && *cache ? cache : hub, folder.buf);
}

char *hub_cache_find(const struct hub *h, const char *hash)
{
	autofree char *root = cache_root(h);
	char *path = xasprintf("%s/blobs/%s", root, hash);
	struct stat st;

	if (!lstat(path, &st) && S_ISREG(st.st_mode))
		return path;
	free(path);
	return NULL;
}

/* The object's own file under another name; false where that cannot be. */
static bool link_object(struct store *store, const struct oid *oid, const char *to)
{
	autoerr ignored = ERR_INIT;
	autoclose int fd = -1;
	uint64_t size;

	if (store_open_loose(store, oid, &fd, &size, &ignored))
		return false;
	autofree char *from = xasprintf("/proc/self/fd/%d", fd);
	return !linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) || errno == EEXIST;
}

static int fill_blob(struct store *store, const char *root, const struct hub_file *f,
		     struct mlops_error *err)
{
	autofree char *path = xasprintf("%s/blobs/%s", root, f->hash);

	if (fs_exists(path) || link_object(store, &f->oid, path))
		return 0;
	return mlops_store_export(store, &f->oid, path, 0644, err);
}

/* snapshots/COMMIT/a/b -> ../../../blobs/HASH, one more .. for each folder. */
static int fill_snapshot(const char *root, const char *commit, const struct hub_file *f,
			 struct mlops_error *err)
{
	autofree char *path = xasprintf("%s/snapshots/%s/%s", root, commit, f->path);
	autobuf target = { 0 };

	strbuf_adds(&target, "../../");
	for (const char *p = f->path; *p; p++)
		if (*p == '/')
			strbuf_adds(&target, "../");
	strbuf_addf(&target, "blobs/%s", f->hash);
	if (fs_mkdirs_for(path, err))
		return -1;
	if (!symlink(target.buf, path) || errno == EEXIST)
		return 0;
	return err_sys(err, "cannot make '%s'", path);
}

int hub_cache_fill(struct hub *h, struct store *store, const char *commit,
		   const struct hub_files *files, struct mlops_error *err)
{
	autofree char *root = cache_root(h), *blobs = path_join(root, "blobs"),
		      *ref = xasprintf("%s/refs/%s", root, h->rev);

	if (fs_mkdirs(blobs, err))
		return -1;
	for (size_t i = 0; i < files->n; i++)
		if (fill_blob(store, root, &files->v[i], err) ||
		    fill_snapshot(root, commit, &files->v[i], err))
			return -1;
	if (!strcmp(h->rev, commit))
		return 0;
	return fs_mkdirs_for(ref, err) || fs_write_atomic(ref, commit, strlen(commit), 0644, err) ?
		       -1 :
		       0;
}
