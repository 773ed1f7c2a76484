/*
 * Text that a parser of ours goes through byte by byte (TOML, .env, Python): errors with line and
 * column, and where each scalar stands, for those that change one in place.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "fmt/json.h"

#define TEXT_DEPTH 64 /* how deep values may lie in each other */

/* Bytes of the text. */
struct text_place {
	size_t at, len;
};

struct text_places {
	VEC(struct text_place) scalars;
};

struct text {
	const char *file; /* for messages */
	const char *start, *at, *end;
	struct text_places *places; /* NULL: the values themselves are wanted */
	struct mlops_error *err;
};

/* At the start of n bytes, which are lent; `text` may be NULL when n is 0. */
struct text text_of(const char *file, const char *text, size_t n, struct text_places *places,
		    struct mlops_error *err);
/* "file:line:column: " of a byte of the text and the message, MLOPS_EINVALID; returns -1. */
__attribute__((format(printf, 3, 4))) int text_error(const struct text *t, const char *at,
						     const char *fmt, ...);
/* Refuses text that is not UTF-8. */
int text_check(const struct text *t);
/* The byte that many ahead, or -1 behind the end. */
int text_look(const struct text *t, size_t ahead);
/* Moves over `word` when it comes next. */
bool text_take(struct text *t, const char *word);
void text_skip_blanks(struct text *t); /* spaces and tabs */
/* Moves over a line end (\n, \r\n) when it comes next. */
bool text_take_newline(struct text *t);
/*
 * What to put into the result for the scalar that stands from `from` up to here: `value` (taken),
 * or, with places wanted, the number of its place.
 */
struct json *text_scalar(struct text *t, const char *from, struct json *value);
/* Appends a code point as UTF-8; false when there is no such character. */
bool text_add_char(struct strbuf *out, uint32_t c);
/* Reads exactly `digits` hexadecimal ones. */
bool text_take_hex(struct text *t, int digits, uint32_t *out);
/* A whole number in digits of base 2, 8, 10 or 16, single '_' between them; false when it is none. */
bool text_number(const char *digits, int base, int64_t *out);
