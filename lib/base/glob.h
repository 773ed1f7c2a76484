/*
 * Patterns for paths, as git has them: '*' and '?' stop at '/', '[a-z]' and '[!a-z]' and
 * '[[:alpha:]]' are one byte, '\' takes the next byte literally, and a component '**' is any
 * number of components. Time is at most the product of both lengths.
 */
#pragma once

#include "base/str.h"

/* Whether it has any of * ? [ that is not behind a backslash. */
bool glob_is_pattern(const char *text);
/* One component. */
bool glob_match_name(struct str pattern, struct str name);
/* A whole path. A last component of two stars is at least one component. */
bool glob_match_path(const char *pattern, const char *path);
