/* Putting aside what gc collects, bringing back what is looked for, and letting go of the rest. */
#include "store/quarantine.h"

#include <fcntl.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/path.h"
#include "store/mark.h"

struct quarantine {
	struct strlist dirs;
	VEC(struct pack *) packs;
};

void quarantine_free(struct quarantine *q)
{
	if (!q)
		return;
	strlist_clear(&q->dirs);
	for (size_t i = 0; i < q->packs.n; i++)
		pack_free(q->packs.v[i]);
	vec_free(&q->packs);
	free(q);
}

int quarantine_open(struct store *s, char **out, struct mlops_error *err)
{
	autofree char *all = path_join(s->dir, "quarantine");
	time_t now = (time_t)(clock_now_ms() / 1000);
	char name[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(name, sizeof(name), "%Y-%m-%dT%H%M%SZ", &tm);
	autofree char *dir = path_join(all, name);
	if (fs_mkdirs_synced(dir, err))
		return -1;
	*out = steal_ptr(&dir);
	return 0;
}

static char *path_of(const char *dir, enum place_kind kind, const struct oid *name)
{
	char hex[MLOPS_OID_HEX + 1];

	return xasprintf("%s/%s%s", dir, mlops_oid_hex(name, hex),
			 kind == PLACE_SEALED ? ".sealed" : "");
}

int quarantine_file(struct store *s, const struct file_copy *copy, const char *dir,
		    struct mlops_error *err)
{
	autofree char *from = file_path(s, copy->kind, &copy->name);
	autofree char *to = path_of(dir, copy->kind, &copy->name);

	if (FAULT("gc.quarantine") || rename(from, to))
		return err_sys(err, "cannot put '%s' into quarantine", from);
	return 0;
}

struct expiry {
	const char *dir;
	int64_t before_ms;
};

static int expire(const char *name, void *arg, struct mlops_error *err)
{
	const struct expiry *e = arg;
	autofree char *dir = path_join(e->dir, name);
	struct stat st;

	if (lstat(dir, &st))
		return err_sys(err, "cannot look at '%s'", dir);
	if (st.st_mtim.tv_sec * INT64_C(1000) > e->before_ms)
		return 0;
	if (FAULT("gc.expire"))
		return err_sys(err, "cannot remove '%s'", dir);
	return fs_remove_tree(dir, err);
}

int quarantine_expire(struct store *s, int64_t before_ms, struct mlops_error *err)
{
	autofree char *all = path_join(s->dir, "quarantine");
	struct expiry e = { all, before_ms };

	return fs_is_dir(all) ? fs_each_name(all, expire, &e, err) : 0;
}

struct lister {
	struct quarantine *q;
	const char *dir;
};

static int add_pack(const char *name, void *arg, struct mlops_error *err)
{
	struct lister *l = arg;
	autofree char *hex = xstrdup(name);
	autoerr half = ERR_INIT; /* of a gc that was killed: there is nothing to bring back */
	struct pack *pack;

	(void)err;
	if (!str_ends(name, ".idx"))
		return 0;
	hex[strlen(hex) - 4] = '\0';
	if (!pack_open(l->dir, hex, &pack, &half))
		vec_push(&l->q->packs, pack);
	return 0;
}

static int add_dir(const char *name, void *arg, struct mlops_error *err)
{
	struct lister *all = arg;
	autofree char *dir = path_join(all->dir, name);
	struct lister l = { all->q, dir };

	strlist_add(&l.q->dirs, dir);
	return fs_each_name(dir, add_pack, &l, err);
}

static struct quarantine *load(struct store *s)
{
	struct quarantine *q = xcalloc(1, sizeof(*q));
	autofree char *all = path_join(s->dir, "quarantine");
	struct lister l = { q, all };
	autoerr none = ERR_INIT;

	fs_each_name(all, add_dir, &l, &none);
	return q;
}

/* What somebody looked for is as young as if it had just been stored. */
static void bring_back(const char *from, const char *to)
{
	utimensat(AT_FDCWD, from, NULL, AT_SYMLINK_NOFOLLOW); /* it may be another user's */
	rename(from, to); /* fails when another process has just done so */
}

static bool restore_file(struct store *s, enum place_kind kind, const struct oid *name,
			 const char *dir)
{
	autofree char *from = path_of(dir, kind, name);
	autofree char *to = file_path(s, kind, name);
	autofree char *folder = path_dir(to);
	autoerr err = ERR_INIT;

	if (!fs_exists(from) || fs_mkdirs_synced(folder, &err))
		return false;
	bring_back(from, to);
	return true;
}

/* The pack before its index, as when it was written. */
static void restore_pack(struct store *s, const struct pack *p)
{
	autofree char *from_index = pack_index_path(p->path), *packs = path_join(s->dir, "packs");
	autofree char *to = path_join(packs, path_base(p->path));
	autofree char *to_index = pack_index_path(to);

	bring_back(p->path, to);
	bring_back(from_index, to_index);
	s->packs_mtime_ns = -1;
}

bool quarantine_restore(struct store *s, enum place_kind kind, const struct oid *name)
{
	struct pack_entry e;

	if (!s->quarantine)
		s->quarantine = load(s);
	for (size_t i = 0; i < s->quarantine->dirs.n; i++)
		if (restore_file(s, kind, name, s->quarantine->dirs.v[i]))
			return true;
	for (size_t i = 0; i < s->quarantine->packs.n; i++) {
		if (!pack_find(s->quarantine->packs.v[i], name, &e))
			continue;
		restore_pack(s, s->quarantine->packs.v[i]);
		return true;
	}
	return false;
}
