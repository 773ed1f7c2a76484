/*
 * YAML in the bytes that Python's ruamel.yaml writes, folded at 80 columns: files that a Python tool
 * rewrites must not differ for having been written here.
 */
#pragma once

#include "fmt/json.h"

/*
 * Appends " value" behind a key or a dash. `indent` is the column of that key or dash, which what
 * takes several lines is told by. Maps and lists go on lines of their own, block style.
 */
void ruamel_value(struct strbuf *out, size_t indent, const struct json *value);
/* Appends "key:" at the column, where the line is still empty. */
void ruamel_key(struct strbuf *out, size_t indent, const char *key);
/* Both, and the end of the line. */
void ruamel_put(struct strbuf *out, size_t indent, const char *key, const struct json *value);
