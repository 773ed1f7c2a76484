/*
 * Where objects are sent to and fetched from: which remote of git's, and where its objects of Git LFS are
 * (lfs.url, remote.NAME.lfsurl, or beside git's own URL).
 */
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "base/url.h"
#include "http/engine.h"
#include "lfs/lfs.h"
#include "remote/lfs/lfs.h"

#define DEFAULT_TIMEOUT_MS 60000

/* ---- which one ---- */

/* The only remote that has a URL, or NULL; new. */
static char *only_remote(const struct lfs *l)
{
	char *found = NULL;

	for (size_t i = 0; i < l->git.n; i++) {
		const char *key = l->git.v[i].key;

		if (!str_starts(key, "remote.") || !str_ends(key, ".url"))
			continue;
		autofree char *name = xstrndup(key + 7, strlen(key) - 7 - 4);
		if (found && strcmp(found, name)) {
			free(found);
			return NULL;
		}
		free(found);
		found = steal_ptr(&name);
	}
	return found;
}

static const char *of_branch(struct lfs *l, const char *what)
{
	autofree char *ref = lfs_current_ref(l);

	return ref ? lfs_settingf(l, "branch.%s.%s", ref + strlen("refs/heads/"), what) : NULL;
}

char *lfs_remote_name(struct lfs *l, const char *name, bool upload)
{
	if (!name && upload)
		name = of_branch(l, "pushremote");
	if (!name && upload)
		name = lfs_setting(l, "remote.lfspushdefault");
	if (!name && upload)
		name = lfs_setting(l, "remote.pushdefault");
	if (!name)
		name = of_branch(l, "remote");
	if (!name)
		name = lfs_setting(l, "remote.lfsdefault");
	if (name)
		return xstrdup(name);
	char *only = only_remote(l);
	return only ? only : xstrdup("origin");
}

/* ---- where it is ---- */

static bool is_url(const char *name)
{
	return strchr(name, ':') || strchr(name, '/');
}

/* url.<base>.insteadOf: the longest beginning that fits counts. */
static char *rewrite_url(const struct lfs *l, const char *url)
{
	const char *base = NULL;
	size_t longest = 0, base_n = 0;

	for (size_t i = 0; i < l->git.n; i++) {
		const struct lfs_setting *s = &l->git.v[i];
		size_t n = strlen(s->value);

		if (!str_starts(s->key, "url.") || !str_ends(s->key, ".insteadof") ||
		    !str_starts(url, s->value) || n <= longest)
			continue;
		longest = n;
		base = s->key + 4;
		base_n = strlen(base) - strlen(".insteadof");
	}
	return base ? xasprintf("%.*s%s", (int)base_n, base, url + longest) : xstrdup(url);
}

/* What says where the objects are, or NULL: git's own URL does. */
static const char *objects_url(struct lfs *l, const char *name, bool upload)
{
	const char *url = upload ? lfs_setting(l, "lfs.pushurl") : NULL;

	if (!url)
		url = lfs_setting(l, "lfs.url");
	if (!url && upload)
		url = lfs_settingf(l, "remote.%s.lfspushurl", name);
	return url ? url : lfs_settingf(l, "remote.%s.lfsurl", name);
}

static const char *git_url(struct lfs *l, const char *name, bool upload)
{
	const char *url = upload ? lfs_settingf(l, "remote.%s.pushurl", name) : NULL;

	if (!url)
		url = lfs_settingf(l, "remote.%s.url", name);
	return url ? url : is_url(name) ? name : NULL;
}

static char *below_git_url(const char *url)
{
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	bool ended = n > 4 && !memcmp(url + n - 4, ".git", 4);
	return xasprintf("%.*s%s/info/lfs", (int)n, url, ended ? "" : ".git");
}

/* me@host:path; a path of this machine has its first ':' behind a '/'. */
static bool is_scp(const char *url)
{
	size_t n = strcspn(url, ":/");

	return !strstr(url, "://") && url[n] == ':';
}

static bool is_ssh(const char *url)
{
	return str_starts(url, "ssh://") || str_starts(url, "git+ssh://") ||
	       str_starts(url, "ssh+git://") || is_scp(url);
}

/* Where a host that knows no git-lfs-authenticate may have it. */
static char *guess_from_ssh(const char *url)
{
	bool scp = is_scp(url);
	const char *host = scp ? url : strstr(url, "://") + 3;
	size_t n = strcspn(host, scp ? ":" : "/");
	const char *path = host[n] ? host + n + 1 : "", *at = memrchr(host, '@', n);

	n -= at ? (size_t)(at + 1 - host) : 0;
	host = at ? at + 1 : host;
	const char *port = scp ? NULL : memchr(host, ':', n);
	autofree char *web = xasprintf("https://%.*s/%s", port ? (int)(port - host) : (int)n, host,
				       path + (*path == '/'));
	return below_git_url(web);
}

static bool is_dir_in(const char *dir, const char *name)
{
	autofree char *path = path_join(dir, name);

	return fs_is_dir(path);
}

