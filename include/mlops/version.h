/* The version of this library, and of those that it works with. */
#pragma once

#include <stddef.h>

#include "mlops/error.h"

/* "0.1.0"; static. */
MLOPS_API const char *mlops_version(void);

struct library_version {
	const char *name; /* static */
	char version[32];
};

#define MLOPS_LIBRARIES 5

/*
 * Loads library number i, counted from 0 to MLOPS_LIBRARIES - 1, and asks for its version. When it
 * cannot be loaded, out->name is set all the same, and the hint says what to install.
 */
MLOPS_API int mlops_library_version(size_t i, struct library_version *out, struct mlops_error *err);
