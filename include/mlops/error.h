/*
 * Errors as values. A call that can fail takes a struct mlops_error as its last parameter and
 * returns 0, or -1 with it filled in; out parameters are then untouched. The caller owns the
 * struct: start it as zeroes, read it, and clear it before it is used again.
 */
#pragma once

#include "mlops/export.h"

/* What went wrong. Each kind maps to one exit code (see mlops_error_exit_code()). */
enum mlops_error_kind {
#define MLOPS_ERROR(kind, code, name, text) MLOPS_##kind,
#include "mlops/error.def"
#undef MLOPS_ERROR
};

struct mlops_error {
	enum mlops_error_kind kind; /* MLOPS_OK: no error */
	char *msg;                  /* one line: what failed, on what, why; owned by this struct */
	char *hint;                 /* what to do next, or NULL; owned by this struct */
};

/* Frees the texts of `err` and makes it ready for use again. */
MLOPS_API void mlops_error_clear(struct mlops_error *err);

/* The exit code that a command which ends with this kind of error gives. */
MLOPS_API int mlops_error_exit_code(enum mlops_error_kind kind);

/* The kind in one word, for machines ("not-found"); static. */
MLOPS_API const char *mlops_error_name(enum mlops_error_kind kind);
