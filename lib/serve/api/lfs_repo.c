/* What repositories have: kept in memory once asked for, and in files that are enough to begin anew. */
#include <fcntl.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "remote/remote.h"
#include "serve/api/lfs.h"

#define MAX_OBJECTS ((size_t)1 << 30) /* bytes of the list: 16 million */
#define MAX_LOCKS   ((size_t)16 << 20)
#define LINE        (MLOPS_OID_HEX + 1)
#define ID_BYTES    16

struct repo {
	char *dir;
	struct map oids; /* a set */
	VEC(struct lfs_file_lock) locks;
};

struct lfs_repos {
	char *dir;
	pthread_mutex_t lock; /* guards the rest, and the files */
	struct map by_name;   /* -> struct repo * */
};

struct lfs_repos *lfs_repos_new(const char *data)
{
	struct lfs_repos *all = xcalloc(1, sizeof(*all));

	all->dir = path_join(data, "lfs");
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void lfs_file_lock_clear(struct lfs_file_lock *l)
{
	free(l->id);
	free(l->path);
	free(l->owner);
	*l = (struct lfs_file_lock){ 0 };
}

static void repo_free(void *arg)
{
	struct repo *r = arg;

	for (size_t i = 0; i < r->locks.n; i++)
		lfs_file_lock_clear(&r->locks.v[i]);
	vec_free(&r->locks);
	map_clear(&r->oids);
	free(r->dir);
	free(r);
}

void lfs_repos_free(struct lfs_repos *all)
{
	if (!all)
		return;
	map_clear_values(&all->by_name, repo_free);
	pthread_mutex_destroy(&all->lock);
	free(all->dir);
	free(all);
}

static int read_file(const struct repo *r, const char *name, size_t max, struct strbuf *out,
		     struct mlops_error *err)
{
	autofree char *path = path_join(r->dir, name);

