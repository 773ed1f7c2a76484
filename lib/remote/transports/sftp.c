/*
 * sftp://[USER@]HOST[:PORT]/PATH, where "/~/" at the start of the path is the home folder. The host's
 * key must be in known_hosts. What is put goes under tmp/ first and is renamed to its place.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/num.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/url.h"
#include "base/user.h"
#include "http/engine.h"
#include "remote/bearer.h"
#include "remote/transport.h"

#define TRIES     3
#define WAIT_MS   500
#define MAX_DEPTH 32
#define MAX_LIST  ((size_t)64 << 20)

struct sftp {
	char *name, *root; /* root: the URL without user and without a slash at its end */
	char *path;        /* of the root, as the server's commands have it */
	char *user, *known_hosts, *key, *password;
	struct http_engine *engine;
	int64_t timeout_ms;
	_Atomic uint64_t *moved;
};

static void sftp_close(void *conn)
{
	struct sftp *s = conn;

	free(s->name);
	free(s->root);
	free(s->path);
	free(s->user);
	free(s->known_hosts);
	free(s->key);
	secret_free(s->password);
	free(s);
}

/* The first key of ours that is there and that libssh2 can use; NULL leaves it to the agent. */
static char *find_key(const char *home)
{
	static const char *const names[] = { "id_ed25519", "id_ecdsa", "id_rsa" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = xasprintf("%s/.ssh/%s", home, names[i]);

		if (fs_exists(path))
			return path;
		free(path);
	}
	return NULL;
}

static int fill_in(struct sftp *s, const struct transport_how *how, struct mlops_error *err)
{
	const char *home = getenv("HOME"), *known, *key,
		   *password = transport_given(how, "password");
	autofree char *prefix = NULL;
	autobuf root = { 0 };
	autourl u = { 0 };

	if (url_parse(how->url, &u, err) || transport_own_setting(how, "knownhosts", &known, err) ||
	    transport_own_setting(how, "identityfile", &key, err) ||
	    remote_prefix(str_starts(u.path, "/~/") ? u.path + 3 : u.path, &prefix, err))
		return -1;
	if (u.query || !*prefix)
		return err_set(err, MLOPS_EINVALID, "'%s' is not sftp://[USER@]HOST/PATH",
			       how->url);
	home = home ? home : "/";
	bool at_home = str_starts(u.path, "/~/");
	strbuf_addf(&root, "sftp://%s", u.host);
	if (u.port)
		strbuf_addf(&root, ":%d", u.port);
	strbuf_adds(&root, at_home ? "/~/" : "/");
	url_encode(&root, prefix, "/");
	s->root = strbuf_steal(&root);
	s->path = xasprintf("%s%s", at_home ? "" : "/", prefix);
	s->user = u.user ? xstrdup(u.user) : user_name();
	s->known_hosts = known ? xstrdup(known) : path_join(home, ".ssh/known_hosts");
	s->key = key ? path_expand(key) : find_key(home);
	s->password = password ? xstrdup(password) : NULL;
	return 0;
}

static int sftp_open(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	struct sftp *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(how->name);
	s->engine = how->engine;
	s->timeout_ms = how->timeout_ms;
	s->moved = how->moved;
	if (fill_in(s, how, err)) {
		sftp_close(s);
		return -1;
	}
	*conn = s;
	return 0;
}

/* One request, and what came of it. */
struct call {
	const char *key; /* "" for the root */
	struct ssh_how ssh;
	char range[64];
	struct byte_range want;
	const struct byte_sink *sink;
	const struct remote_source *from;
	uint64_t received, sent;
	struct sftp *sftp;
	struct http_response r;
};

static int write_sink(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct call *c = arg;

	if (n > c->want.n - c->received)
		n = (size_t)(c->want.n - c->received);
	c->received += n;
	*c->sftp->moved += n;
	return n ? c->sink->piece(buf, n, c->sink->arg, err) : 0;
}

