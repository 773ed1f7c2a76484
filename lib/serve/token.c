/*
 * <data>/tokens, mode 0600, replaced atomically: a line "version 1", then for each token
 *	SCOPE SHA256 CREATED_MS NAME
 * The SHA-256 is of the token's text, which has 256 random bits, so no slow hash is needed.
 */
#include "serve/token.h"

#include <ctype.h>
#include <pthread.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/vec.h"
#include "crypto/hash.h"
#include "mlops/serve.h"

#define FILE_MAX     ((size_t)4 << 20)
#define NAME_MAX_LEN 64
#define PREFIX       "mlt_"
#define SECRET_BYTES 32
#define LOCK_MS      10000
#define VERSION_LINE "version 1"

struct token {
	char *name;
	bool may_write;
	struct oid hash;
	int64_t created_ms;
};

typedef VEC(struct token) token_vec;

struct token_set {
	char *path;
	pthread_mutex_t lock; /* guards all below */
	struct stat seen;     /* of the file when it was read */
	bool loaded;
	token_vec tokens;
};

static void clear_tokens(token_vec *tokens)
{
	for (size_t i = 0; i < tokens->n; i++)
		free(tokens->v[i].name);
	vec_free(tokens);
}

static bool is_name(struct str s)
{
	bool good = s.n && s.n <= NAME_MAX_LEN && *s.p != '-' && *s.p != '.';

	for (size_t i = 0; i < s.n && good; i++)
		good = isalnum((unsigned char)s.p[i]) || strchr("._@-", s.p[i]);
	return good;
}

static bool parse_line(struct str line, struct token *out)
{
	struct str rest;
	struct str scope = str_split(line, ' ', &rest);
	struct str hash = str_split(rest, ' ', &rest);
	struct str created = str_split(rest, ' ', &rest);
	autofree char *hex = xstrndup(hash.p, hash.n), *ms = xstrndup(created.p, created.n);

	out->may_write = str_eq(scope, "write");
	if ((!out->may_write && !str_eq(scope, "read")) || !mlops_oid_parse(hex, &out->hash) ||
	    !num_parse_i64(ms, &out->created_ms) || !is_name(rest))
		return false;
	out->name = xstrndup(rest.p, rest.n);
	return true;
}

static int parse_tokens(const char *path, struct str text, token_vec *out, struct mlops_error *err)
{
	struct str first = str_split(text, '\n', &text);

	if (!str_eq(first, VERSION_LINE))
		return err_set(err, MLOPS_ECORRUPT, "'%s' does not begin with '%s'", path,
			       VERSION_LINE);
	for (int line = 2; text.n; line++) {
		struct token token;

		if (!parse_line(str_split(text, '\n', &text), &token))
			return err_set(err, MLOPS_ECORRUPT, "'%s': line %d is damaged", path, line);
		vec_push(out, token);
	}
	return 0;
}

