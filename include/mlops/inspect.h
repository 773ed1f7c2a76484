/*
 * What is inside of a model file or folder, read from its headers alone: no weights are loaded,
 * nothing in it is run. Everything in the result lives until mlops_model_info_free().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlops/error.h"

struct model_dim {
	int64_t size;       /* -1: any */
	const char *symbol; /* the name of a size that may be any ("batch"), or NULL */
};

/* An input or an output. */
struct model_port {
	const char *signature; /* "serving_default" where a model has several, else NULL */
	const char *name;
	const char *dtype;
	struct model_dim *dims;
	size_t n_dims;
	bool no_shape; /* the rank is not known either */
};

struct model_tensor {
	const char *name;
	const char *dtype; /* as the format spells it: "F16", "Q4_K", "float32" */
	uint64_t *shape;   /* outermost first */
	size_t rank;
	uint64_t elements, bytes;
	uint64_t at;      /* of the bytes in their file; 0: not known */
	const char *file; /* of a sharded model, else NULL */
};

struct model_dtype {
	const char *dtype;
	uint64_t tensors, elements, bytes;
};

struct model_pair {
	const char *key, *value;
};

struct model_info {
	const char *path;
	const char *format;  /* "safetensors", "gguf", ...; one of mlops_inspect_formats() */
	const char *version; /* of the format, or NULL */
	uint64_t files, file_bytes;
	uint64_t parameters, tensor_bytes; /* 0 where the header does not tell */
	struct model_tensor *tensors;
	size_t n_tensors;
	struct model_dtype *dtypes; /* most bytes first */
	size_t n_dtypes;
	struct model_port *inputs, *outputs;
	size_t n_inputs, n_outputs;
	struct model_pair *metadata; /* in the order of the file */
	size_t n_metadata;
	const char **globals; /* what a pickle would import: "module name", sorted */
	size_t n_globals;
	struct arena *arena; /* private: holds all of the above */
};

/*
 * Finds the format by content and reads it; *out is the caller's. A file of no known format is
 * MLOPS_ENOTFOUND, a damaged or lying one MLOPS_EINVALID with field and offset.
 */
MLOPS_API int mlops_inspect(const char *path, struct model_info **out, struct mlops_error *err);
MLOPS_API void mlops_model_info_free(struct model_info *info); /* NULL is fine */
/* Name and one line of help of each format, NULL-terminated pairs. */
MLOPS_API const struct model_pair *mlops_inspect_formats(void);
