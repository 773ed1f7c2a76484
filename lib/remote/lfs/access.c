/*
 * What lets us in: the name and password in the URL, header lines of git's settings (http.extraHeader),
 * ~/.netrc, git's credential helpers once a reply asks for one, and for remotes over ssh what
 * `git-lfs-authenticate` tells there.
 */
#include "remote/lfs/private.h"


#include "base/base64.h"
#include "base/clock.h"
#include "base/proc.h"
#include "remote/bearer.h"

#define MAX_TOLD    ((size_t)64 << 10)
#define NOT_FOUND   127 /* of a shell, for a command that it has not */
#define SPARE_MS    5000
#define MAX_SECONDS 2147483647LL

/* Takes "user:password@" out of a URL; a user alone stays a part of the address for git's helpers. */
static int take_login(const char *url, char **plain, struct strbuf *basic, struct mlops_error *err)
{
	const char *host = strstr(url, "://");
	size_t n = host ? strcspn(host + 3, "/?#") : 0;
	const char *at = host ? memrchr(host + 3, '@', n) : NULL;
	autobuf pair = { 0 };

	*plain = at ? xasprintf("%.*s%s", (int)(host + 3 - url), url, at + 1) : xstrdup(url);
	if (!at || !memchr(host + 3, ':', (size_t)(at - host - 3)))
		return 0;
	if (!url_decode(&pair, host + 3, (size_t)(at - host - 3)))
		return err_set(err, MLOPS_EINVALID,
			       "the name and password in the URL of a remote cannot be read");
	base64_encode(basic, pair.buf, pair.len);
	explicit_bzero(pair.buf, pair.len);
	return 0;
}

static char *without_slash(const char *url)
{
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	return xstrndup(url, n);
}

/* Servers that know tokens take any name with one. */
static void encode_token(const char *token, struct strbuf *basic)
{
	autobuf pair = { 0 };

	strbuf_addf(&pair, "mlops:%s", token);
	base64_encode(basic, pair.buf, pair.len);
	explicit_bzero(pair.buf, pair.len);
}

static int set_url(struct lfs_server *s, const char *url, const char *token,
		   struct mlops_error *err)
{
	autofree char *plain = NULL;
	autobuf basic = { 0 };
	autourl checked = { 0 };

	if (take_login(url, &plain, &basic, err) || url_parse(plain, &checked, err))
		return err_wrap(err, "remote '%s'", s->name);
	s->url = without_slash(plain);
	if (token && !basic.len)
		encode_token(token, &basic);
	s->login.basic = basic.len ? strbuf_steal(&basic) : NULL;
	s->signs = s->asked = s->told = s->login.basic;
	s->login_url = s->signs ? NULL : xstrdup(url);
	return 0;
}

int lfs_server_open(const struct lfs_server_how *how, struct lfs_server **out,
		    struct mlops_error *err)
{
	const struct transport_how web = { .name = how->name,
					   .engine = how->engine,
					   .timeout_ms = how->timeout_ms,
					   .moved = how->moved };
	struct lfs_server *s = xcalloc(1, sizeof(*s));

