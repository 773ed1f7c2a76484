/* Connecting to a hub, and what it lists. */
#include "remote/hf/hf.h"

#include <ctype.h>

#include "base/fs.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/path.h"
#include "http/engine.h"
#include "project/project.h"
#include "remote/bearer.h"
#include "store/tree.h"

#define ENDPOINT   "https://huggingface.co"
#define SCHEME     "hf://"
#define MAX_TOKEN  4096
#define TIMEOUT_MS 60000
#define MAX_FILES  1000000

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool mlops_hub_is_url(const char *url)
{
	return str_starts(url, SCHEME);
}

static bool is_id(const char *id)
{
	const char *slash = strchr(id, '/');
	bool good = isalnum((unsigned char)*id) && (!slash || !strchr(slash + 1, '/'));

	for (const char *p = id; *p && good; p++)
		good = isalnum((unsigned char)*p) || strchr("._-", *p) ||
		       (p == slash && isalnum((unsigned char)p[1]));
	return good && strlen(id) < 200 && !strstr(id, "..");
}

/* hf://[models/|datasets/]ORG/NAME[@REVISION] */
static int take_url(struct hub *h, const char *url, struct mlops_error *err)
{
	const char *rest = url + (mlops_hub_is_url(url) ? strlen(SCHEME) : 0),
		   *at = strchr(rest, '@');
	bool dataset = str_starts(rest, "datasets/");

	if (dataset || str_starts(rest, "models/"))
		rest = strchr(rest, '/') + 1;
	h->kind = xstrdup(dataset ? "datasets" : "models");
	h->id = at && at > rest ? xstrndup(rest, (size_t)(at - rest)) : xstrdup(rest);
	h->rev = xstrdup(at && at[1] ? at + 1 : "main");
	h->has_rev = at;
	if (mlops_hub_is_url(url) && is_id(h->id) && path_is_safe(h->rev) &&
	    !h->rev[strcspn(h->rev, " \t\n\"?#%")])
		return 0;
	err_set(err, MLOPS_EINVALID, "'%s' is not hf://ORG/NAME[@REVISION]", url);
	return err_hint(err, "of a data set: hf://datasets/ORG/NAME");
}

int mlops_hub_name(const char *url, char **out, struct mlops_error *err)
{
	struct hub h = { 0 };
	int rc = take_url(&h, url, err);

	if (!rc)
		*out = xstrdup(path_base(h.id));
	free(h.kind);
	free(h.id);
	free(h.rev);
	return rc;
}

static char *read_token(void)
{
	const char *home = env("HF_HOME"), *file = env("HF_TOKEN_PATH"), *text = env("HF_TOKEN");
	autofree char *usual = path_expand("~/.cache/huggingface");
	autofree char *path = file ? xstrdup(file) : path_join(home ? home : usual, "token");
	autobuf bytes = { 0 };
	autoerr ignored = ERR_INIT;

	if (text)
		return xstrdup(text);
	if (fs_read(path, MAX_TOKEN, &bytes, &ignored) || !bytes.len)
		return NULL;
	struct str token = str_trim((struct str){ bytes.buf, bytes.len });
	char *copy = xstrndup(token.p, token.n);
	explicit_bzero(bytes.buf, bytes.len);
	return copy;
}

static int check_token(const char *token, struct mlops_error *err)
{
	for (const char *p = token ? token : ""; *p; p++)
		if (!isgraph((unsigned char)*p))
			return err_set(err, MLOPS_EINVALID, "the token of the hub is none");
	return 0;
}

/* The token is for the hub alone, not for where files are. */
static int sign(void *self, struct web_call *c, struct mlops_error *err)
{
	struct hub *h = self;
	size_t n = strlen(h->endpoint);

	(void)err;
	if (h->token && !strncmp(c->url, h->endpoint, n) && c->url[n] == '/')
		web_sign(c, "Authorization: Bearer %s", h->token);
	return 0;
}

