/* How a repository is set up, for people who look for what is wrong. */
#include "lfs/lfs.h"
#include "remote/lfs/lfs.h"

typedef int (*tell_fn)(const char *name, const char *value, void *arg, struct mlops_error *err);

static int tell_setting(struct lfs *l, const char *key, tell_fn fn, void *arg,
			struct mlops_error *err)
{
	const char *value = lfs_setting(l, key);

	return value ? fn(key, value, arg, err) : 0;
}

/* Where objects go, or why that is not known. */
static int tell_remote(struct lfs *l, bool upload, tell_fn fn, void *arg, struct mlops_error *err)
{
	enum lfs_operation op = upload ? LFS_UPLOAD : LFS_DOWNLOAD;
	const char *name = upload ? "upload" : "download";
	autolfsremote *r = NULL;
	autofree char *url = NULL;
	autoerr why = ERR_INIT;

	if (lfs_remote_open(l, NULL, upload, NULL, &r, &why) ||
	    (r->server && lfs_server_url(r->server, op, &url, &why)))
		return fn(name, why.msg, arg, err);
	return fn(name, r->server ? url : r->folder, arg, err);
}

int mlops_lfs_describe(struct lfs *l, tell_fn fn, void *arg, struct mlops_error *err)
{
	static const char *const keys[] = {
		"filter.lfs.process",     "filter.lfs.clean",        "filter.lfs.smudge",
		"filter.lfs.required",    "lfs.fetchinclude",        "lfs.fetchexclude",
		"lfs.skipdownloaderrors", "lfs.concurrenttransfers", "lfs.locksverify",
	};

	if ((l->top && fn("worktree", l->top, arg, err)) || fn("gitdir", l->git_dir, arg, err) ||
	    fn("storage", l->storage, arg, err) || tell_remote(l, false, fn, arg, err) ||
	    tell_remote(l, true, fn, arg, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (tell_setting(l, keys[i], fn, arg, err))
			return -1;
	return 0;
}
