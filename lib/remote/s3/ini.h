/* The files ~/.aws/config and ~/.aws/credentials. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* The value of `key` in [section] of the text, new; NULL when there is none. Lines that are indented
 * belong to the setting above and are passed over. */
char *ini_get(const struct strbuf *text, const char *section, const char *key);
