/* The tokens of an object server: a file with the SHA-256 of each, never the token itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct token_set; /* any thread */

int token_set_open(const char *data, struct token_set **out, struct mlops_error *err);
void token_set_free(struct token_set *set); /* NULL is fine */
/* How many there are now. */
int token_set_count(struct token_set *set, size_t *out, struct mlops_error *err);
/*
 * Whether `text` (n bytes) is one of them, in a time that does not tell which or how nearly; then
 * *may_write says its scope. A change of the file counts from the next call on.
 */
int token_set_check(struct token_set *set, const char *text, size_t n, bool *known, bool *may_write,
		    struct mlops_error *err);

/* The secret in an Authorization header: Bearer, or the password of Basic. New, or NULL. */
char *token_of_header(const char *header);
