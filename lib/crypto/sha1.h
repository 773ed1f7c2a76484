/* SHA-1, by which git names blobs; it proves nothing against one who means harm. */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define SHA1_HEX_SIZE 41

/* The name that git has for a blob of these bytes, into `hex`. */
int sha1_git_blob(const void *p, size_t n, char *hex, struct mlops_error *err);
