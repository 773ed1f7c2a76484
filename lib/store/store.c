/* Opening a store, and finding where an object lies: open pack, packs, loose. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "project/project.h"
#include "store/private.h"
#include "store/sealed.h"
#include "store/sharers.h"

#define THRESHOLD ((uint64_t)1 << 20)
#define TICK_NS   INT64_C(50000000) /* more than a tick of any file system's clock */

int store_open_dir(const char *dir, struct store **out, struct mlops_error *err)
{
	autofree char *packs = path_join(dir, "packs");

	if (fs_mkdirs_synced(packs, err))
		return -1;
	struct store *s = xcalloc(1, sizeof(*s));
	s->dir = xstrdup(dir);
	s->pack_threshold = THRESHOLD;
	s->packs_mtime_ns = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->closed, NULL);
	*out = s;
	return 0;
}

int mlops_store_open(const char *dir, struct store **out, struct mlops_error *err)
{
	struct store *s;

	if (store_open_dir(dir, &s, err))
		return -1;
	if (sealed_unlock(s, NULL, err)) {
		mlops_store_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

int mlops_store_open_unkeyed(const char *dir, struct store **out, struct mlops_error *err)
{
	if (store_open_dir(dir, out, err))
		return -1;
	(*out)->sealed = true;
	return 0;
}

void mlops_store_free(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->packs.n; i++)
		pack_free(s->packs.v[i]);
	vec_free(&s->packs);
	quarantine_free(s->quarantine);
	pack_writer_free(s->writer);
	scratch_free(s->spare);
	seal_key_free(s->key);
	pthread_cond_destroy(&s->closed);
	pthread_mutex_destroy(&s->lock);
	free(s->dir);
	free(s);
}

static int read_settings(struct project *project, struct store *s, struct mlops_error *err)
{
	const char *link = mlops_config_lookup(project, "core.link");

	if (project_config_bytes(project, "core.packThreshold", THRESHOLD, &s->pack_threshold, err))
		return -1;
	if (s->pack_threshold > PACK_OBJECT_MAX)
		return err_set(err, MLOPS_EINVALID, "setting 'core.packThreshold' is at most 64M");
	if (link && strcmp(link, "copy") && strcmp(link, "hardlink"))
		return err_set(err, MLOPS_EINVALID,
			       "setting 'core.link' takes copy or hardlink, not '%s'", link);
	s->hard_link = link && !strcmp(link, "hardlink");
	return 0;
}

static void free_slot(void *store)
{
	mlops_store_free(store);
}

/* Since the lock was let go, gc may have taken away what we knew of. */
static void look_again(void *store)
{
	struct store *s = store;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->packs.n; i++) {
		struct pack *p = s->packs.v[i];

		p->young = false;
		p->gone = p->gone || !fs_exists(p->path);
	}
	s->packs_mtime_ns = -1;
	s->fans_known = false;
	quarantine_free(steal_ptr(&s->quarantine));
	pthread_mutex_unlock(&s->lock);
}

char *mlops_store_dir(struct project *project)
{
	return project_store_dir(project);
}

int mlops_store_of(struct project *project, struct store **out, struct mlops_error *err)
{
	struct store *s = project_slot(project, PROJECT_STORE);

	if (!s) {
		autofree char *dir = project_store_dir(project);

		if (store_open_dir(dir, &s, err))
			return -1;
		project_set_slot(project, PROJECT_STORE, s, free_slot);
		project_on_lock(project, look_again);
		if (read_settings(project, s, err) || sealed_unlock(s, project, err) ||
		    project_share_store(project, err) || sharers_join(s, project, err)) {
			project_set_slot(project, PROJECT_STORE, NULL, NULL);
			mlops_store_free(s);
			return -1;
		}
	}
	*out = s;
	return 0;
}

int store_scratch(struct store *s, struct scratch **out, struct mlops_error *err)
{
	pthread_mutex_lock(&s->lock);
	*out = steal_ptr(&s->spare);
	pthread_mutex_unlock(&s->lock);
	return *out ? 0 : scratch_new(out, err);
}

