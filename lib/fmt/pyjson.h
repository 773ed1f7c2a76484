/* JSON in the bytes of Python's json.dumps(): ", " and ": ", and no character beyond ASCII. */
#pragma once

#include "fmt/json.h"

/* With `sorted` the keys of each object are in order (sort_keys=True). */
void pyjson_dump(const struct json *value, bool sorted, struct strbuf *out);
void pyjson_text(const char *text, size_t n, struct strbuf *out); /* a string, quoted */
