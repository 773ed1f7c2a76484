/* Base64 (RFC 4648) in its standard alphabet. */
#pragma once

#include "base/str.h"

/* Appends the bytes; false, and nothing appended, for what is not padded base64 without spaces. */
bool base64_decode(const char *s, size_t n, struct strbuf *out);