/* A repository of this machine: with a work tree, or bare; ".git" may be left out, as for git. */
static char *folder_of(const char *path)
{
	autofree char *ended = xasprintf("%s.git", path);
	const char *const tries[] = { path, ended };

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		autofree char *inside = path_join(tries[i], ".git");

		if (is_dir_in(inside, "objects"))
			return path_join(inside, "lfs/objects");
		if (is_dir_in(tries[i], "objects"))
			return path_join(tries[i], "lfs/objects");
	}
	return NULL;
}

static int use_folder(struct lfs *l, struct lfs_remote *r, const char *url, struct mlops_error *err)
{
	autobuf path = { 0 };

	if (str_starts(url, "file://"))
		url_decode(&path, url + 7, strlen(url + 7));
	else
		strbuf_adds(&path, url);
	autofree char *full = path_join(l->top ? l->top : l->git_dir, path.buf ? path.buf : "");
	r->folder = folder_of(full);
	return r->folder ? 0 :
			   err_set(err, MLOPS_ENOTFOUND, "remote '%s': '%s' is no git repository",
				   r->name, full);
}

/* ---- how it is reached ---- */

/* Whether a URL of git's settings (http.<url>.*) is one of this request's. */
static bool url_fits(const char *setting, size_t n, const char *url)
{
	while (n && setting[n - 1] == '/')
		n--;
	return !strncmp(setting, url, n) && (!url[n] || strchr("/?#", url[n]));
}

/* http.extraHeader and http.<url>.extraHeader; an empty one drops those before it. */
static void add_headers(const char *url, struct strlist *out, void *arg)
{
	const struct lfs *l = arg;

	for (size_t i = 0; i < l->git.n; i++) {
		const struct lfs_setting *s = &l->git.v[i];
		size_t n = strlen(s->key), suffix = strlen(".extraheader");

		if (!str_starts(s->key, "http.") || !str_ends(s->key, ".extraheader"))
			continue;
		if (n > strlen("http") + suffix && !url_fits(s->key + 5, n - 5 - suffix, url))
			continue;
		if (*s->value)
			strlist_add(out, s->value);
		else
			strlist_clear(out);
	}
}

static int64_t number_setting(struct lfs *l, const char *key, int64_t fallback, int64_t max)
{
	const char *text = lfs_setting(l, key);
	int64_t n;

	return text && num_parse_i64(text, &n) && n > 0 ? (n < max ? n : max) : fallback;
}

static int use_server(struct lfs *l, struct lfs_remote *r, const char *url, const char *ssh,
		      struct mlops_error *err)
{
	const struct lfs_server_how how = {
		.name = r->name,
		.url = url,
		.ssh = ssh,
		.ssh_command = lfs_setting(l, "core.sshcommand"),
		.headers = add_headers,
		.arg = l,
		.ask = true,
		.batch = (size_t)number_setting(l, "lfs.transfer.batchsize", 0, 10000),
		.jobs = (unsigned)number_setting(l, "lfs.concurrenttransfers", 0, 64),
		.timeout_ms =
			number_setting(l, "lfs.activitytimeout", DEFAULT_TIMEOUT_MS / 1000, 86400) *
			1000,
		.engine = r->engine,
		.moved = &r->moved,
	};

	return lfs_server_open(&how, &r->server, err);
}

static int connect(struct lfs *l, struct lfs_remote *r, bool upload, struct mlops_error *err)
{
	const char *set = objects_url(l, r->name, upload);
	const char *from = set ? set : git_url(l, r->name, upload);

	if (!from) {
		err_set(err, MLOPS_ENOTFOUND, "there is no remote '%s' to have objects of Git LFS",
			r->name);
		return err_hint(err, "add one with: git remote add %s <url>", r->name);
	}
	autofree char *url = rewrite_url(l, from);
	const struct http_engine_how engine = { .jobs = (unsigned)number_setting(
							l, "lfs.concurrenttransfers", 0, 64) };
	r->engine = http_engine_new(&engine);
	if (is_ssh(url)) {
		autofree char *guess = set ? NULL : guess_from_ssh(url);

		return use_server(l, r, guess, url, err);
	}
	if (str_starts(url, "http://") || str_starts(url, "https://")) {
		autofree char *api = set ? xstrdup(url) : below_git_url(url);

		return use_server(l, r, api, NULL, err);
	}
	if (str_starts(url, "git://")) {
		const char *protocol = lfs_setting(l, "lfs.gitprotocol");
		autofree char *web = xasprintf("%s%s", protocol ? protocol : "https", url + 3);
		autofree char *api = below_git_url(web);

		return use_server(l, r, api, NULL, err);
	}
	return use_folder(l, r, url, err);
}

int lfs_remote_open(struct lfs *l, const char *name, bool upload, const char *ref,
		    struct lfs_remote **out, struct mlops_error *err)
{
	struct lfs_remote *r = xcalloc(1, sizeof(*r));

	r->name = lfs_remote_name(l, name, upload);
	if (connect(l, r, upload, err)) {
		lfs_remote_close(r);
		return -1;
	}
	autofree char *current = ref ? xstrdup(ref) : lfs_current_ref(l);
	if (r->server)
		lfs_server_set_ref(r->server, current);
	*out = r;
	return 0;
}

void lfs_remote_close(struct lfs_remote *r)
{
	if (!r)
		return;
	lfs_server_close(r->server);
	http_engine_free(r->engine);
	free(r->folder);
	free(r->name);
	free(r);
}