static int find_endpoint(struct hub *h, struct mlops_error *err)
{
	const char *text = env("HF_ENDPOINT");
	autourl u = { 0 };

	h->endpoint = xstrdup(text ? text : ENDPOINT);
	for (size_t n = strlen(h->endpoint); n && h->endpoint[n - 1] == '/'; n--)
		h->endpoint[n - 1] = '\0';
	if (url_parse(h->endpoint, &u, err))
		return -1;
	if (u.query || (strcmp(u.scheme, "https") && strcmp(u.scheme, "http")))
		return err_set(err, MLOPS_EINVALID, "HF_ENDPOINT '%s' is no http(s)://HOST",
			       h->endpoint);
	if (h->token && !strcmp(u.scheme, "http") && !url_is_loopback(&u))
		log_warn("the token of '%s' goes over a connection that is not encrypted",
			 h->endpoint);
	return 0;
}

int hub_open(struct project *project, const char *url, const struct hub_how *how,
	     struct hub_result *result, struct hub **out, struct mlops_error *err)
{
	autohub *h = xcalloc(1, sizeof(*h));
	const struct http_engine_how engine = { .jobs = how->jobs > 0 ? (unsigned)how->jobs : 0 };
	struct transport_how web = { .name = "hub", .moved = &h->moved };

	pthread_mutex_init(&h->lock, NULL);
	h->how = how;
	h->result = result;
	*result = (struct hub_result){ 0 };
	h->token = read_token();
	h->engine = http_engine_new(&engine);
	web.engine = h->engine;
	web_init(&h->web, &web);
	h->web.self = h;
	h->web.sign = sign;
	if (take_url(h, url, err) || check_token(h->token, err) || find_endpoint(h, err) ||
	    project_config_duration(project, "http.timeout", TIMEOUT_MS, &h->web.timeout_ms, err))
		return -1;
	free(h->web.name);
	h->web.name = xstrdup(url);
	*out = steal_ptr(&h);
	return 0;
}

void hub_close(struct hub *h)
{
	if (!h)
		return;
	web_clear(&h->web);
	http_engine_free(h->engine);
	secret_free(h->token);
	pthread_mutex_destroy(&h->lock);
	free(h->endpoint);
	free(h->kind);
	free(h->id);
	free(h->rev);
	free(h);
}

char *hub_api(const struct hub *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *rest = xvasprintf(fmt, ap);
	va_end(ap);
	return xasprintf("%s/api/%s/%s%s", h->endpoint, h->kind, h->id, rest);
}

char *hub_page(const struct hub *h, const char *suffix)
{
	return xasprintf("%s/%s%s%s", h->endpoint, strcmp(h->kind, "datasets") ? "" : "datasets/",
			 h->id, suffix);
}

