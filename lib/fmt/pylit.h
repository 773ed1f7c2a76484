/* Literals of Python. */
#pragma once

#include "fmt/text.h"

/*
 * A number, string, True, False, None, or a list, tuple or dict of them. NULL without an error, and
 * the cursor anywhere, when it is something else.
 */
struct json *pylit_read(struct text *t);
/* Moves over the string (of any kind, its prefix is behind) that starts here; error: no end. */
int pylit_skip_string(struct text *t);
bool pylit_is_name(int c); /* a byte of a name */
