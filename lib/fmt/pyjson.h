/* JSON in the bytes of Python's json.dumps(): ", " and ": ", and no character beyond ASCII unless asked. */
#pragma once

#include "fmt/json.h"

enum pyjson_flags {
	PYJSON_SORTED = 1, /* the keys of each object are in order: sort_keys=True */
	PYJSON_UTF8 = 2,   /* ensure_ascii=False */
};

void pyjson_dump(const struct json *value, int flags, struct strbuf *out);
void pyjson_text(const char *text, size_t n, struct strbuf *out); /* a string, quoted */
