/* Tensors as bytes: little-endian elements in a row; texts (BYTES) each behind its length in 32 bits. */
#pragma once

#include "base/err.h"
#include "fmt/json.h"

#define RAW_ELEMENTS_MAX (16u << 20)

/* Appends the elements to the "data" of an input, which has its "datatype". */
int raw_read(struct json *input, struct str raw, struct mlops_error *err);
/* Appends one element, of a type that tensor_write() gives. */
void raw_add(struct strbuf *to, const char *type, const struct json *v);

/* What is not finite becomes null. */
struct json *raw_float(uint32_t bits);
struct json *raw_double(uint64_t bits);
/* The bits of a number (NaN where there is none), and a whole number (0). */
uint64_t raw_bits(const struct json *v);
uint64_t raw_int(const struct json *v);
void raw_add_le64(struct strbuf *to, uint64_t v);
