/* Tensors of the Open Inference Protocol, in JSON. */
#pragma once

#include "base/err.h"
#include "fmt/json.h"

#define TENSORS_MAX     1024
#define TENSOR_RANK_MAX 8

struct tensor {
	const char *name;             /* lent by the request */
	size_t dims[TENSOR_RANK_MAX]; /* all but the first are at least 1 */
	size_t rank;                  /* at least 1 */
	struct json *flat;            /* the elements, row after row */
};

/* Reads {"name","shape","datatype","data"}; data may be flat or nested. Clear in either case. */
int tensor_read(const struct json *input, struct tensor *out, struct mlops_error *err);
void tensor_clear(struct tensor *t);
/* One row, nested as the shape says; and the same with a shape [n, 1] taken for [n]. New. */
struct json *tensor_row(const struct tensor *t, size_t row);
struct json *tensor_row_value(const struct tensor *t, size_t row);
/*
 * The tensor of a list of numbers, booleans, texts or equally long lists of them, with the
 * narrowest of INT64, FP64, BOOL and BYTES that holds them; MLOPS_EFAIL for anything else.
 */
int tensor_write(const char *name, const struct json *values, struct json **out,
		 struct mlops_error *err);
