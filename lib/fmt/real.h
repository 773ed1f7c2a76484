/* Decimal numbers out of slices of text, correctly rounded and fast; independent of the locale. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The whole of text[0 .. n), spaces around it aside, is a decimal number, "inf" or "infinity" in
 * any case: true, with its value in *out and in *whole whether it had neither point nor exponent.
 */
bool real_parse(const char *text, size_t n, double *out, bool *whole);
