/* URLs, strictly: "scheme://[user@]host[:port][/path][?query]", and percent-encoding. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct url {
	char *scheme, *user, *host; /* user may be NULL; scheme and host in lower case */
	int port;                   /* 0: none is given */
	char *path;                 /* as written, from the '/' on; "" when there is none */
	char *query;                /* as written, without the '?'; or NULL */
};

/*
 * MLOPS_EINVALID for anything else: control characters, spaces, a password, a fragment, an empty
 * host, a host with other characters than letters, digits, '.', '-' and '_' (or an IPv6 address in
 * brackets), a port out of range. The message does not repeat what stands before an '@'.
 */
int url_parse(const char *text, struct url *out, struct mlops_error *err);
void url_clear(struct url *u);
#define autourl __attribute__((cleanup(url_clear))) struct url

/* Appends s with all but letters, digits, "-._~" and those in `keep` as %XX. */
void url_encode(struct strbuf *out, const char *s, const char *keep);
/* Decodes %XX; false for a broken escape or one that stands for NUL. Appends. */
bool url_decode(struct strbuf *out, const char *s, size_t n);
bool url_is_loopback(const struct url *u);
