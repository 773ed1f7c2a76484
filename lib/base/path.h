/* Paths as text. Nothing here touches the file system. */
#pragma once

#include "base/str.h"

/* "a/b", or b alone when a is empty or b is absolute; returns new. */
char *path_join(const char *a, const char *b);
/* The last component (borrowed), and all before it (new; "." when there is none). */
const char *path_base(const char *path);
char *path_dir(const char *path);
/* Puts "/name" behind `path` (name alone when that is empty); gives its length before. */
size_t path_push(struct strbuf *path, const char *name);
/* Without ".", "..", empty parts and a trailing slash, as text; ".." at the root stays out; new. */
char *path_normalize(const char *path);
/*
 * True for a path that, used below a folder, cannot leave it: relative, not empty, no "." or ".."
 * or empty component, no NUL, components of at most 255 bytes, at most 4095 in all. Every path
 * that comes out of a pointer, tree, archive, lock or server must pass here first.
 */
bool path_is_safe(const char *path);
bool path_is_safe_name(const char *name, size_t n); /* one component of such a path */
/* `path` seen from the folder `from` (both absolute and normalized): "../x"; new. */
char *path_relative(const char *from, const char *path);
/* True when `path` is `dir` or lies below it. */
bool path_is_below(const char *path, const char *dir);
/* The order of a walk, in which what a folder holds comes right behind it: as strcmp(3), '/' first. */
int path_compare(const char *a, const char *b);
/* "~/x" is in the home folder; new. */
char *path_expand(const char *path);