void store_give_back(struct store *s, struct scratch *scratch)
{
	pthread_mutex_lock(&s->lock);
	struct scratch *old = s->spare;
	s->spare = scratch;
	pthread_mutex_unlock(&s->lock);
	scratch_free(old);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

bool store_has_pack(const struct store *s, const char *hex)
{
	for (size_t i = 0; i < s->packs.n; i++)
		if (!s->packs.v[i]->gone &&
		    !strncmp(path_base(s->packs.v[i]->path), hex, MLOPS_OID_HEX))
			return true;
	return false;
}

struct load {
	struct store *store;
	const char *dir;
	void (*report)(const char *what, void *arg);
	void *arg;
};

/* One that another process has just packed anew is no fault. */
static void complain(const struct load *l, const char *hex, const char *what)
{
	autofree char *index = xasprintf("%s/%s.idx", l->dir, hex);

	if (!fs_exists(index))
		return;
	if (l->report)
		l->report(what, l->arg);
	else
		log_warn("%s", what);
}

static int load_pack(const char *name, void *arg, struct mlops_error *ignored)
{
	struct load *l = arg;
	struct pack *pack;
	struct oid oid;
	autoerr err = ERR_INIT;
	autofree char *hex = xstrdup(name);

	(void)ignored;
	if (!str_ends(name, ".idx"))
		return 0;
	hex[strlen(hex) - 4] = '\0';
	if (!mlops_oid_parse(hex, &oid) || store_has_pack(l->store, hex))
		return 0;
	if (!pack_open(l->dir, hex, &pack, &err))
		vec_push(&l->store->packs, pack);
	else
		complain(l, hex, err.msg);
	return 0;
}

void store_load_packs(struct store *s, void (*report)(const char *what, void *arg), void *arg)
{
	autofree char *dir = path_join(s->dir, "packs");
	struct load l = { s, dir, report, arg };
	autoerr err = ERR_INIT;
	struct stat st;

	if (stat(dir, &st))
		return;
	int64_t mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	if (mtime_ns == s->packs_mtime_ns && !report)
		return;
	/* What is added in this tick of the clock would not show: then it is listed again. */
	s->packs_mtime_ns = mtime_ns + TICK_NS < now_ns() ? mtime_ns : 0;
	fs_each_name(dir, load_pack, &l, &err);
}

char *file_path(const struct store *s, enum place_kind kind, const struct oid *name)
{
	return kind == PLACE_SEALED ? sealed_path(s, name) : loose_path(s, name);
}

char *place_path(const struct store *s, const struct place *place)
{
	bool own = place->kind == PLACE_LOOSE || place->kind == PLACE_SEALED;

	return own ? file_path(s, place->kind, &place->name) : NULL;
}

static int count_pack(const char *name, void *arg, struct mlops_error *err)
{
	(void)err;
	*(uint64_t *)arg += str_ends(name, ".idx");
	return 0;
}

int store_count_packs(struct store *s, uint64_t *out, struct mlops_error *err)
{
	autofree char *dir = path_join(s->dir, "packs");

	*out = 0;
	return fs_each_name(dir, count_pack, out, err);
}

static bool find_packed(struct store *s, const struct oid *name, struct place *out)
{
	for (size_t i = s->packs.n; i-- > 0;) {
		struct pack *p = s->packs.v[i];

		if (p->gone || !pack_find(p, name, &out->entry))
			continue;
		if (p->fd < 0)
			p->fd = open(p->path, O_RDONLY | O_CLOEXEC);
		p->gone = p->fd < 0 && errno == ENOENT; /* packed anew by another process */
		if (p->gone) {
			s->packs_mtime_ns = -1;
			continue;
		}
		out->fd = p->fd;
		out->pack = p;
		out->kind = PLACE_PACK;
		return true;
	}
	return false;
}

static bool find_loose(struct store *s, const struct oid *name, enum place_kind kind, bool fresh,
		       struct place *out)
{
	if (kind == PLACE_LOOSE && !fresh && !loose_may_have(s, name))
		return false;
	autofree char *path = file_path(s, kind, name);

	if (!loose_find(path, &out->size))
		return false;
	out->kind = kind;
	return true;
}

/* Looks at what another process may have done meanwhile; gc, for one, puts objects aside. */
static void find_late(struct store *s, const struct oid *name, enum place_kind loose,
		      struct place *out)
{
	store_load_packs(s, NULL, NULL);
	if (find_packed(s, name, out) || !quarantine_restore(s, loose, name))
		return;
	store_load_packs(s, NULL, NULL);
	if (!find_packed(s, name, out))
		find_loose(s, name, loose, true, out);
}

/* `loose` is the kind that one in a file of its own has. */
/* What a pack that is being made durable holds is seen when that has ended. */
static bool await_closing(struct store *s)
{
	if (!s->closing)
		return false;
	pthread_cond_wait(&s->closed, &s->lock);
	return true;
}

static void find_place(struct store *s, const struct oid *name, enum place_kind loose, bool fresh,
		       struct place *out)
{
	if (s->writer && pack_writer_find(s->writer, name, &out->entry))
		out->kind = PLACE_OPEN;
	else if (!find_packed(s, name, out) && !find_loose(s, name, loose, fresh, out) &&
		 (fresh || s->packs_mtime_ns < 0))
		find_late(s, name, loose, out);
}

static void find_named(struct store *s, const struct oid *name, enum place_kind loose, bool fresh,
		       struct place *out)
{
	*out = (struct place){ .fd = -1, .name = *name };
	pthread_mutex_lock(&s->lock);
	if (s->packs_mtime_ns < 0)
		store_load_packs(s, NULL, NULL);
	do
		find_place(s, name, loose, fresh, out);
	while (out->kind == PLACE_NONE && fresh && await_closing(s));
	if (out->kind == PLACE_PACK || out->kind == PLACE_OPEN)
		out->size = out->entry.raw;
	pthread_mutex_unlock(&s->lock);
}

static bool find_sealed(struct store *s, const struct oid *oid, bool fresh, struct place *out)
{
	struct oid name;

	sealed_name(s, oid, &name);
	find_named(s, &name, PLACE_SEALED, fresh, out);
	if (out->kind == PLACE_NONE)
		return false;
	out->size = sealed_object_size(s, out->size);
	return true;
}

void store_find(struct store *s, const struct oid *oid, bool fresh, struct place *out)
{
	if ((!s->sealed || !find_sealed(s, oid, fresh, out)) && !(s->strict && s->sealed))
		find_named(s, oid, PLACE_LOOSE, fresh, out);
}

bool store_has_name(struct store *s, const struct oid *name)
{
	struct place place;

	if (s->sealed)
		find_named(s, name, PLACE_SEALED, true, &place);
	return (s->sealed && place.kind != PLACE_NONE) || mlops_store_has(s, name);
}

bool mlops_store_has(struct store *s, const struct oid *oid)
{
	struct place place;

	store_find(s, oid, true, &place);
	return place.kind != PLACE_NONE;
}

int mlops_store_size(struct store *s, const struct oid *oid, uint64_t *out, struct mlops_error *err)
{
	struct place place;

	store_find(s, oid, true, &place);
	if (place.kind == PLACE_NONE)
		return store_missing(oid, err);
	*out = place.size;
	return 0;
}

int store_missing(const struct oid *oid, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	err_set(err, MLOPS_ENOTFOUND, "object sha256:%s is not in the store",
		mlops_oid_hex(oid, hex));
	return err_hint(err, "fetch it with: mlops pull");
}

int store_damaged(const struct oid *oid, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	err_set(err, MLOPS_ECORRUPT, "object sha256:%s is damaged in the store",
		mlops_oid_hex(oid, hex));
	return err_hint(err, "mend it with: mlops verify --repair");
}