static int refused(const struct hub *h, const struct web_call *c, struct mlops_error *err)
{
	autojson *v = NULL;
	autoerr ignored = ERR_INIT;
	autofree char *message = NULL;

	if (c->r.body.len && !js_parse(c->r.body.buf, c->r.body.len, "it", &v, &ignored) &&
	    js_get_text(v, "error"))
		message = xasprintf("%.300s", js_get_text(v, "error"));
	for (char *p = message; p && *p; p++)
		*p = (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p;
	web_refused(&h->web, c, message, err);
	if (err->kind != MLOPS_EAUTH)
		return -1;
	return err_hint(err,
			h->token ? "this token may not do that at '%s'" :
				   "put a token for '%s' into HF_TOKEN, or run: hf auth login",
			h->endpoint);
}

int hub_run(struct hub *h, struct web_call *c, int fine, struct mlops_error *err)
{
	if (web_run(&h->web, c, err))
		return -1;
	return web_succeeded(c) || c->r.status == fine ? 0 : refused(h, c, err);
}

int hub_json(struct hub *h, struct web_call *c, int fine, struct json **out,
	     struct mlops_error *err)
{
	return hub_run(h, c, fine, err) ||
			       js_parse(c->r.body.buf ? c->r.body.buf : "", c->r.body.len,
					"the reply of the hub", out, err) ?
		       -1 :
		       0;
}

void hub_count(struct hub *h, uint64_t size, bool moved)
{
	pthread_mutex_lock(&h->lock);
	h->result->files++;
	h->result->bytes += size;
	h->result->moved_files += moved;
	h->result->moved_bytes += moved ? size : 0;
	if (h->how->progress)
		h->how->progress(h->result->files, h->result->bytes, h->how->arg);
	pthread_mutex_unlock(&h->lock);
}

bool hub_wants(const struct hub *h, const char *path)
{
	const char *const *p = h->how->include;

	/* A pattern without a slash is about the last part, as in .gitignore. */
	while (p && *p && !glob_match_path(*p, strchr(*p, '/') ? path : path_base(path)))
		p++;
	return !p || *p;
}

static bool is_hash(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	return (n == 40 || n == 64) && !text[strspn(text, "0123456789abcdef")];
}

int hub_commit(struct hub *h, const char *rev, char *out, struct mlops_error *err)
{
	autobuf plain = { 0 };
	autojson *v = NULL;

	url_encode(&plain, rev, "");
	autocall c = WEB_CALL(.method = "GET", .url = hub_api(h, "/revision/%s", plain.buf));
	if (hub_json(h, &c, 0, &v, err))
		return -1;
	const char *sha = js_get_text(v, "sha");
	if (!is_hash(sha))
		return err_set(err, MLOPS_EREMOTE, "the hub names no commit of '%s'", h->id);
	snprintf(out, HF_HASH_SIZE, "%s", sha);
	return 0;
}

/* A path is one that a tree can hold. */
static bool is_path(const char *path)
{
	bool good = path_is_safe(path);

	for (const char *p = path; good && *p;) {
		size_t n = strcspn(p, "/");

		good = tree_name_is_safe(p, n);
		p += n + (p[n] == '/');
	}
	return good;
}

static int take_file(const struct json *v, struct hub_files *out, struct mlops_error *err)
{
	const char *type = js_get_text(v, "type"), *path = js_get_text(v, "path");
	const struct json *lfs = js_get(v, "lfs");
	const char *hash = js_get_text(lfs ? lfs : v, "oid");
	struct hub_file f = { .lfs = lfs };
	int64_t size = -1;

	if (!type || strcmp(type, "file"))
		return 0;
	if (!path || !is_path(path) || !is_hash(hash) || !js_get_int(v, "size", &size) ||
	    size < 0 || (lfs && !mlops_oid_parse(hash, &f.oid)))
		return err_set(err, MLOPS_EINVALID,
			       "the hub lists a file '%.200s' that can't be one", path ? path : "");
	f.size = (uint64_t)size;
	f.path = xstrdup(path);
	snprintf(f.hash, sizeof(f.hash), "%s", hash);
	vec_push(out, f);
	return 0;
}

/* <URL>; rel="next" */
static char *next_page(const struct hub *h, const struct web_call *c)
{
	struct str link = http_response_header(&c->r, "Link");
	const char *end = link.n && *link.p == '<' ? memchr(link.p, '>', link.n) : NULL;
	size_t n = strlen(h->endpoint);

	if (!end || !memmem(end, (size_t)(link.p + link.n - end), "next", 4))
		return NULL;
	char *url = xstrndup(link.p + 1, (size_t)(end - link.p - 1));
	if (!strncmp(url, h->endpoint, n) && url[n] == '/' && strcmp(url, c->url))
		return url;
	free(url);
	return NULL;
}

int hub_list(struct hub *h, const char *commit, struct hub_files *out, struct mlops_error *err)
{
	char *url = hub_api(h, "/tree/%s?recursive=true&expand=false", commit);
	size_t seen = 0; /* entries, folders too */

	while (url) {
		autocall c = WEB_CALL(.method = "GET", .url = url);
		autojson *page = NULL;

		if (hub_json(h, &c, 0, &page, err))
			return -1;
		for (size_t i = 0; i < js_len(page); i++)
			if (take_file(js_at(page, i), out, err))
				return -1;
		seen += js_len(page);
		if (seen > MAX_FILES)
			return err_set(err, MLOPS_EINVALID, "the hub lists more than %d files",
				       MAX_FILES);
		url = next_page(h, &c);
		if (url && !js_len(page)) {
			free(url);
			return err_set(err, MLOPS_EREMOTE, "the hub's list of '%s' goes in circles", h->id);
		}
	}
	return 0;
}

void hub_files_clear(struct hub_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->v[i].path);
	vec_free(files);
}
