/*
 * Who may ask the gateway, and how much: a file of keys, one a line,
 *   NAME SHA256 [rate=N] [quota=N]
 * with the SHA-256 of the key in hexadecimal digits, the requests that it may make a second (as many
 * at once), and those a day (UTC). '#' begins a comment. A change of the file counts within a second;
 * what was used of a quota is kept for as long as the gateway runs. Any thread.
 */
#pragma once

#include "base/err.h"
#include "http/message.h"

struct keys;
struct call_refusal;
struct strbuf;

int keys_open(const char *path, struct keys **out, struct mlops_error *err);
void keys_free(struct keys *k); /* NULL is fine */
/*
 * 0 when the request has a key that may go on, or `k` is NULL; else -1, and what to answer. The key
 * is in Authorization, as Bearer, or in X-API-Key.
 */
int keys_check(struct keys *k, const struct http_message *m, struct call_refusal *refusal);
/* Whether a field has a key in it, which is nobody else's business. */
bool keys_is_secret(const struct http_field *field);
void keys_render(struct keys *k, struct strbuf *out); /* for /metrics; NULL is fine */
