/* Numbers out of text from outside: the whole text must be one number in range. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NUM_SIZE 32

bool num_parse_i64(const char *s, int64_t *out);
bool num_parse_u64(const char *s, uint64_t *out);
/* Also "nan", "inf" and "-inf"; independent of the locale. */
bool num_parse_double(const char *s, double *out);
/* "64", "64k", "1.5M", "2GiB": bytes, powers of 1024. */
bool num_parse_bytes(const char *s, uint64_t *out);
/* "90", "90s", "5m", "2h", "1d", "250ms": milliseconds; a bare number is seconds. */
bool num_parse_duration(const char *s, int64_t *out_ms);
/* Its digits into buf (NUM_SIZE bytes); returns where they begin. */
char *num_format_u64(uint64_t n, char *buf);
/* "1.5 MiB" into buf (NUM_SIZE bytes); returns buf. */
char *num_format_bytes(uint64_t n, char *buf);
/* The shortest text that reads back as the same double ("0.1", "NaN", "Infinity"); returns buf. */
char *num_format_double(double d, char *buf);
/* The same as Python writes it, so that a whole number keeps its point: "1.0", "1e-05"; finite. */
char *num_format_python(double d, char *buf);
