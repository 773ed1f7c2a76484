/* Opening a remote: which one, by which transport and layout, with which settings. */
#include "crypto/hash.h"
#include "http/engine.h"
#include "mlops/config.h"
#include "project/project.h"
#include "remote/layout.h"
#include "remote/sealed.h"

#define DEFAULT_TIMEOUT_MS 60000
#define MAX_JOBS           64

static int default_name(struct project *project, char **out, struct mlops_error *err)
{
	const char *chosen = mlops_config_lookup(project, "core.remote");
	struct remote_info *list;
	size_t n;

	*out = chosen ? xstrdup(chosen) : NULL;
	if (*out)
		return 0;
	if (mlops_remotes_list(project, &list, &n, err))
		return -1;
	for (size_t i = 0; i < n && !*out; i++)
		if (list[i].is_default)
			*out = xstrdup(list[i].name);
	mlops_remotes_free(list, n);
	if (*out)
		return 0;
	if (!n) {
		err_set(err, MLOPS_ENOTFOUND, "no remote is set up");
		return err_hint(err, "add one with: mlops remote add origin <path or url>");
	}
	err_set(err, MLOPS_ENOTFOUND, "there are %zu remotes and none is the default", n);
	return err_hint(err, "name one with -r, or choose: mlops config core.remote <name>");
}

/* A path in the settings is relative to the project's root, wherever the command runs. */
static char *complete_url(struct project *project, const char *url)
{
	return strstr(url, "://") ? xstrdup(url) : project_shared_path(project, url);
}

static unsigned jobs_of(const struct transport_how *how)
{
	return how->jobs < 0 ? 0 : how->jobs > MAX_JOBS ? MAX_JOBS : (unsigned)how->jobs;
}

int remote_connect(const struct transport_how *how, struct remote **out, struct mlops_error *err)
{
	autoremote *r = xcalloc(1, sizeof(*r));
	struct transport_how full = *how;

	if (transport_find(how->url, &r->transport, err))
		return -1;
	r->name = xstrdup(how->name);
	r->layout = &layout_native;
	r->jobs = how->jobs;
	const struct http_engine_how engine = { .jobs = jobs_of(how), .rate = how->rate };
	r->engine = http_engine_new(&engine);
	full.engine = r->engine;
	full.moved = &r->moved;
	if (r->transport->open(&full, &r->conn, err))
		return -1;
	*out = steal_ptr(&r);
	return 0;
}

/* One a URL: what was known of a remote is not taken for what is known of another. */
static int find_known_dir(struct project *project, const char *url, char **out,
			  struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];
	struct oid name;

	if (hash_buf(url, strlen(url), &name, err))
		return -1;
	mlops_oid_hex(&name, hex);
	autofree char *relative = xasprintf("remotes/%.16s", hex);
	*out = project_shared_file(project, relative);
	return 0;
}

int remote_open(struct project *project, const struct transfer_how *transfer, struct remote **out,
		struct mlops_error *err)
{
	const char *name = transfer->remote;
	autofree char *chosen = NULL;
	autoerr none = ERR_INIT;

	if (default_name(project, &chosen, &none) && !name)
		return err_move(err, &none);
	bool is_default = chosen && (!name || !strcmp(name, chosen));
	name = name ? name : chosen;
	autofree char *key = xasprintf("remote.%s.url", name);
	const char *url = mlops_config_lookup(project, key);
	if (!url)
		return remote_no_such(name, err);
	autofree char *complete = complete_url(project, url),
		      *state = project_file(project, "run/uploads");
	struct transport_how how = { .name = name,
				     .url = complete,
				     .is_default = is_default,
				     .project = project,
				     .state_dir = state,
				     .jobs = transfer->jobs,
				     .rate = transfer->rate };
	autoseal *seal = NULL;
	if (remote_seal_new(project, name, &seal, err) || remote_check_secrets(complete, err) ||
	    project_config_duration(project, "http.timeout", DEFAULT_TIMEOUT_MS, &how.timeout_ms,
				    err))
		return -1;
	autofree char *known = NULL;
	if (find_known_dir(project, complete, &known, err))
		return -1;
	how.sealed = seal;
	if (remote_connect(&how, out, err))
		return -1;
	(*out)->seal = steal_ptr(&seal);
	(*out)->known_dir = steal_ptr(&known);
	return 0;
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	if (r->layout && r->layout->close)
		r->layout->close(r);
	if (r->conn)
		r->transport->close(r->conn);
	http_engine_free(r->engine);
	remote_seal_free(r->seal);
	free(r->known_dir);
	free(r->name);
	free(r);
}

int remote_service(struct remote *r, const struct object_service **out, void **conn,
		   struct mlops_error *err)
{
	const struct object_service *own = NULL;

	if (r->transport->objects && r->transport->objects(r->conn, &own, err))
		return -1;
	*conn = own ? r->conn : r;
	*out = own ? own : &r->layout->service;
	return 0;
}

/* The service to ask for objects: one that seals them is before the remote's. */
static int find_service(struct remote *r, const struct object_service **out, void **conn,
			struct mlops_error *err)
{
	if (!r->seal)
		return remote_service(r, out, conn, err);
	*out = &sealed_service;
	*conn = r;
	return 0;
}

int remote_check(struct remote *r, struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	if (r->transport->check(r->conn, err) || remote_service(r, &service, &conn, err) ||
	    (conn == r && r->layout->check(r, err)))
		return -1;
	return r->seal ? remote_seal_check(r, err) : 0;
}

int mlops_remote_check(struct project *project, const char *name, struct mlops_error *err)
{
	const struct transfer_how how = { .remote = name };
	autoremote *r = NULL;

	return remote_open(project, &how, &r, err) ? -1 : remote_check(r, err);
}

int remote_has(struct remote *r, const struct remote_item *items, size_t n, bool *present,
	       struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	return find_service(r, &service, &conn, err) ? -1 :
						       service->has(conn, items, n, present, err);
}

int remote_get(struct remote *r, const struct remote_item *items, size_t n,
	       const struct frame_sink *sink, struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	return find_service(r, &service, &conn, err) ? -1 : service->get(conn, items, n, sink, err);
}

int remote_put(struct remote *r, const struct remote_item *items, size_t n, bool ordered,
	       const struct remote_provider *from, struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	if (find_service(r, &service, &conn, err))
		return -1;
	return service->put(conn, items, n, ordered, from, err);
}

int remote_finish(struct remote *r, bool *again, struct mlops_error *err)
{
	const struct object_service *service;
	void *conn;

	*again = false;
	if (remote_service(r, &service, &conn, err))
		return -1;
	return service->finish ? service->finish(conn, again, err) : 0;
}

uint64_t remote_get_bytes(struct remote *r)
{
	const struct object_service *service;
	autoerr ignored = ERR_INIT;
	void *conn;

	return find_service(r, &service, &conn, &ignored) ? 0 : service->get_bytes;
}

int remote_damaged(const struct remote *r, const struct oid *oid, struct mlops_error *err)
{
	char hex[MLOPS_OID_HEX + 1];

	err_set(err, MLOPS_ECORRUPT, "remote '%s' holds a damaged object %s", r->name,
		mlops_oid_hex(oid, hex));
	return err_hint(err, "nothing of it was stored; push it again from where it is whole");
}
