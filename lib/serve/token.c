/*
 * <data>/tokens, mode 0600, replaced atomically: a line "version 2", then for each token
 *	SCOPE PROJECT SHA256 CREATED_MS NAME
 * (version 1 has no PROJECT: all). The SHA-256 is of the token's text, which has 256 random bits, so
 * no slow hash is needed.
 */
#include "serve/token.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "base/rand.h"
#include "crypto/hash.h"
#include "mlops/serve.h"
#include "serve/project_set.h"

#define FILE_MAX     ((size_t)4 << 20)
#define PREFIX       "mlt_"
#define SECRET_BYTES 32
#define LOCK_MS      10000

static const char *const scope_names[] = {
	[TOKEN_READ] = "read",
	[TOKEN_WRITE] = "write",
	[TOKEN_ADMIN] = "admin",
};

const char *token_scope_name(enum token_scope scope)
{
	return scope_names[scope];
}

static bool find_scope(struct str text, enum token_scope *out)
{
	for (size_t i = 0; i < ARRAY_LEN(scope_names); i++) {
		if (!str_eq(text, scope_names[i]))
			continue;
		*out = (enum token_scope)i;
		return true;
	}
	return false;
}

int token_scope_parse(const char *text, enum token_scope *out, struct mlops_error *err)
{
	if (find_scope(str_of(text), out))
		return 0;
	return err_set(err, MLOPS_EUSAGE, "a token's scope is read, write or admin, not '%s'",
		       text);
}

static bool is_name(struct str s)
{
	bool good = s.n && s.n < TOKEN_NAME_SIZE && *s.p != '-' && *s.p != '.';

	for (size_t i = 0; i < s.n && good; i++)
		good = isalnum((unsigned char)s.p[i]) || strchr("._@-", s.p[i]);
	return good;
}

bool token_name_is_good(const char *name)
{
	return is_name(str_of(name));
}

bool token_is_for(const struct token *t, const char *project)
{
	return !strcmp(t->project, TOKEN_ANY_PROJECT) || !strcmp(t->project, project);
}

static void copy_name(char *to, struct str from)
{
	memcpy(to, from.p, from.n);
	to[from.n] = '\0';
}

static bool parse_line(struct str line, bool has_project, struct token *out)
{
	struct str rest, project = STR(TOKEN_ANY_PROJECT);
	struct str scope = str_split(line, ' ', &rest);

	if (has_project)
		project = str_split(rest, ' ', &rest);
	struct str hash = str_split(rest, ' ', &rest);
	struct str created = str_split(rest, ' ', &rest);
	autofree char *hex = xstrndup(hash.p, hash.n), *ms = xstrndup(created.p, created.n);

	if (!find_scope(scope, &out->scope) || !mlops_oid_parse(hex, &out->hash) ||
	    !num_parse_i64(ms, &out->created_ms) || !is_name(rest) ||
	    (!str_eq(project, TOKEN_ANY_PROJECT) && !is_name(project)))
		return false;
	copy_name(out->name, rest);
	copy_name(out->project, project);
	return true;
}

static int parse_tokens(const char *path, struct str text, token_vec *out, struct mlops_error *err)
{
	struct str first = str_split(text, '\n', &text);
	bool second = str_eq(first, "version 2");

	if (!second && !str_eq(first, "version 1"))
		return err_set(err, MLOPS_ECORRUPT, "'%s' does not begin with 'version 2'", path);
	for (int line = 2; text.n; line++) {
		struct token token;

		if (!parse_line(str_split(text, '\n', &text), second, &token))
			return err_set(err, MLOPS_ECORRUPT, "'%s': line %d is damaged", path, line);
		vec_push(out, token);
	}
	return 0;
}

int token_file_read(const char *path, token_vec *out, struct mlops_error *err)
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
	vec_free(out);
	return -1;
}

static int write_tokens(const char *path, const token_vec *tokens, struct mlops_error *err)
{
	autobuf text = { 0 };

	strbuf_adds(&text, "version 2\n");
	for (size_t i = 0; i < tokens->n; i++) {
		const struct token *t = &tokens->v[i];
		char hex[MLOPS_OID_HEX + 1];

		strbuf_addf(&text, "%s %s %s %lld %s\n", scope_names[t->scope], t->project,
			    mlops_oid_hex(&t->hash, hex), (long long)t->created_ms, t->name);
	}
	return fs_write_atomic(path, text.buf, text.len, 0600, err);
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
	return token_file_read(e->path, &e->tokens, err);
}

