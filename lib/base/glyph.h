/* Text as a terminal shows it: code points, and the columns that each takes. */
#pragma once

#include "base/str.h"

#define GLYPH_UNKNOWN 0xfffd

struct glyph {
	uint32_t code;
	size_t columns; /* 1 or 2 */
};

/*
 * The first of a text that is not empty; gives its bytes. What can't be shown by itself (control
 * and direction characters, marks, bytes that are not UTF-8) is GLYPH_UNKNOWN.
 */
size_t glyph_next(const char *s, struct glyph *out);
size_t glyph_columns(const char *text);
/* Appends it as UTF-8. */
void glyph_add(struct strbuf *out, uint32_t code);
/* Appends text with GLYPH_UNKNOWN where glyph_next() gives that. */
void glyph_add_text(struct strbuf *out, const char *text);
