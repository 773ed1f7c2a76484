/* Files of names. Who calls has checked the names: none has a part that starts with '_' or '.'. */
#include "serve/shelf.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"

#define LINE_MAX_SIZE 4096

char *shelf_path(const struct object_server *s, const char *kind, const char *name,
		 const char *folder, const char *leaf)
{
	return xasprintf("%s/%s/%s/%s%s%s", s->data, kind, name, folder, leaf ? "/" : "",
			 leaf ? leaf : "");
}

static char *path_of(const struct object_server *s, const char *kind, const char *name,
		     const char *folder, const struct oid *oid)
{
	char hex[MLOPS_OID_HEX + 1];

	return shelf_path(s, kind, name, folder, mlops_oid_hex(oid, hex));
}

bool shelf_has(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, const struct oid *oid)
{
	autofree char *path = path_of(s, kind, name, folder, oid);

	return fs_exists(path);
}

int shelf_link(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, const struct oid *oid, struct mlops_error *err)
{
	autofree char *dir = shelf_path(s, kind, name, folder, NULL);
	autofree char *path = path_of(s, kind, name, folder, oid);

	if (fs_exists(path))
		return 0;
	if (fs_mkdirs_synced(dir, err))
		return -1;
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? err_sys(err, "cannot make '%s'", path) : 0;
}

int shelf_sync(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, struct mlops_error *err)
{
	autofree char *dir = shelf_path(s, kind, name, folder, NULL);

	return fs_is_dir(dir) ? fs_sync_dir(dir, err) : 0;
}

int shelf_write(const struct object_server *s, const char *kind, const char *name,
		const char *folder, const char *leaf, const char *line, struct mlops_error *err)
{
	autofree char *dir = shelf_path(s, kind, name, folder, NULL);
	autofree char *path = shelf_path(s, kind, name, folder, leaf);
	autofree char *tmp = xasprintf("%s/%s/_tmp", s->data, kind),
		      *text = xasprintf("%s\n", line);

	if (fs_mkdirs_synced(dir, err) || fs_mkdirs(tmp, err))
		return -1;
	return fs_write_atomic_via(tmp, path, text, strlen(text), 0644, err);
}

int shelf_read(const struct object_server *s, const char *kind, const char *name,
	       const char *folder, const char *leaf, char **out, struct mlops_error *err)
{
	autofree char *path = shelf_path(s, kind, name, folder, leaf);
	autobuf text = { 0 };

	if (fs_read(path, LINE_MAX_SIZE, &text, err)) {
		if (err->kind == MLOPS_ENOTFOUND)
			err_set(err, MLOPS_ENOTFOUND, "'%s' has no '%s'", name, leaf);
		return -1;
	}
	struct str line = str_trim((struct str){ text.buf ? text.buf : "", text.len });
	*out = xstrndup(line.p, line.n);
	return 0;
}

int shelf_remove(const struct object_server *s, const char *kind, const char *name,
		 const char *folder, const char *leaf, struct mlops_error *err)
{
	autofree char *path = shelf_path(s, kind, name, folder, leaf);

	if (!unlink(path))
		return shelf_sync(s, kind, name, folder, err);
	if (errno == ENOENT)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' has no '%s'", name, leaf);
	return err_sys(err, "cannot remove '%s'", path);
}

static int add_leaf(const char *leaf, void *arg, struct mlops_error *err)
{
	(void)err;
	strlist_add(arg, leaf);
	return 0;
}

int shelf_names(const struct object_server *s, const char *kind, const char *name,
		const char *folder, struct strlist *out, struct mlops_error *err)
{
	autofree char *dir = shelf_path(s, kind, name, folder, NULL);

	if (fs_is_dir(dir) && fs_each_name(dir, add_leaf, out, err))
		return -1;
	strlist_sort(out);
	return 0;
}
