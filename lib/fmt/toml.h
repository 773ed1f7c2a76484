/* TOML 1.0 (toml.io), in full and strictly, as JSON values. */
#pragma once

#include "fmt/text.h"

/*
 * Dates and times become texts as they are written, infinities and NaN as js_num() has them; whole
 * numbers are of 64 bits. `file` is the name for messages. With `places` (may be NULL) each scalar
 * in *out is the number of its place instead.
 */
int toml_parse(const char *file, const char *text, size_t n, struct text_places *places,
	       struct json **out, struct mlops_error *err);