	web_init(&s->api, &web);
	web_init(&s->plain, &web);
	s->api.self = s;
	s->api.sign = lfs_sign;
	s->api.reconsider = lfs_reconsider;
	pthread_mutex_init(&s->lock, NULL);
	s->name = xstrdup(how->name);
	s->ssh = how->ssh ? xstrdup(how->ssh) : NULL;
	s->ssh_command = how->ssh_command ? xstrdup(how->ssh_command) : NULL;
	s->headers = how->headers;
	s->arg = how->arg;
	s->ask = how->ask;
	s->batch = how->batch ? how->batch : 100;
	s->jobs = how->jobs ? how->jobs : 16;
	if (how->url && set_url(s, how->url, how->token, err)) {
		lfs_server_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

static void access_clear(struct lfs_access *a)
{
	for (size_t i = 0; i < a->headers.n; i++)
		explicit_bzero(a->headers.v[i], strlen(a->headers.v[i]));
	strlist_clear(&a->headers);
	free(steal_ptr(&a->url));
}

void lfs_server_close(struct lfs_server *s)
{
	if (!s)
		return;
	web_clear(&s->api);
	web_clear(&s->plain);
	for (size_t i = 0; i < LFS_OPERATIONS; i++)
		access_clear(&s->access[i]);
	git_login_clear(&s->login);
	pthread_mutex_destroy(&s->lock);
	secret_free(s->login_url);
	free(s->name);
	free(s->url);
	free(s->ssh);
	free(s->ssh_command);
	free(s->ref);
	free(s);
}

void lfs_server_set_ref(struct lfs_server *s, const char *ref)
{
	free(s->ref);
	s->ref = ref ? xstrdup(ref) : NULL;
}

/* ---- over ssh ---- */

struct place {
	char *host; /* "me@host" */
	char *port; /* or NULL */
	char *path;
};

/* ssh://me@host:22/path, or me@host:path. A name that ssh would take for an option is none. */
static bool split_place(const char *text, struct place *out)
{
	const char *scheme = strstr(text, "://"), *rest = scheme ? scheme + 3 : text;
	size_t n = scheme ? strcspn(rest, "/") : strcspn(rest, ":");
	const char *colon = scheme ? memrchr(rest, ':', n) : NULL;
	bool v6 = colon && memchr(colon, ']', n - (size_t)(colon - rest));

	if (!n || !rest[n] || *rest == '-')
		return false;
	colon = v6 ? NULL : colon;
	out->host = xstrndup(rest, colon ? (size_t)(colon - rest) : n);
	out->port = colon ? xstrndup(colon + 1, n - (size_t)(colon - rest) - 1) : NULL;
	out->path = xstrdup(rest + n + (scheme ? 0 : 1));
	return *out->path;
}

static void place_clear(struct place *p)
{
	free(p->host);
	free(p->port);
	free(p->path);
}

/* What git runs for ssh: GIT_SSH_COMMAND, core.sshCommand, GIT_SSH, ssh. */
static int run_ssh(const struct lfs_server *s, const struct place *p, const char *command,
		   struct strbuf *told, int *status, struct mlops_error *err)
{
	const char *shell = getenv("GIT_SSH_COMMAND"), *program = getenv("GIT_SSH");
	autofree char *script = NULL;
	struct proc_result result;
	VEC(const char *) argv = { 0 };

	shell = shell && *shell ? shell : s->ssh_command;
	if (shell) {
		script = xasprintf("%s \"$@\"", shell);
		vec_push(&argv, "sh");
		vec_push(&argv, "-c");
		vec_push(&argv, script);
		vec_push(&argv, "ssh");
	} else {
		vec_push(&argv, program && *program ? program : "ssh");
	}
	if (p->port) {
		vec_push(&argv, "-p");
		vec_push(&argv, p->port);
	}
	vec_push(&argv, p->host);
	vec_push(&argv, command);
	vec_push(&argv, NULL);
	int rc = proc_read(argv.v, MAX_TOLD, told, &result, err);
	*status = rc ? 0 : result.status;
	vec_free(&argv);
	return rc;
}

int64_t lfs_read_end(const struct json *v)
{
	const char *at = js_get_text(v, "expires_at");
	int64_t seconds = 0, end_ms;

	js_get_int(v, "expires_in", &seconds);
	if (seconds)
		return llabs(seconds) > MAX_SECONDS ? 0 : clock_now_ms() + seconds * 1000;
	/* 0001-01-01 is how some say that there is none */
	return at && clock_parse_iso(at, &end_ms) && end_ms > 0 ? end_ms : 0;
}

static int take_told(const struct lfs_server *s, struct lfs_access *a, const struct strbuf *told,
		     struct mlops_error *err)
{
	autojson *v = NULL;
	autourl checked = { 0 };

	if (js_parse(told->buf ? told->buf : "", told->len, "what git-lfs-authenticate says", &v,
		     err))
		return err_set(err, MLOPS_EREMOTE, "remote '%s': git-lfs-authenticate says no JSON",
			       s->name);
	const char *href = js_get_text(v, "href");
	if (!href && !s->url)
		return err_set(err, MLOPS_EREMOTE, "remote '%s': git-lfs-authenticate tells no URL",
			       s->name);
	if ((href && url_parse(href, &checked, err)) ||
	    lfs_read_headers(js_get(v, "header"), &a->headers, err))
		return err_wrap(err, "remote '%s': git-lfs-authenticate", s->name);
	a->url = href ? without_slash(href) : xstrdup(s->url);
	a->until_ms = lfs_read_end(v);
	return 0;
}

static int ask_ssh(const struct lfs_server *s, enum lfs_operation op, struct lfs_access *a,
		   struct mlops_error *err)
{
	autobuf told = { 0 }, command = { 0 };
	struct place p = { 0 };
	int status = 0;

	access_clear(a);
	a->until_ms = 0;
	int rc = split_place(s->ssh, &p) ?
			 0 :
			 err_set(err, MLOPS_EINVALID, "remote '%s': '%s' is no address for ssh",
				 s->name, s->ssh);
	if (!rc) {
		strbuf_adds(&command, "git-lfs-authenticate ");
		strbuf_add_shell(&command, p.path);
		strbuf_adds(&command, op == LFS_UPLOAD ? " upload" : " download");
		rc = run_ssh(s, &p, command.buf, &told, &status, err);
	}
	place_clear(&p);
	if (rc)
		return -1;
	if (status == NOT_FOUND && s->url) {
		a->url = xstrdup(s->url);
		return 0;
	}
	if (status)
		return err_set(err, MLOPS_EAUTH,
			       "remote '%s': git-lfs-authenticate over ssh ended with %d", s->name,
			       status);
	rc = take_told(s, a, &told, err);
	if (told.buf)
		explicit_bzero(told.buf, told.len);
	return rc;
}

/* Where the API is, and header lines that let us in; both the caller's. */
static int find_access(struct lfs_server *s, enum lfs_operation op, char **url,
		       struct strlist *headers, struct mlops_error *err)
{
	struct lfs_access *a = &s->access[op];
	int rc = 0;

	if (!s->ssh) {
		*url = xstrdup(s->url);
		return 0;
	}
	pthread_mutex_lock(&s->lock);
	if (!a->url || (a->until_ms && clock_now_ms() > a->until_ms - SPARE_MS))
		rc = ask_ssh(s, op, a, err);
	if (!rc) {
		*url = xstrdup(a->url);
		for (size_t i = 0; headers && i < a->headers.n; i++)
			strlist_add(headers, a->headers.v[i]);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int lfs_server_url(struct lfs_server *s, enum lfs_operation op, char **out, struct mlops_error *err)
{
	return find_access(s, op, out, NULL, err);
}

/* ---- requests ---- */

static bool is_authorization(const char *line)
{
	return !strncasecmp(line, "Authorization:", 14);
}

static bool has_authorization(const struct strlist *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		if (is_authorization(lines->v[i]))
			return true;
	return false;
}

int lfs_sign(void *self, struct web_call *c, struct mlops_error *err)
{
	struct lfs_server *s = self;
	autostrlist lines = { 0 };

	(void)err;
	if (s->headers)
		s->headers(c->url, &lines, s->arg);
	for (size_t i = 0; i < lines.n; i++) {
		web_sign(c, "%s", lines.v[i]);
		explicit_bzero(lines.v[i], strlen(lines.v[i]));
	}
	if (has_authorization(&c->headers) || has_authorization(&c->signed_headers))
		return 0;
	pthread_mutex_lock(&s->lock);
	if (s->signs)
		web_sign(c, "Authorization: Basic %s", s->login.basic);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

int lfs_reconsider(void *self, struct web_call *c, struct mlops_error *err)
{
	struct lfs_server *s = self;
	bool was_signed = has_authorization(&c->signed_headers);
	int again = 0;

	(void)err;
	if (c->r.status != 401 || has_authorization(&c->headers) || !s->login_url)
		return 0;
	pthread_mutex_lock(&s->lock);
	if (!s->asked && !was_signed) {
		s->asked = true;
		s->signs = !git_login_get(s->login_url, s->ask, &s->login);
		again = s->signs;
	} else if (s->signs && !was_signed) {
		again = 1; /* another thread found it meanwhile */
	}
	pthread_mutex_unlock(&s->lock);
	return again;
}

/* Git's helpers are told, once, whether they were right. */
static void tell_helpers(struct lfs_server *s, bool good)
{
	pthread_mutex_lock(&s->lock);
	if (s->signs && !s->told)
		git_login_tell(&s->login, good);
	s->told |= s->signs;
	pthread_mutex_unlock(&s->lock);
}

static int port_of(const struct url *u)
{
	return u->port ? u->port : strcmp(u->scheme, "https") ? 80 : 443;
}

bool lfs_is_same_host(struct lfs_server *s, const char *url)
{
	autourl a = { 0 }, b = { 0 };
	autoerr ignored = ERR_INIT;

	return s->url && !url_parse(s->url, &a, &ignored) && !url_parse(url, &b, &ignored) &&
	       !strcmp(a.scheme, b.scheme) && !strcmp(a.host, b.host) && port_of(&a) == port_of(&b);
}

static int no_server(const struct lfs_server *s, const struct web_call *c, struct mlops_error *err)
{
	err_set(err, MLOPS_EREMOTE, "remote '%s': no Git LFS server answers at '%s' (HTTP %d)",
		s->name, c->url, c->r.status);
	return err_hint(err, "say where it is with: git config lfs.url <url>");
}

static int refused(struct lfs_server *s, const struct web_call *c, const char *path,
		   struct mlops_error *err)
{
	if (c->r.status == 404 && !strcmp(path, "/objects/batch"))
		return no_server(s, c, err);
	web_refused(&s->api, c, NULL, err);
	if (c->r.status != 401)
		return -1;
	tell_helpers(s, false);
	return err_hint(err, "give git a name and password for it, or a token as the password: "
			     "git credential approve, or ~/.netrc");
}

static bool is_accepted(int status, const int *accept)
{
	for (; accept && *accept; accept++)
		if (*accept == status)
			return true;
	return false;
}

static int call_once(struct lfs_server *s, enum lfs_operation op, const char *path,
		     const struct strbuf *body, struct web_call *c, struct mlops_error *err)
{
	autofree char *base = NULL;

	if (find_access(s, op, &base, &c->headers, err))
		return -1;
	c->method = body->len ? "POST" : "GET";
	c->url = xasprintf("%s%s", base, path);
	c->body = body->buf;
	c->n = body->len;
	c->follow = true;
	web_header(c, "Accept: " LFS_MEDIA);
	if (body->len)
		web_header(c, "Content-Type: " LFS_MEDIA "; charset=utf-8");
	if (!web_run(&s->api, c, err))
		return 0;
	return err->kind == MLOPS_EREMOTE ?
		       err_hint(err, "see whether that is the right address: mlops lfs env") :
		       -1;
}

/* What ssh told has ended before its time. */
static bool forget_access(struct lfs_server *s, enum lfs_operation op, const struct web_call *c)
{
	if (!s->ssh || c->r.status != 401)
		return false;
	pthread_mutex_lock(&s->lock);
	access_clear(&s->access[op]);
	pthread_mutex_unlock(&s->lock);
	return true;
}

static int read_reply(const struct lfs_server *s, const struct web_call *c, struct json **reply,
		      struct mlops_error *err)
{
	if (!js_parse(c->r.body.buf ? c->r.body.buf : "", c->r.body.len, "the reply", reply, err))
		return 0;
	return err_set(err, MLOPS_EREMOTE, "remote '%s' answers '%s' with what is no JSON", s->name,
		       c->url);
}

int lfs_api_call(struct lfs_server *s, enum lfs_operation op, const char *path, struct json *body,
		 const int *accept, int *status, struct json **reply, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (body)
		js_dump(body, JS_COMPACT, &text);
	js_free(body);
	for (int try = 1;; try++) {
		autocall c = WEB_CALL(.method = NULL);

		if (call_once(s, op, path, &text, &c, err))
			return -1;
		if (try == 1 && forget_access(s, op, &c))
			continue;
		if (!web_succeeded(&c) && !is_accepted(c.r.status, accept))
			return refused(s, &c, path, err);
		if (web_succeeded(&c))
			tell_helpers(s, true);
		if (status)
			*status = c.r.status;
		if (!web_succeeded(&c) && c.r.status != 409) {
			*reply = js_obj();
			return 0;
		}
		return read_reply(s, &c, reply, err);
	}
}
