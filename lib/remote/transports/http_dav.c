/*
 * A plain web server: reading needs no more than GET and HEAD, changing needs WebDAV (RFC 4918). What
 * is put goes under tmp/ first and is moved to its place, so that it is whole when it is seen.
 */
#include "base/num.h"
#include "base/path.h"
#include "base/rand.h"
#include "fmt/xml.h"
#include "remote/transports/http_link.h"

#define MAX_DEPTH 32

static char *key_url(const struct link *l, const char *key)
{
	struct strbuf url = { 0 };

	strbuf_addf(&url, "%s/", l->url);
	url_encode(&url, key, "/");
	return strbuf_steal(&url);
}

static bool is_one_of(int status, const int *statuses)
{
	for (; *statuses; statuses++)
		if (status == *statuses)
			return true;
	return false;
}

/* The ways in which servers say that a folder or a method is not there. */
static const int absent[] = { 404, 410, 0 }, no_folder[] = { 403, 404, 409, 0 },
		 no_method[] = { 405, 501, 0 };

static int refused(struct link *l, const struct web_call *c, const char *what,
		   struct mlops_error *err)
{
	if (!is_one_of(c->r.status, no_method))
		return link_refused(l, c, err);
	err_set(err, MLOPS_EREMOTE, "remote '%s': the web server at '%s' does not %s (HTTP %d)",
		l->web.name, l->url, what, c->r.status);
	return err_hint(err, "that takes WebDAV, or an mlops server");
}

int dav_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err)
{
	struct link *l = conn;
	autocall c = WEB_CALL(.method = "HEAD", .url = key_url(l, key), .follow = true);

	if (web_run(&l->web, &c, err))
		return -1;
	*out = (struct key_info){ 0 };
	if (web_succeeded(&c))
		web_key_info(&c, out);
	else if (!is_one_of(c.r.status, absent))
		return link_refused(l, &c, err);
	return 0;
}

int dav_get(void *conn, const char *key, struct byte_range range, const struct byte_sink *sink,
	    struct mlops_error *err)
{
	struct link *l = conn;
	autocall c =
		WEB_CALL(.method = "GET", .url = key_url(l, key), .sink = sink, .follow = true);

	c.range = range;
	if (!range.n)
		return 0;
	if (web_run(&l->web, &c, err))
		return -1;
	if (web_succeeded(&c) || c.r.status == 416)
		return 0;
	if (is_one_of(c.r.status, absent))
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not there", key);
	return link_refused(l, &c, err);
}

/* A request without a body; its status is the caller's to judge. */
static int ask(struct link *l, const char *method, const char *url, const char *destination,
	       bool overwrite, int *status, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = method, .url = xstrdup(url), .follow = true);

	if (destination) {
		web_header(&c, "Destination: %s", destination);
		web_header(&c, "Overwrite: %s", overwrite ? "T" : "F");
	}
	if (web_run(&l->web, &c, err))
		return -1;
	*status = c.r.status;
	if (c.r.status == 401 || is_one_of(c.r.status, no_method))
		return !strcmp(method, "MKCOL") && c.r.status == 405 ?
			       0 /* it is there */ :
			       refused(l, &c, "change what it serves", err);
	return 0;
}

/* All folders of the URL and above the key, from the top; one that is there is refused: fine. */
static int make_folders(struct link *l, const char *key, struct mlops_error *err)
{
	autofree char *url = key_url(l, key);
	char *path = strchr(strstr(url, "://") + 3, '/');
	int status;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		autofree char *folder = xstrndup(url, (size_t)(slash + 1 - url));

		if (ask(l, "MKCOL", folder, NULL, false, &status, err))
			return -1;
	}
	return 0;
}

/* Before the first put: some servers fail, in no way that tells why, when the folder is not there. */
static int prepare(struct link *l, const char *tmp, struct mlops_error *err)
{
	pthread_mutex_lock(&l->lock);
	bool prepared = l->prepared;
	pthread_mutex_unlock(&l->lock);
	if (prepared)
		return 0;
	if (make_folders(l, tmp, err))
		return -1;
	pthread_mutex_lock(&l->lock);
	l->prepared = true;
	pthread_mutex_unlock(&l->lock);
	return 0;
}

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

static int upload(struct link *l, const char *tmp, const struct remote_source *from,
		  struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "PUT", .url = key_url(l, tmp), .from = from,
			      .body = from->size ? NULL : "", .n = from->size, .follow = true);

	if (prepare(l, tmp, err) || web_run(&l->web, &c, err))
		return -1;
	return web_succeeded(&c) ? 0 : refused(l, &c, "take files", err);
}

static int move(struct link *l, const char *tmp, const struct key_put *put, struct mlops_error *err)
{
	autofree char *from = key_url(l, tmp), *to = key_url(l, put->key);
	int status;

	if (ask(l, "MOVE", from, to, !put->if_absent, &status, err))
		return -1;
	if (is_one_of(status, no_folder) &&
	    (make_folders(l, put->key, err) ||
	     ask(l, "MOVE", from, to, !put->if_absent, &status, err)))
		return -1;
	if (is_success(status))
		return 0;
	if (put->if_absent && status == 412)
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", put->key);
	return err_set(err, MLOPS_EREMOTE, "remote '%s' does not move '%s' to its place (HTTP %d)",
		       l->web.name, put->key, status);
}

static int put_directly(struct link *l, const struct key_put *put, struct mlops_error *err)
{
	autocall c =
		WEB_CALL(.method = l->method, .url = key_url(l, put->key), .from = put->from,
			 .body = put->from->size ? NULL : "", .n = put->from->size, .follow = true);

	if (web_run(&l->web, &c, err))
		return -1;
	return web_succeeded(&c) ? 0 : refused(l, &c, "take files", err);
}

