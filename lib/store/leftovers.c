/* Packs of which a process that was killed while it removed or wrote them has left a part. */
#include "store/leftovers.h"

#include <errno.h>

#include "base/fs.h"
#include "base/path.h"
#include "store/private.h"

struct leftovers {
	struct store *store;
	const char *dir;
	bool count_only;
	uint64_t bytes;
	bool whole; /* all that a pack holds is elsewhere too */
};

static int look_elsewhere(const struct pack_entry *e, void *arg, struct mlops_error *err)
{
	struct leftovers *l = arg;

	(void)err;
	l->whole = l->whole && store_has_name(l->store, &e->oid);
	return 0;
}

/* A writer that was killed leaves a pack without an index; so does a mishap that can be mended. */
static int check_orphan(struct leftovers *l, const char *name, struct mlops_error *err)
{
	autofree char *hex = xstrndup(name, strlen(name) - strlen(".pack"));

	l->whole = true;
	return pack_claims(l->dir, hex, look_elsewhere, l, err);
}

static int drop_pack(struct leftovers *l, const char *path, struct mlops_error *err)
{
	struct stat st;

	if (!lstat(path, &st))
		l->bytes += (uint64_t)st.st_size;
	return l->count_only ? 0 : pack_remove_gone(path, err);
}

static int drop_note(const struct leftovers *l, const char *gone, struct mlops_error *err)
{
	if (!l->count_only && unlink(gone) && errno != ENOENT)
		return err_sys(err, "cannot remove '%s'", gone);
	return 0;
}

static int drop_orphan(const char *name, void *arg, struct mlops_error *err)
{
	struct leftovers *l = arg;
	autofree char *path = NULL, *index = NULL, *gone = NULL;

	if (!str_ends(name, ".pack") && !str_ends(name, ".gone"))
		return 0;
	path = xasprintf("%s/%.*s.pack", l->dir, (int)strlen(name) - 5, name);
	gone = pack_gone_path(path);
	index = pack_index_path(path);
	if (fs_exists(index)) /* written anew, if it was gone */
		return drop_note(l, gone, err);
	if (fs_exists(gone)) /* a gc was killed here */
		return drop_pack(l, path, err);
	if (!fs_exists(path))
		return 0;
	if (check_orphan(l, name, err))
		return -1;
	return l->whole ? drop_pack(l, path, err) : 0;
}

int leftovers_remove(struct store *s, bool count_only, uint64_t *bytes, struct mlops_error *err)
{
	autofree char *dir = path_join(s->dir, "packs");
	struct leftovers l = { .store = s, .dir = dir, .count_only = count_only };

	if (fs_each_name(dir, drop_orphan, &l, err))
		return -1;
	*bytes += l.bytes;
	return 0;
}