/* No file: no tokens. */
static int read_tokens(const char *path, token_vec *out, struct mlops_error *err)
{
	autobuf text = { 0 };

	if (fs_read(path, FILE_MAX, &text, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	if (!parse_tokens(path, (struct str){ text.buf, text.len }, out, err))
		return 0;
	clear_tokens(out);
	return -1;
}

static int write_tokens(const char *path, const token_vec *tokens, struct mlops_error *err)
{
	autobuf text = { 0 };

	strbuf_adds(&text, VERSION_LINE "\n");
	for (size_t i = 0; i < tokens->n; i++) {
		const struct token *t = &tokens->v[i];
		char hex[MLOPS_OID_HEX + 1];

		strbuf_addf(&text, "%s %s %lld %s\n", t->may_write ? "write" : "read",
			    mlops_oid_hex(&t->hash, hex), (long long)t->created_ms, t->name);
	}
	return fs_write_atomic(path, text.buf, text.len, 0600, err);
}

int token_set_open(const char *data, struct token_set **out, struct mlops_error *err)
{
	struct token_set *set = xcalloc(1, sizeof(*set));
	size_t ignored;

	set->path = path_join(data, "tokens");
	pthread_mutex_init(&set->lock, NULL);
	if (token_set_count(set, &ignored, err)) {
		token_set_free(set);
		return -1;
	}
	*out = set;
	return 0;
}

void token_set_free(struct token_set *set)
{
	if (!set)
		return;
	clear_tokens(&set->tokens);
	pthread_mutex_destroy(&set->lock);
	free(set->path);
	free(set);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads the file again when it is another than was read. Lock held. */
static int refresh(struct token_set *set, struct mlops_error *err)
{
	token_vec fresh = { 0 };
	struct stat st = { 0 };

	if (stat(set->path, &st))
		st = (struct stat){ 0 };
	if (set->loaded && same_file(&st, &set->seen))
		return 0;
	if (read_tokens(set->path, &fresh, err))
		return -1;
	clear_tokens(&set->tokens);
	set->tokens = fresh;
	set->seen = st;
	set->loaded = true;
	return 0;
}

int token_set_count(struct token_set *set, size_t *out, struct mlops_error *err)
{
	pthread_mutex_lock(&set->lock);
	int rc = refresh(set, err);
	*out = rc ? 0 : set->tokens.n;
	pthread_mutex_unlock(&set->lock);
	return rc;
}

/* Looks at every token, also behind the one that fits. */
static int find_hash(const token_vec *tokens, const struct oid *hash, bool *known, bool *may_write,
		     struct mlops_error *err)
{
	for (size_t i = 0; i < tokens->n; i++) {
		bool equal;

		if (secret_equal(tokens->v[i].hash.sha256, hash->sha256, sizeof(hash->sha256),
				 &equal, err))
			return -1;
		*known |= equal;
		*may_write |= equal && tokens->v[i].may_write;
	}
	return 0;
}

int token_set_check(struct token_set *set, const char *text, size_t n, bool *known, bool *may_write,
		    struct mlops_error *err)
{
	struct oid hash;

	*known = *may_write = false;
	if (hash_buf(text, n, &hash, err))
		return -1;
	pthread_mutex_lock(&set->lock);
	int rc = refresh(set, err);
	if (!rc)
		rc = find_hash(&set->tokens, &hash, known, may_write, err);
	pthread_mutex_unlock(&set->lock);
	return rc;
}

char *token_of_header(const char *header)
{
	autobuf plain = { 0 };

	if (!strncasecmp(header, "Bearer ", 7))
		return xstrdup(header + 7);
	if (strncasecmp(header, "Basic ", 6) ||
	    !base64_decode(header + 6, strlen(header + 6), &plain) || !plain.buf)
		return NULL;
	const char *colon = strchr(plain.buf, ':');
	char *secret = colon ? xstrdup(colon + 1) : NULL;
	explicit_bzero(plain.buf, plain.len);
	return secret;
}

/* Changing: under a lock, so that two that are made at once are both kept. */
struct edit {
	char *path;
	int lock;
	token_vec tokens;
};

static int edit_begin(const char *data, struct edit *e, struct mlops_error *err)
{
	autofree char *lock = path_join(data, "tokens.lock");

	*e = (struct edit){ .path = path_join(data, "tokens"), .lock = -1 };
	if (fs_mkdirs(data, err) || fs_lock(lock, FS_LOCK_EXCLUSIVE, LOCK_MS, &e->lock, err))
		return -1;
	return read_tokens(e->path, &e->tokens, err);
}

static void edit_end(struct edit *e)
{
	clear_tokens(&e->tokens);
	free(e->path);
	if (e->lock >= 0)
		close(e->lock);
}

static struct token *find_name(token_vec *tokens, const char *name)
{
	for (size_t i = 0; i < tokens->n; i++)
		if (!strcmp(tokens->v[i].name, name))
			return &tokens->v[i];
	return NULL;
}

static int add(struct edit *e, const char *name, bool may_write, char **out,
	       struct mlops_error *err)
{
	char hex[RAND_HEX_SIZE(SECRET_BYTES)];
	struct token token = { .may_write = may_write, .created_ms = clock_now_ms() };

	if (find_name(&e->tokens, name)) {
		err_set(err, MLOPS_EEXISTS, "there is a token named '%s' already", name);
		return err_hint(err, "remove it first: mlops server token rm %s", name);
	}
	autofree char *text = xasprintf(PREFIX "%s", rand_hex(hex, SECRET_BYTES));
	if (hash_buf(text, strlen(text), &token.hash, err))
		return -1;
	token.name = xstrdup(name);
	vec_push(&e->tokens, token);
	if (write_tokens(e->path, &e->tokens, err))
		return -1;
	*out = steal_ptr(&text);
	return 0;
}

int mlops_server_token_add(const char *data, const char *name, const char *scope, char **token,
			   struct mlops_error *err)
{
	bool may_write = !strcmp(scope, "write");
	struct edit e;

	if (!may_write && strcmp(scope, "read"))
		return err_set(err, MLOPS_EUSAGE, "a token's scope is read or write, not '%s'",
			       scope);
	if (!is_name(str_of(name)))
		return err_set(err, MLOPS_EINVALID, "'%s' is no name for a token", name);
	int rc = edit_begin(data, &e, err);
	if (!rc)
		rc = add(&e, name, may_write, token, err);
	edit_end(&e);
	return rc;
}

static int drop(struct edit *e, const char *name, struct mlops_error *err)
{
	struct token *t = find_name(&e->tokens, name);

	if (!t)
		return err_set(err, MLOPS_ENOTFOUND, "no token named '%s'", name);
	free(t->name);
	memmove(t, t + 1, (size_t)(e->tokens.v + e->tokens.n - t - 1) * sizeof(*t));
	e->tokens.n--;
	return write_tokens(e->path, &e->tokens, err);
}

int mlops_server_token_remove(const char *data, const char *name, struct mlops_error *err)
{
	struct edit e;

	int rc = edit_begin(data, &e, err);
	if (!rc)
		rc = drop(&e, name, err);
	edit_end(&e);
	return rc;
}

int mlops_server_tokens_list(const char *data, struct server_token **out, size_t *n,
			     struct mlops_error *err)
{
	autofree char *path = path_join(data, "tokens");
	token_vec tokens = { 0 };

	if (read_tokens(path, &tokens, err))
		return -1;
	*out = xcalloc(tokens.n, sizeof(**out));
	*n = tokens.n;
	for (size_t i = 0; i < tokens.n; i++) {
		struct token *from = &tokens.v[i];
		struct server_token *to = &(*out)[i];

		to->name = steal_ptr(&from->name);
		to->scope = from->may_write ? "write" : "read";
		to->created_ms = from->created_ms;
	}
	clear_tokens(&tokens);
	return 0;
}

void mlops_server_tokens_free(struct server_token *tokens, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(tokens[i].name);
	free(tokens);
}