int dav_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	struct link *l = conn;
	char id[RAND_HEX_SIZE(16)], tmp[64];
	autoerr ignored = ERR_INIT;
	int status;

	if (l->method)
		return put_directly(l, put, err);
	snprintf(tmp, sizeof(tmp), "tmp/%s", rand_hex(id, 16));
	if (!upload(l, tmp, put->from, err) && !move(l, tmp, put, err))
		return 0;
	autofree char *url = key_url(l, tmp);
	if (err->kind != MLOPS_EAUTH)
		ask(l, "DELETE", url, NULL, false, &status, &ignored);
	return -1;
}

int dav_remove(void *conn, const char *key, struct mlops_error *err)
{
	struct link *l = conn;
	autofree char *url = key_url(l, key);
	int status;

	if (ask(l, "DELETE", url, NULL, false, &status, err))
		return -1;
	if (is_success(status) || is_one_of(status, absent))
		return 0;
	return err_set(err, status == 403 ? MLOPS_EAUTH : MLOPS_EREMOTE,
		       "remote '%s' does not remove '%s' (HTTP %d)", l->web.name, key, status);
}

/* What one PROPFIND told of a folder: its files are given on, its folders are looked into after. */
struct folder {
	struct link *link;
	const char *dir; /* its key, ending in '/', or "" */
	int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *);
	void *arg;
	struct strlist folders;
	char *href;
	bool is_folder;
	struct key_info info;
};

/* The key that a href of the server means, or NULL when it lies elsewhere; new. */
static char *key_of_href(const struct link *l, const char *href)
{
	const char *mark = strstr(href, "://"), *path = mark ? strchr(mark + 3, '/') : href;
	const char *base = strchr(strstr(l->url, "://") + 3, '/');
	autobuf plain = { 0 }, root = { 0 };

	if (!path || !url_decode(&plain, path, strlen(path)) ||
	    (base && !url_decode(&root, base, strlen(base))))
		return NULL;
	const char *text = plain.buf ? plain.buf : "";
	size_t n = root.len;
	if ((n && strncmp(text, root.buf, n)) || text[n] != '/')
		return NULL;
	return xstrdup(text + n + 1);
}

/* An entry of this folder, not the folder itself nor something below another. */
static int give_entry(struct folder *f, struct mlops_error *err)
{
	autofree char *href = steal_ptr(&f->href), *key = href ? key_of_href(f->link, href) : NULL;
	const struct key_info info = f->info;
	bool is_folder = f->is_folder;
	size_t n = strlen(f->dir), len = key ? strlen(key) : 0;
	autoerr ignored = ERR_INIT;

	f->info = (struct key_info){ .found = true };
	f->is_folder = false;
	if (len && key[len - 1] == '/') {
		key[--len] = '\0';
		is_folder = true;
	}
	if (len <= n || strncmp(key, f->dir, n) || strchr(key + n, '/') ||
	    remote_key_check(key, &ignored) || !strcmp(key, "tmp"))
		return 0;
	if (!is_folder)
		return f->fn(key, &info, f->arg, err);
	strlist_take(&f->folders, xasprintf("%s/", key));
	return 0;
}

static int take_property(const char *name, const char *value, const char *parent, void *arg,
			 struct mlops_error *err)
{
	struct folder *f = arg;

	if (!strcmp(name, "response"))
		return give_entry(f, err);
	if (!strcmp(parent, "response") && !strcmp(name, "href")) {
		free(f->href);
		f->href = xstrdup(value);
	} else if (!strcmp(name, "collection")) {
		f->is_folder = true;
	} else if (!strcmp(name, "getlastmodified")) {
		f->info.mtime_ms = web_parse_date(value);
	} else if (!strcmp(name, "getcontentlength") && *value &&
		   !num_parse_u64(value, &f->info.size)) {
		return err_set(err, MLOPS_ECORRUPT, "the listing has a size of '%.20s'", value);
	}
	return 0;
}

static int read_folder(struct folder *f, struct mlops_error *err)
{
	static const char body[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
				   "<propfind xmlns=\"DAV:\"><prop><getcontentlength/>"
				   "<getlastmodified/><resourcetype/></prop></propfind>";
	struct link *l = f->link;
	autocall c = WEB_CALL(.method = "PROPFIND", .url = key_url(l, f->dir), .body = body,
			      .n = strlen(body), .follow = true);

	web_header(&c, "Depth: 1");
	web_header(&c, "Content-Type: application/xml");
	if (web_run(&l->web, &c, err))
		return -1;
	if (is_one_of(c.r.status, absent))
		return 0;
	if (!web_succeeded(&c))
		return refused(l, &c, "list what it has", err);
	int rc = xml_each(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the listing",
			  take_property, f, err);
	free(steal_ptr(&f->href));
	return rc;
}

static int list_folder(struct folder *above, const char *dir, int depth, struct mlops_error *err)
{
	struct folder f = { .link = above->link,
			    .dir = dir,
			    .fn = above->fn,
			    .arg = above->arg,
			    .info = { .found = true } };

	if (depth > MAX_DEPTH)
		return err_set(err, MLOPS_EREMOTE, "remote '%s' is nested too deeply",
			       f.link->web.name);
	int rc = read_folder(&f, err);
	for (size_t i = 0; i < f.folders.n && !rc; i++)
		rc = list_folder(&f, f.folders.v[i], depth + 1, err);
	strlist_clear(&f.folders);
	return rc;
}

int dav_list(void *conn, const char *prefix,
	     int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *),
	     void *arg, struct mlops_error *err)
{
	struct folder top = { .link = conn, .fn = fn, .arg = arg };

	return list_folder(&top, prefix, 0, err);
}
