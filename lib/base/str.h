/* Text: struct str borrows a slice, struct strbuf grows its own. */
#pragma once

#include "base/mem.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(lit)   ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

struct str str_of(const char *s);
/* As strcmp(3), bytewise. */
int str_compare(struct str a, struct str b);
bool str_eq(struct str s, const char *text);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* Without spaces, tabs and line ends at both sides. */
struct str str_trim(struct str s);
/* "true", "yes", "on" or "1", or one of their opposites; false for all else. */
bool str_parse_bool(const char *value, bool *out);
/* The part before the first `sep`, and the rest behind it in *rest (empty when none is left). */
struct str str_split(struct str s, char sep, struct str *rest);

/* Always NUL-terminated once anything was added; buf is NULL before that. */
struct strbuf {
	char *buf;
	size_t len, cap;
};

void strbuf_reserve(struct strbuf *b, size_t extra);
void strbuf_add(struct strbuf *b, const void *p, size_t n);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
__attribute__((format(printf, 2, 3))) void strbuf_addf(struct strbuf *b, const char *fmt, ...);
/* A word for a POSIX shell: as it is where that is safe, else in single quotes. */
void strbuf_add_shell(struct strbuf *b, const char *word);
/* Shortens to `len` and keeps the memory. */
void strbuf_trunc(struct strbuf *b, size_t len);
void strbuf_clear(struct strbuf *b);
/* The text, owned by the caller now ("" when nothing was added); *b is empty after. */
char *strbuf_steal(struct strbuf *b);
#define autobuf __attribute__((cleanup(strbuf_clear))) struct strbuf

/* Of `choices` (NULL-terminated), the one a typist of `word` most likely meant, or NULL. */
const char *str_suggest(const char *word, const char *const *choices);

/* Bytes of the well-formed UTF-8 sequence that s[0 .. n) starts with, or 0. */
size_t utf8_sequence(const void *s, size_t n);
/* True when `n` bytes are valid UTF-8 (no surrogates, no overlong forms). */
bool utf8_valid(const void *p, size_t n);
/* Appends s[0 .. n) with U+FFFD for each byte that is not part of valid UTF-8. */
void utf8_mend(struct strbuf *out, const char *s, size_t n);
