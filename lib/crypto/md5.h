/* MD5, which protocols want; it proves nothing against one who means harm. */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define MD5_HEX_SIZE 33

int md5_hex(const void *p, size_t n, char *hex, struct mlops_error *err);