static void edit_end(struct edit *e)
{
	vec_free(&e->tokens);
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

static int add(struct edit *e, struct token token, char **out, struct mlops_error *err)
{
	char hex[RAND_HEX_SIZE(SECRET_BYTES)];

	if (find_name(&e->tokens, token.name)) {
		err_set(err, MLOPS_EEXISTS, "there is a token named '%s' already", token.name);
		return err_hint(err, "remove it first: mlops server token rm %s", token.name);
	}
	autofree char *text = xasprintf(PREFIX "%s", rand_hex(hex, SECRET_BYTES));
	explicit_bzero(hex, sizeof(hex));
	if (hash_buf(text, strlen(text), &token.hash, err))
		return -1;
	token.created_ms = clock_now_ms();
	vec_push(&e->tokens, token);
	if (write_tokens(e->path, &e->tokens, err))
		return -1;
	*out = steal_ptr(&text);
	return 0;
}

int token_file_add(const char *data, const struct token *token, char **text,
		   struct mlops_error *err)
{
	struct edit e;

	int rc = edit_begin(data, &e, err);
	if (!rc)
		rc = add(&e, *token, text, err);
	edit_end(&e);
	return rc;
}

static int drop(struct edit *e, const char *name, const char *project, struct mlops_error *err)
{
	struct token *t = find_name(&e->tokens, name);

	if (!t || (strcmp(project, TOKEN_ANY_PROJECT) && strcmp(t->project, project)))
		return err_set(err, MLOPS_ENOTFOUND, "no token named '%s'", name);
	memmove(t, t + 1, (size_t)(e->tokens.v + e->tokens.n - t - 1) * sizeof(*t));
	e->tokens.n--;
	return write_tokens(e->path, &e->tokens, err);
}

int token_file_remove(const char *data, const char *name, const char *project,
		      struct mlops_error *err)
{
	struct edit e;

	int rc = edit_begin(data, &e, err);
	if (!rc)
		rc = drop(&e, name, project, err);
	edit_end(&e);
	return rc;
}

static int check_name(const char *what, const char *name, struct mlops_error *err)
{
	if (token_name_is_good(name))
		return 0;
	err_set(err, MLOPS_EINVALID, "'%s' is no name for a %s", name, what);
	return err_hint(err, "letters, digits, '.', '_', '@' and '-', at most %d",
			TOKEN_NAME_SIZE - 1);
}

int mlops_server_token_add(const char *data, const char *name, const char *scope,
			   const char *project, char **token, struct mlops_error *err)
{
	struct token t = { .project = TOKEN_ANY_PROJECT };

	if (token_scope_parse(scope, &t.scope, err) || check_name("token", name, err) ||
	    (project && (check_name("project", project, err) || project_make(data, project, err))))
		return -1;
	copy_name(t.name, str_of(name));
	if (project)
		copy_name(t.project, str_of(project));
	return token_file_add(data, &t, token, err);
}

int mlops_server_token_remove(const char *data, const char *name, struct mlops_error *err)
{
	return token_file_remove(data, name, TOKEN_ANY_PROJECT, err);
}

int mlops_server_tokens_list(const char *data, struct server_token **out, size_t *n,
			     struct mlops_error *err)
{
	autofree char *path = path_join(data, "tokens");
	token_vec tokens = { 0 };

	if (token_file_read(path, &tokens, err))
		return -1;
	*out = xcalloc(tokens.n, sizeof(**out));
	*n = tokens.n;
	for (size_t i = 0; i < tokens.n; i++) {
		const struct token *from = &tokens.v[i];
		bool any = !strcmp(from->project, TOKEN_ANY_PROJECT);

		(*out)[i] = (struct server_token){ .name = xstrdup(from->name),
						   .scope = scope_names[from->scope],
						   .project = any ? NULL : xstrdup(from->project),
						   .created_ms = from->created_ms };
	}
	vec_free(&tokens);
	return 0;
}

void mlops_server_tokens_free(struct server_token *tokens, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(tokens[i].name);
		free(tokens[i].project);
	}
	free(tokens);
}
