/* Sorting doubles (no NaN among them) in ascending order; -0 comes out as 0. */
#pragma once

#include <stddef.h>

/* `scratch` holds n doubles. */
void radix_sort(double *v, double *scratch, size_t n);
