/*
 * The tokens of an object server: a file with the SHA-256 of each, never the token itself. A token
 * has a scope, and a project that it is for, or all of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/vec.h"
#include "mlops/oid.h"

#define TOKEN_NAME_SIZE   65 /* of names of tokens and projects, with its end */
#define TOKEN_ANY_PROJECT "*"

enum token_scope {
	TOKEN_READ,  /* fetch */
	TOKEN_WRITE, /* and push */
	TOKEN_ADMIN, /* and manage the tokens of its projects */
};

struct token {
	char name[TOKEN_NAME_SIZE];
	char project[TOKEN_NAME_SIZE]; /* or TOKEN_ANY_PROJECT */
	enum token_scope scope;
	struct oid hash; /* of the token's text */
	int64_t created_ms;
};
typedef VEC(struct token) token_vec;

/* "read", "write" or "admin"; MLOPS_EUSAGE. */
int token_scope_parse(const char *text, enum token_scope *out, struct mlops_error *err);
const char *token_scope_name(enum token_scope scope);
/* Whether it is good as the name of a token, or of a project. */
bool token_name_is_good(const char *name);
bool token_is_for(const struct token *token, const char *project);

/* Those in the file of a server's folder; none when there is no file. Free with vec_free(). */
int token_file_read(const char *path, token_vec *out, struct mlops_error *err);
/* Makes one of that name, project and scope; *text, new, is the token itself. */
int token_file_add(const char *data, const struct token *token, char **text,
		   struct mlops_error *err);
/* Removes that name, of `project` or TOKEN_ANY_PROJECT; MLOPS_ENOTFOUND. */
int token_file_remove(const char *data, const char *name, const char *project,
		      struct mlops_error *err);

struct token_set; /* those of a running server; any thread */

int token_set_open(const char *data, struct token_set **out, struct mlops_error *err);
void token_set_free(struct token_set *set); /* NULL is fine */
/* How many there are now. */
int token_set_count(struct token_set *set, size_t *out, struct mlops_error *err);
/*
 * Whether `text` (n bytes) is one of them, in a time that does not tell which or how nearly; then
 * *out is a copy of it. A change of the file counts from the next call on.
 */
int token_set_check(struct token_set *set, const char *text, size_t n, bool *known,
		    struct token *out, struct mlops_error *err);

/* The secret in an Authorization header: Bearer, or the password of Basic. New, or NULL. */
char *token_of_header(const char *header);