static ssize_t read_source(void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct call *c = arg;

	if (n > c->from->size - c->sent)
		n = (size_t)(c->from->size - c->sent);
	if (remote_source_read(c->from, c->sent, buf, n, err))
		return -1;
	c->sent += n;
	*c->sftp->moved += n;
	return (ssize_t)n;
}

static ssize_t read_nothing(void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)buf, (void)n, (void)arg, (void)err;
	return 0;
}

static void set_range(struct call *c)
{
	unsigned long long from = c->want.from + c->received;

	c->ssh.range = NULL;
	if (!c->sink || (!from && c->want.n == UINT64_MAX))
		return;
	if (c->want.n == UINT64_MAX)
		snprintf(c->range, sizeof(c->range), "%llu-", from);
	else
		snprintf(c->range, sizeof(c->range), "%llu-%llu", from,
			 (unsigned long long)(c->want.from + c->want.n - 1));
	c->ssh.range = c->range;
}

static int try_once(struct sftp *s, struct call *c, struct mlops_error *err)
{
	autobuf url = { 0 };

	strbuf_addf(&url, "%s/", s->root);
	url_encode(&url, c->key, "/");
	c->ssh.known_hosts = s->known_hosts;
	c->ssh.user = s->user;
	c->ssh.key = s->key;
	c->ssh.password = s->password;
	set_range(c);
	c->sent = 0;
	c->sftp = s;
	http_response_clear(&c->r);
	const struct http_request req = {
		.method = "GET",
		.url = url.buf,
		.ssh = &c->ssh,
		.read = c->from && c->from->size ? read_source :
			c->from                  ? read_nothing :
						   NULL,
		.read_arg = c,
		.body_len = c->from ? (size_t)c->from->size : 0,
		.write = c->sink ? write_sink : NULL,
		.write_arg = c,
		.max_body = c->sink ? 0 : MAX_LIST,
		.timeout_ms = s->timeout_ms,
	};
	return http_engine_exchange(s->engine, &req, &c->r, err);
}

static int explain(const struct sftp *s, const struct call *c, struct mlops_error *err)
{
	if (err->kind != MLOPS_EREMOTE)
		return -1;
	if (c->r.why == HTTP_UNKNOWN_HOST) {
		err_set(err, MLOPS_EAUTH, "remote '%s': the key of its host is not the one in '%s'",
			s->name, s->known_hosts);
		return err_hint(err, "log in once with ssh to see its key and take it");
	}
	if (c->r.why == HTTP_REFUSED) {
		err_set(err, MLOPS_EAUTH, "remote '%s' does not let '%s' in, or not do this",
			s->name, s->user);
		return err_hint(err,
				"see that your key is in its authorized_keys, and in ssh-agent or "
				"an ed25519 key without a passphrase");
	}
	err_wrap(err, "cannot reach remote '%s' at '%s'", s->name, s->root);
	return err_hint(err, "see whether it answers: mlops remote check");
}

/* A download goes on where it broke off. */
static int run(struct sftp *s, struct call *c, struct mlops_error *err)
{
	for (int try = 1;; try++) {
		int rc = try_once(s, c, err);

		bool answered = c->r.why != HTTP_FAILED && c->r.why != HTTP_UNREACHED;
		if (!rc || err->kind != MLOPS_EREMOTE || answered || try == TRIES)
			return rc && c->r.why != HTTP_NO_FILE && c->r.why != HTTP_COMMAND ?
				       explain(s, c, err) :
				       rc;
		log_debug("remote '%s': %s; trying again", s->name, err->msg);
		clock_sleep_ms(WAIT_MS * try + (int64_t)(rand_u64() % WAIT_MS));
		mlops_error_clear(err);
	}
}

static int sftp_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err)
{
	struct call c = { .key = key, .ssh = { .nothing = true } };
	int rc = run(conn, &c, err);

	if (!rc)
		*out = (struct key_info){ .found = true,
					  .size = c.r.length > 0 ? (uint64_t)c.r.length : 0,
					  .mtime_ms = c.r.mtime_ms };
	if (rc && c.r.why == HTTP_NO_FILE) {
		mlops_error_clear(err);
		*out = (struct key_info){ 0 };
		rc = 0;
	}
	http_response_clear(&c.r);
	return rc;
}