	if (!fs_read(path, max, out, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int load_objects(struct repo *r, struct mlops_error *err)
{
	struct oid_list list = { 0 };
	autobuf text = { 0 };

	if (read_file(r, "objects", MAX_OBJECTS, &text, err))
		return -1;
	int rc = oid_list_parse(text.buf ? text.buf : "", text.len - text.len % LINE, SIZE_MAX,
				&list, err);
	for (size_t i = 0; !rc && i < list.n; i++)
		map_putn(&r->oids, list.v[i].sha256, sizeof(list.v[i]), r);
	vec_free(&list);
	return rc ? err_set(err, MLOPS_ECORRUPT, "'%s/objects' is damaged", r->dir) : 0;
}

static bool read_lock(const struct json *v, struct lfs_file_lock *out)
{
	const char *id = js_get_text(v, "id"), *path = js_get_text(v, "path"),
		   *owner = js_get_text(v, "owner");

	if (!id || !path || !owner || !js_get_int(v, "locked_ms", &out->locked_ms))
		return false;
	out->id = xstrdup(id);
	out->path = xstrdup(path);
	out->owner = xstrdup(owner);
	return true;
}

static int load_locks(struct repo *r, struct mlops_error *err)
{
	autofree char *shown = path_join(r->dir, "locks");
	autojson *top = NULL;
	autobuf text = { 0 };

	if (read_file(r, "locks", MAX_LOCKS, &text, err) ||
	    (text.len && js_parse(text.buf, text.len, shown, &top, err)))
		return -1;
	const struct json *list = js_get(top, "locks");
	for (size_t i = 0; i < js_len(list); i++) {
		struct lfs_file_lock lock = { 0 };

		if (!read_lock(js_at(list, i), &lock))
			return err_set(err, MLOPS_ECORRUPT, "'%s' is damaged", shown);
		vec_push(&r->locks, lock);
	}
	return 0;
}

/* *out is NULL for one that nobody pushed to: there could be any number of names. Lock held. */
static int find(struct lfs_repos *all, const char *name, struct repo **out, struct mlops_error *err)
{
	autofree char *dir = path_join(all->dir, name);

	*out = map_get(&all->by_name, name);
	if (*out || !fs_is_dir(dir))
		return 0;
	struct repo *r = xcalloc(1, sizeof(*r));
	r->dir = steal_ptr(&dir);
	if (load_objects(r, err) || load_locks(r, err)) {
		repo_free(r);
		return -1;
	}
	map_put(&all->by_name, name, r);
	*out = r;
	return 0;
}

static int make(struct lfs_repos *all, const char *name, struct repo **out, struct mlops_error *err)
{
	autofree char *dir = path_join(all->dir, name);

	return fs_mkdirs_synced(dir, err) || find(all, name, out, err) ? -1 : 0;
}

int lfs_repo_has(struct lfs_repos *all, const char *name, const struct oid *oid, bool *has,
		 struct mlops_error *err)
{
	struct repo *r;

	pthread_mutex_lock(&all->lock);
	int rc = find(all, name, &r, err);
	*has = !rc && r && map_getn(&r->oids, oid->sha256, sizeof(*oid));
	pthread_mutex_unlock(&all->lock);
	return rc;
}

/* A line that a kill cut off is written over. */
static int append(const struct repo *r, const struct oid *oid, struct mlops_error *err)
{
	autofree char *path = path_join(r->dir, "objects");
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	char line[LINE + 1];
	struct stat st;

	mlops_oid_hex(oid, line);
	line[LINE - 1] = '\n';
	if (fd < 0 || fstat(fd, &st) ||
	    pwrite(fd, line, LINE, st.st_size - st.st_size % LINE) != LINE || fdatasync(fd))
		return err_sys(err, "cannot write '%s'", path);
	return 0;
}

int lfs_repo_add(struct lfs_repos *all, const char *name, const struct oid *oid,
		 struct mlops_error *err)
{
	struct repo *r;

	pthread_mutex_lock(&all->lock);
	int rc = make(all, name, &r, err);
	if (!rc && !map_getn(&r->oids, oid->sha256, sizeof(*oid))) {
		rc = append(r, oid, err);
		if (!rc)
			map_putn(&r->oids, oid->sha256, sizeof(*oid), r);
	}
	pthread_mutex_unlock(&all->lock);
	return rc;
}

/* ---- locks ---- */

static struct lfs_file_lock copy_lock(const struct lfs_file_lock *l)
{
	return (struct lfs_file_lock){ xstrdup(l->id), xstrdup(l->path), xstrdup(l->owner),
				       l->locked_ms };
}

static int write_locks(const struct repo *r, struct mlops_error *err)
{
	autofree char *path = path_join(r->dir, "locks");
	autojson *top = js_obj();
	struct json *list = js_arr();
	autobuf text = { 0 };

	js_set(top, "locks", list);
	for (size_t i = 0; i < r->locks.n; i++) {
		const struct lfs_file_lock *l = &r->locks.v[i];
		struct json *v = js_obj();

		js_set(v, "id", js_str(l->id));
		js_set(v, "path", js_str(l->path));
		js_set(v, "owner", js_str(l->owner));
		js_set(v, "locked_ms", js_int(l->locked_ms));
		js_push(list, v);
	}
	js_dump(top, JS_PRETTY, &text);
	if (text.len > MAX_LOCKS)
		return err_set(err, MLOPS_EINVALID, "there are too many locks");
	return fs_write_atomic(path, text.buf, text.len, 0666, err);
}

int lfs_repo_locks(struct lfs_repos *all, const char *name,
		   int (*fn)(const struct lfs_file_lock *lock, void *arg, struct mlops_error *err),
		   void *arg, struct mlops_error *err)
{
	struct repo *r;

	pthread_mutex_lock(&all->lock);
	int rc = find(all, name, &r, err);
	for (size_t i = 0; !rc && r && i < r->locks.n; i++)
		rc = fn(&r->locks.v[i], arg, err);
	pthread_mutex_unlock(&all->lock);
	return rc;
}

static int take_lock(struct repo *r, const char *path, const char *owner,
		     struct lfs_file_lock *held, struct mlops_error *err)
{
	char id[RAND_HEX_SIZE(ID_BYTES)];

	for (size_t i = 0; i < r->locks.n; i++) {
		if (strcmp(r->locks.v[i].path, path))
			continue;
		*held = copy_lock(&r->locks.v[i]);
		return err_set(err, MLOPS_EEXISTS, "the file is locked already");
	}
	const struct lfs_file_lock lock = { rand_hex(id, ID_BYTES), (char *)path, (char *)owner,
					    clock_now_ms() };
	vec_push(&r->locks, copy_lock(&lock));
	if (write_locks(r, err)) {
		lfs_file_lock_clear(&r->locks.v[--r->locks.n]);
		return -1;
	}
	*held = copy_lock(&lock);
	return 0;
}

int lfs_repo_lock(struct lfs_repos *all, const char *name, const char *path, const char *owner,
		  struct lfs_file_lock *held, struct mlops_error *err)
{
	struct repo *r;

	pthread_mutex_lock(&all->lock);
	int rc = make(all, name, &r, err) || take_lock(r, path, owner, held, err) ? -1 : 0;
	pthread_mutex_unlock(&all->lock);
	return rc;
}

static int drop_lock(struct repo *r, size_t i, const char *owner, bool force,
		     struct lfs_file_lock *was, struct mlops_error *err)
{
	struct lfs_file_lock lock = r->locks.v[i];
	size_t rest = r->locks.n - i - 1;

	if (strcmp(lock.owner, owner) && !force)
		return err_set(err, MLOPS_ENO, "the lock is %s's", lock.owner);
	memmove(&r->locks.v[i], &r->locks.v[i + 1], rest * sizeof(lock));
	r->locks.n--;
	if (write_locks(r, err)) {
		memmove(&r->locks.v[i + 1], &r->locks.v[i], rest * sizeof(lock));
		r->locks.v[i] = lock;
		r->locks.n++;
		return -1;
	}
	*was = lock;
	return 0;
}

int lfs_repo_unlock(struct lfs_repos *all, const char *name, const char *id, const char *owner,
		    bool force, struct lfs_file_lock *was, struct mlops_error *err)
{
	struct repo *r;
	size_t i = 0;

	pthread_mutex_lock(&all->lock);
	int rc = find(all, name, &r, err);
	while (!rc && r && i < r->locks.n && strcmp(r->locks.v[i].id, id))
		i++;
	if (!rc)
		rc = r && i < r->locks.n ? drop_lock(r, i, owner, force, was, err) :
					   err_set(err, MLOPS_ENOTFOUND, "there is no such lock");
	pthread_mutex_unlock(&all->lock);
	return rc;
}
