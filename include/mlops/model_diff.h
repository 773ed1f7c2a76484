/* What changed from one version of a model to another. */
#pragma once

#include "mlops/registry.h"

enum model_difference_kind {
	MODEL_DIFF_FORMAT, /* of the file or folder */
	MODEL_DIFF_SIZE,   /* bytes, parameters */
	MODEL_DIFF_PARAM,  /* of its run */
	MODEL_DIFF_METRIC,
	MODEL_DIFF_SCHEMA, /* "input x" */
	MODEL_DIFF_TENSOR,
	MODEL_DIFF_FILE, /* in the folder that it is */
};

struct model_difference {
	enum model_difference_kind kind;
	char *key;
	char *before, *after; /* NULL: not there; equal: only the content is another */
};

struct model_diff {
	struct model_version *a, *b;
	struct model_difference *v; /* by kind, then by key */
	size_t n;
	bool same;   /* the two are the same object */
	bool unread; /* an object is not in the store, or of no known format: no schema, no tensors */
	uint64_t tensors_before, tensors_after;
};

/*
 * `a` and `b` as mlops_model_resolve() takes them. Tensors of the same type and shape are compared by
 * their bytes where the format says where they lie (safetensors, GGUF).
 */
MLOPS_API int mlops_model_compare(struct project *project, const char *a, const char *b,
				  struct model_diff **out, struct mlops_error *err);
MLOPS_API void mlops_model_diff_free(struct model_diff *diff); /* NULL is fine */
/* "param", "tensor", ...; static. */
MLOPS_API const char *mlops_model_difference_name(enum model_difference_kind kind);
