/* What the other end of a stream can show. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

bool term_is_tty(FILE *f);
/* Whether colour is wanted there: a terminal that is not dumb, and no NO_COLOR. */
bool term_has_color(FILE *f);
/* Whether characters beyond ASCII are understood there, by LC_ALL, LC_CTYPE and LANG. */
bool term_has_utf8(void);
/* The columns of the terminal; `fallback` when it is none or does not say. */
size_t term_columns(FILE *f, size_t fallback);
size_t term_rows(FILE *f, size_t fallback);