static int sftp_get(void *conn, const char *key, struct byte_range range,
		    const struct byte_sink *sink, struct mlops_error *err)
{
	struct call c = { .key = key, .sink = sink, .want = range };
	struct key_info info;

	/* The server takes no range that starts at the end or behind it. */
	if (range.from && sftp_stat(conn, key, &info, err))
		return -1;
	if (!range.n || (range.from && info.found && range.from >= info.size))
		return 0;
	int rc = run(conn, &c, err);
	if (rc && c.r.why == HTTP_NO_FILE)
		rc = err_set(err, MLOPS_ENOTFOUND, "'%s' is not there", key);
	http_response_clear(&c.r);
	return rc;
}

/* A path in a command: in quotes, with those in it escaped. */
static char *quoted(const struct sftp *s, const char *key)
{
	struct strbuf out = { 0 };

	strbuf_addf(&out, "\"");
	for (const char *p = s->path; *p; p++)
		strbuf_addf(&out, strchr("\"\\", *p) ? "\\%c" : "%c", *p);
	strbuf_addc(&out, '/');
	for (const char *p = key; *p; p++)
		strbuf_addf(&out, strchr("\"\\", *p) ? "\\%c" : "%c", *p);
	strbuf_addc(&out, '"');
	return strbuf_steal(&out);
}

/* The commands that a put ends with; the folders may be there, and the key when it is replaced. */
static void add_moves(const struct sftp *s, const char *tmp, const struct key_put *put,
		      struct strlist *out)
{
	autofree char *from = quoted(s, tmp), *to = quoted(s, put->key);

	for (const char *slash = strchr(put->key, '/'); slash; slash = strchr(slash + 1, '/')) {
		autofree char *folder = xstrndup(put->key, (size_t)(slash - put->key)),
			      *path = quoted(s, folder);

		strlist_take(out, xasprintf("*mkdir %s", path));
	}
	if (!put->if_absent)
		strlist_take(out, xasprintf("*rm %s", to));
	strlist_take(out, xasprintf("rename %s %s", from, to));
}

/* Runs one command that transfers nothing; r tells why it failed. */
static int command(struct sftp *s, const char *text, struct http_response *r,
		   struct mlops_error *err)
{
	const char *commands[] = { text, NULL };
	struct call c = { .key = "", .ssh = { .nothing = true, .before = commands } };
	int rc = run(s, &c, err);

	r->why = c.r.why;
	http_response_clear(&c.r);
	return rc;
}

static int put_failed(struct sftp *s, const char *tmp, const struct key_put *put,
		      enum http_failure why, struct mlops_error *err)
{
	autofree char *path = quoted(s, tmp), *clean = xasprintf("*rm %s", path);
	struct key_info info = { 0 };
	struct http_response r;
	autoerr ignored = ERR_INIT;

	command(s, clean, &r, &ignored);
	mlops_error_clear(&ignored);
	if (why != HTTP_COMMAND)
		return -1;
	if (put->if_absent && !sftp_stat(s, put->key, &info, &ignored) && info.found)
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", put->key);
	return err_set(err, MLOPS_EAUTH, "remote '%s' does not let '%s' put '%s' there", s->name,
		       s->user, put->key);
}

static int sftp_put(void *conn, const struct key_put *put, struct mlops_error *err)
{
	struct sftp *s = conn;
	char id[RAND_HEX_SIZE(16)], tmp[64];
	autostrlist moves = { 0 };

	snprintf(tmp, sizeof(tmp), "tmp/%s", rand_hex(id, 16));
	add_moves(s, tmp, put, &moves);
	strlist_take(&moves, NULL);
	struct call c = { .key = tmp, .from = put->from };
	c.ssh.after = (const char *const *)moves.v;
	int rc = run(s, &c, err);
	enum http_failure why = c.r.why;
	http_response_clear(&c.r);
	return rc ? put_failed(s, tmp, put, why, err) : 0;
}

