/* Base64 (RFC 4648) in its standard alphabet. */
#pragma once

#include "base/str.h"

/* Appends the bytes; false, and nothing appended, for what is not padded base64 without spaces. */
bool base64_decode(const char *s, size_t n, struct strbuf *out);
/* Appends the padded text of n bytes. */
void base64_encode(struct strbuf *out, const void *p, size_t n);
/* The same in the alphabet for URLs ('-' and '_'), without padding. */
void base64_encode_url(struct strbuf *out, const void *p, size_t n);
