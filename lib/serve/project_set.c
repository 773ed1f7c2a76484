/* Opened projects are few, and looked for one by one. */
#include "serve/project_set.h"

#include <pthread.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/rand.h"
#include "crypto/mac.h"
#include "serve/access.h"
#include "serve/api/lfs.h"
#include "serve/api/oci.h"
#include "serve/tracker.h"

struct place {
	char *name;
	struct object_server server;
};

struct project_set {
	const struct server *server;
	pthread_mutex_t lock; /* guards what follows; what a place holds is never changed */
	VEC(struct place *) places;
};

static char *folder_of(const char *data, const char *name)
{
	return !strcmp(name, PROJECT_DEFAULT) ? xstrdup(data) :
						xasprintf("%s/projects/%s", data, name);
}

int project_make(const char *data, const char *name, struct mlops_error *err)
{
	autofree char *dir = folder_of(data, name);

	return fs_mkdirs_synced(dir, err);
}

static void place_free(struct place *p)
{
	oci_uploads_free(p->server.uploads);
	lfs_repos_free(p->server.lfs);
	mac_free(p->server.links);
	tracker_free(p->server.tracker);
	mlops_store_free(p->server.store);
	mlops_store_free(p->server.sealed);
	free((char *)p->server.data);
	free(p->name);
	free(p);
}

static int make_links(struct object_server *s, struct mlops_error *err)
{
	uint8_t key[32];

	rand_bytes(key, sizeof(key));
	int rc = mac_new(key, sizeof(key), &s->links, err);
	explicit_bzero(key, sizeof(key));
	return rc;
}

static int place_open(const struct project_set *set, const char *name, struct place **out,
		      struct mlops_error *err)
{
	struct place *p = xcalloc(1, sizeof(*p));
	struct object_server *s = &p->server;

	p->name = xstrdup(name);
	s->server = set->server;
	s->data = folder_of(s->server->data, name);
	s->tokens = s->server->tokens;
	s->uploads = oci_uploads_new();
	s->lfs = lfs_repos_new(s->data);
	autofree char *objects = path_join(s->data, "store"),
		      *sealed = path_join(s->data, "sealed");
	if (mlops_store_open(objects, &s->store, err) ||
	    mlops_store_open_unkeyed(sealed, &s->sealed, err) || make_links(s, err) ||
	    tracker_open(s->data, s->store, &s->tracker, err)) {
		place_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

static int find_or_open(struct project_set *set, const char *name, struct place **out,
			struct mlops_error *err)
{
	for (size_t i = 0; i < set->places.n; i++) {
		*out = set->places.v[i];
		if (!strcmp((*out)->name, name))
			return 0;
	}
	autofree char *dir = folder_of(set->server->data, name);
	if (!token_name_is_good(name) || !fs_is_dir(dir))
		return err_set(err, MLOPS_ENOTFOUND, "there is no project of that name");
	if (place_open(set, name, out, err))
		return -1;
	vec_push(&set->places, *out);
	return 0;
}

int project_set_get(struct project_set *set, const char *name, struct object_server **out,
		    struct mlops_error *err)
{
	struct place *place;

	pthread_mutex_lock(&set->lock);
	int rc = find_or_open(set, name ? name : PROJECT_DEFAULT, &place, err);
	pthread_mutex_unlock(&set->lock);
	if (!rc)
		*out = &place->server;
	return rc;
}

int project_set_open(const struct server *server, struct project_set **out, struct mlops_error *err)
{
	struct project_set *set = xcalloc(1, sizeof(*set));
	struct object_server *first;

	set->server = server;
	pthread_mutex_init(&set->lock, NULL);
	if (project_set_get(set, NULL, &first, err)) {
		autoerr ignored = ERR_INIT;

		project_set_close(set, &ignored);
		return -1;
	}
	*out = set;
	return 0;
}

int project_set_close(struct project_set *set, struct mlops_error *err)
{
	int rc = 0;

	if (!set)
		return 0;
	for (size_t i = 0; i < set->places.n; i++) {
		const struct object_server *s = &set->places.v[i]->server;

		if (!rc)
			rc = mlops_store_flush(s->store, err) || mlops_store_flush(s->sealed, err);
		place_free(set->places.v[i]);
	}
	vec_free(&set->places);
	pthread_mutex_destroy(&set->lock);
	free(set);
	return rc ? -1 : 0;
}
