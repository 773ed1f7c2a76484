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

/* The mark of a sealed store, sealed/key: an empty object sealed under a name of zeroes. */
static const struct oid mark_name;
#define MARK_SIZE (SEALED_HEADER + CIPHER_TAG)

static int some_name(const char *name, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	return str_ends(name, ".pack") ? 0 : 1; /* an index, or a folder of loose objects */
}

static bool holds_plain(const struct store *s)
{
	autofree char *loose = path_join(s->dir, "loose"), *packs = path_join(s->dir, "packs");
	autoerr ignored = ERR_INIT;

	return (fs_is_dir(loose) && fs_each_name(loose, some_name, NULL, &ignored) > 0) ||
	       fs_each_name(packs, some_name, NULL, &ignored) > 0;
}

static int check_wish(const struct store *s, const struct encryption *want, bool marked,
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

static int check_mark(const struct store *s, const struct seal_key *key, const char *path,
		      struct mlops_error *err)
{
	struct sealed_info info;
	autobuf mark = { 0 };
	uint8_t nothing[1];

	if (fs_read(path, MARK_SIZE, &mark, err))
		return -1;
	const uint8_t *bytes = (const uint8_t *)mark.buf;
	if (mark.len != MARK_SIZE)
		return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged", path);
	if (sealed_inspect(bytes, &info, err))
		return err_wrap(err, "'%s'", path);
	if (strcmp(info.key_id, seal_key_id(key))) {
		err_set(err, MLOPS_EKEY,
			"the key does not fit: store '%s' was sealed with key %s, this key is %s",
			s->dir, info.key_id, seal_key_id(key));
		return err_hint(err, "see where the key comes from: mlops config --list");
	}
	return sealed_get(key, &mark_name, bytes, mark.len, nothing, err) ?
		       err_wrap(err, "'%s'", path) :
		       0;
}

/* The first of several that make it wins; *there: it was another. */
static int make_mark(struct store *s, const struct seal_key *key, const char *path, bool *there,
		     struct mlops_error *err)
{
	autofree char *dir = path_dir(path), *tmp = NULL;
	uint8_t mark[MARK_SIZE];
	autoclose int fd = -1;

	if (sealed_put(key, &mark_name, "", 0, mark, err) || fs_mkdirs_synced(dir, err) ||
	    loose_create(s, &tmp, &fd, err))
		return -1;
	int rc = fs_write_all(fd, mark, sizeof(mark), tmp, err);
	if (!rc && fsync(fd))
		rc = err_sys(err, "cannot sync '%s'", tmp);
	*there = !rc && link(tmp, path);
	if (*there && errno != EEXIST)
		rc = err_sys(err, "cannot write '%s'", path);
	unlink(tmp);
	return rc || fs_sync_dir(dir, err) ? -1 : 0;
}

static int mark_or_check(struct store *s, const struct seal_key *key, const char *path, bool marked,
			 struct mlops_error *err)
{
	bool there = marked;

	if (!marked && make_mark(s, key, path, &there, err))
		return -1;
	return there ? check_mark(s, key, path, err) : 0;
}

int sealed_unlock(struct store *s, struct project *project, struct mlops_error *err)
{
	autofree char *path = path_join(s->dir, "sealed/key");
	autofree char *what = NULL;
	struct encryption want;
	bool marked = !access(path, F_OK);

	if (project_encryption(project, "core", &want, err))
		return -1;
	if (!marked && !want.kind)
		return 0;
	if (!want.kind)
		want.kind = CIPHER_AES_256_GCM;
	what = xasprintf("store '%s'", s->dir);
	if (check_wish(s, &want, marked, err) ||
	    project_seal_key(project, "core", what, want.kind, &s->key, err))
		return -1;
	if (mark_or_check(s, s->key, path, marked, err))
		return -1;
	s->sealed = true;
	return 0;
}
