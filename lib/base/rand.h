/* Randomness from the kernel, fit for tokens and ids. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RAND_HEX_SIZE(bytes) ((bytes)*2 + 1)

void rand_bytes(void *buf, size_t n);
/* 2n lower-case hex digits and a NUL into buf; returns buf. */
char *rand_hex(char *buf, size_t n);
uint64_t rand_u64(void);
