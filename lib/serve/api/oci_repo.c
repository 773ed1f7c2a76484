/* The files of a repository. Their names were checked: a name of a repository has no part with '_'. */
#include "base/fs.h"
#include "base/path.h"
#include "serve/api/oci.h"

#include <errno.h>
#include <fcntl.h>

#define LINE_MAX_SIZE 4096

const char *oci_repo_of(struct http_call *call, struct mlops_error *err)
{
	const char *name = http_call_param(call, "name");

	if (oci_is_name(name))
		return name;
	err_set(err, MLOPS_EINVALID, "this is no name of a repository");
	return NULL;
}

int oci_digest_of(struct http_call *call, struct oid *out, struct mlops_error *err)
{
	if (oci_parse_digest(http_call_param(call, "digest"), out))
		return 0;
	return err_set(err, MLOPS_EINVALID, "this is no digest of the form sha256:<64 hex digits>");
}

char *oci_repo_path(const struct object_server *s, const char *repo, const char *folder,
		    const char *leaf)
{
	return xasprintf("%s/oci/%s/%s%s%s", s->data, repo, folder, leaf ? "/" : "",
			 leaf ? leaf : "");
}

static char *path_of(const struct object_server *s, const char *repo, const char *folder,
		     const struct oid *oid)
{
	char hex[MLOPS_OID_HEX + 1];

	return oci_repo_path(s, repo, folder, mlops_oid_hex(oid, hex));
}

bool oci_repo_has(const struct object_server *s, const char *repo, const char *folder,
		  const struct oid *oid)
{
	autofree char *path = path_of(s, repo, folder, oid);

	return fs_exists(path);
}

int oci_repo_link(const struct object_server *s, const char *repo, const char *folder,
		  const struct oid *oid, struct mlops_error *err)
{
	autofree char *dir = oci_repo_path(s, repo, folder, NULL);
	autofree char *path = path_of(s, repo, folder, oid);

	if (fs_exists(path))
		return 0;
	if (fs_mkdirs_synced(dir, err))
		return -1;
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? err_sys(err, "cannot make '%s'", path) : 0;
}

int oci_repo_sync(const struct object_server *s, const char *repo, const char *folder,
		  struct mlops_error *err)
{
	autofree char *dir = oci_repo_path(s, repo, folder, NULL);

	return fs_is_dir(dir) ? fs_sync_dir(dir, err) : 0;
}

int oci_repo_write(const struct object_server *s, const char *repo, const char *folder,
		   const char *leaf, const char *line, struct mlops_error *err)
{
	autofree char *dir = oci_repo_path(s, repo, folder, NULL);
	autofree char *path = oci_repo_path(s, repo, folder, leaf);
	autofree char *tmp = xasprintf("%s/oci/_tmp", s->data), *text = xasprintf("%s\n", line);

	if (fs_mkdirs_synced(dir, err) || fs_mkdirs(tmp, err))
		return -1;
	return fs_write_atomic_via(tmp, path, text, strlen(text), 0644, err);
}

int oci_repo_read(const struct object_server *s, const char *repo, const char *folder,
		  const char *leaf, char **out, struct mlops_error *err)
{
	autofree char *path = oci_repo_path(s, repo, folder, leaf);
	autobuf text = { 0 };

	if (fs_read(path, LINE_MAX_SIZE, &text, err)) {
		if (err->kind == MLOPS_ENOTFOUND)
			err_set(err, MLOPS_ENOTFOUND, "repository '%s' has no '%s'", repo, leaf);
		return -1;
	}
	struct str line = str_trim((struct str){ text.buf ? text.buf : "", text.len });
	*out = xstrndup(line.p, line.n);
	return 0;
}

int oci_repo_remove(const struct object_server *s, const char *repo, const char *folder,
		    const char *leaf, struct mlops_error *err)
{
	autofree char *path = oci_repo_path(s, repo, folder, leaf);

	if (!unlink(path))
		return oci_repo_sync(s, repo, folder, err);
	if (errno == ENOENT)
		return err_set(err, MLOPS_ENOTFOUND, "repository '%s' has no '%s'", repo, leaf);
	return err_sys(err, "cannot remove '%s'", path);
}

static int add_name(const char *name, void *arg, struct mlops_error *err)
{
	(void)err;
	strlist_add(arg, name);
	return 0;
}

int oci_repo_names(const struct object_server *s, const char *repo, const char *folder,
		   struct strlist *out, struct mlops_error *err)
{
	autofree char *dir = oci_repo_path(s, repo, folder, NULL);

	if (fs_is_dir(dir) && fs_each_name(dir, add_name, out, err))
		return -1;
	strlist_sort(out);
	return 0;
}
