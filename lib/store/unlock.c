/*
 * Making a store ready: whether its objects lie sealed, and whether the key fits. What the settings
 * want and what the folder holds have to agree; `mlops reseal` brings them together.
 */
#include <errno.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "project/key.h"
#include "store/sealed.h"

static char *mark_path(const struct store *s)
{
	return path_join(s->dir, "sealed/key");
}

static int some_name(const char *name, void *arg, struct mlops_error *err)
{
	(void)name, (void)arg, (void)err;
	return 1;
}

static bool has_plain(const struct pack *p)
{
	autoerr ignored = ERR_INIT;
	struct pack_entry e;

	for (uint32_t i = 0; i < p->count; i++)
		if (pack_entry(p, i, &e, &ignored) || e.codec != PACK_SEALED)
			return true;
	return false;
}

static bool holds_plain(struct store *s)
{
	autofree char *loose = path_join(s->dir, "loose");
	autoerr ignored = ERR_INIT;

	if (fs_is_dir(loose) && fs_each_name(loose, some_name, NULL, &ignored))
		return true;
	store_load_packs(s, NULL, NULL); /* nobody else has the store yet */
	for (size_t i = 0; i < s->packs.n; i++)
		if (has_plain(s->packs.v[i]))
			return true;
	return false;
}

static int check_wish(struct store *s, const struct encryption *want, bool marked,
		      struct mlops_error *err)
{
	if (marked && want->set && !want->kind) {
		err_set(err, MLOPS_EINVALID,
			"setting 'core.encryption' is off, and the objects in '%s' are sealed",
			s->dir);
		return err_hint(err, "open them up with: mlops reseal; or take the setting away");
	}
	if (!marked && holds_plain(s)) {
		err_set(err, MLOPS_EINVALID,
			"setting 'core.encryption' is %s, and the objects in '%s' are not sealed",
			cipher_name(want->kind), s->dir);
		return err_hint(err, "seal them with: mlops reseal");
	}
	if (s->hard_link) {
		err_set(err, MLOPS_EINVALID,
			"setting 'core.link' is hardlink, and a sealed object cannot be linked");
		return err_hint(err, "mlops config --local core.link copy");
	}
	return 0;
}

static int check_mark(const struct store *s, const char *path, const char *what,
		      struct mlops_error *err)
{
	autobuf mark = { 0 };

	if (fs_read(path, SEAL_MARK_SIZE, &mark, err))
		return -1;
	if (!seal_mark_check(s->key, mark.buf, mark.len, what, err))
		return 0;
	if (err->kind == MLOPS_EKEY)
		return err_hint(err, "see where the key comes from: mlops config");
	return err_hint(err, "when you are sure of the key, delete '%s': it is made again", path);
}

/* A file with the mark, in tmp/, durable; *tmp is new, also after a failure when not NULL. */
static int write_mark(struct store *s, char **tmp, struct mlops_error *err)
{
	uint8_t mark[SEAL_MARK_SIZE];
	autoclose int fd = -1;

	if (seal_mark_put(s->key, mark, err) || loose_create(s, tmp, &fd, err) ||
	    fs_write_all(fd, mark, sizeof(mark), *tmp, err))
		return -1;
	return fsync(fd) ? err_sys(err, "cannot sync '%s'", *tmp) : 0;
}

/* The first of several that make it wins; *there: it was another. */
static int make_mark(struct store *s, const char *path, bool *there, struct mlops_error *err)
{
	autofree char *dir = path_dir(path), *tmp = NULL;
	int rc = fs_mkdirs_synced(dir, err) || write_mark(s, &tmp, err) ? -1 : 0;

	*there = !rc && link(tmp, path);
	if (*there && errno != EEXIST)
		rc = err_sys(err, "cannot write '%s'", path);
	if (tmp)
		unlink(tmp);
	return rc || fs_sync_dir(dir, err) ? -1 : 0;
}

bool sealed_is_marked(const struct store *s)
{
	autofree char *path = mark_path(s);

	return !access(path, F_OK);
}

int sealed_change_mark(struct store *s, struct mlops_error *err)
{
	autofree char *path = mark_path(s), *dir = path_dir(path), *tmp = NULL;

	if (!s->key) {
		if (unlink(path) && errno != ENOENT)
			return err_sys(err, "cannot remove '%s'", path);
		rmdir(dir); /* unless something is left in it */
		return fs_sync_dir(fs_is_dir(dir) ? dir : s->dir, err);
	}
	int rc =
		fs_mkdirs_synced(dir, err) || write_mark(s, &tmp, err) || fs_rename(tmp, path, err);
	if (rc && tmp)
		unlink(tmp);
	return rc ? -1 : 0;
}

static int mark_or_check(struct store *s, const char *path, const char *what, bool marked,
			 struct mlops_error *err)
{
	bool there = marked;

	if (!marked && make_mark(s, path, &there, err))
		return -1;
	return there ? check_mark(s, path, what, err) : 0;
}

int sealed_unlock(struct store *s, struct project *project, struct mlops_error *err)
{
	autofree char *path = mark_path(s);
	autofree char *what = NULL;
	struct encryption want;
	bool marked = sealed_is_marked(s);

	if (project_encryption(project, "core", &want, err))
		return -1;
	if (!marked && !want.kind)
		return 0;
	what = xasprintf("store '%s'", s->dir);
	if (check_wish(s, &want, marked, err))
		return -1;
	enum cipher_kind kind = want.kind ? want.kind : CIPHER_AES_256_GCM;
	if (project_seal_key(project, "core", what, kind, &s->key, err) ||
	    mark_or_check(s, path, what, marked, err))
		return -1;
	s->sealed = true;
	return 0;
}

char *mlops_store_encryption(const struct store *s)
{
	if (!s->key)
		return NULL;
	return xasprintf("%s, key %s", cipher_name(seal_key_kind(s->key)), seal_key_id(s->key));
}
