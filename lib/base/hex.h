/* Bytes as lower-case hex and back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* 2n digits and a NUL into buf; returns buf. */
char *hex_encode(char *buf, const void *p, size_t n);
/* Exactly 2n digits of s (lower case only, so that a name has one spelling) into out. */
bool hex_decode(void *out, size_t n, const char *s);