static int sftp_remove(void *conn, const char *key, struct mlops_error *err)
{
	struct sftp *s = conn;
	autofree char *path = quoted(s, key), *text = xasprintf("rm %s", path);
	struct http_response r;
	struct key_info info;

	if (!command(s, text, &r, err))
		return 0;
	if (r.why != HTTP_COMMAND)
		return -1;
	mlops_error_clear(err);
	if (sftp_stat(s, key, &info, err))
		return -1;
	return info.found ? err_set(err, MLOPS_EAUTH, "remote '%s' does not let '%s' remove '%s'",
				    s->name, s->user, key) :
			    0;
}

struct listing {
	struct sftp *sftp;
	int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *);
	void *arg;
};

static int list_folder(struct listing *l, const char *dir, int depth, struct mlops_error *err);

/* "-rw-r--r--    1 me       us           1234 Nov 25 22:36 name": the size is the fifth field, and the
 * name is what is behind the eighth. */
static int take_line(struct listing *l, const char *dir, struct str line, int depth,
		     struct mlops_error *err)
{
	struct key_info info = { .found = true };
	struct str field = { "", 0 }, rest = line;
	autofree char *size = NULL;
	autoerr ignored = ERR_INIT;

	for (int i = 1; i <= 8; i++) {
		while (rest.n && *rest.p == ' ')
			rest = (struct str){ rest.p + 1, rest.n - 1 };
		field = str_split(rest, ' ', &rest);
		if (i == 5)
			size = xstrndup(field.p, field.n);
	}
	autofree char *key = xasprintf("%s" STR_FMT, dir, STR_ARG(rest));
	if (!rest.n || str_eq(rest, ".") || str_eq(rest, "..") || remote_key_check(key, &ignored))
		return 0;
	if (*line.p == 'd') {
		autofree char *folder = xasprintf("%s/", key);

		return strcmp(key, "tmp") ? list_folder(l, folder, depth + 1, err) : 0;
	}
	if (*line.p != '-' || !size || !num_parse_u64(size, &info.size))
		return 0;
	return l->fn(key, &info, l->arg, err);
}

static int list_folder(struct listing *l, const char *dir, int depth, struct mlops_error *err)
{
	struct call c = { .key = dir };

	if (depth > MAX_DEPTH)
		return err_set(err, MLOPS_EREMOTE, "remote '%s' is nested too deeply",
			       l->sftp->name);
	int rc = run(l->sftp, &c, err);
	if (rc && c.r.why == HTTP_NO_FILE) {
		mlops_error_clear(err);
		rc = 0;
	}
	struct str rest = { c.r.body.buf ? c.r.body.buf : "", c.r.body.len };
	while (rest.n && !rc)
		rc = take_line(l, dir, str_split(rest, '\n', &rest), depth, err);
	http_response_clear(&c.r);
	return rc;
}

static int sftp_list(void *conn, const char *prefix,
		     int (*fn)(const char *, const struct key_info *, void *, struct mlops_error *),
		     void *arg, struct mlops_error *err)
{
	struct listing l = { conn, fn, arg };

	return list_folder(&l, prefix, 0, err);
}

static int sftp_check(void *conn, struct mlops_error *err)
{
	struct key_info ignored;

	return sftp_stat(conn, "mlops-remote", &ignored, err);
}

const struct transport transport_sftp = {
	.schemes = { "sftp" },
	.help = "sftp://[USER@]HOST/PATH, a folder on another machine",
	.caps = TRANSPORT_RANGE | TRANSPORT_LIST | TRANSPORT_IF_ABSENT,
	.open = sftp_open,
	.close = sftp_close,
	.check = sftp_check,
	.stat = sftp_stat,
	.get = sftp_get,
	.put = sftp_put,
	.remove = sftp_remove,
	.list = sftp_list,
};
