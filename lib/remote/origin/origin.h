/* Inside of the part: data of other projects. */
#pragma once

#include "base/err.h"
#include "mlops/origin.h"

/*
 * Makes the source's path whole in a checkout in the folder `tmp`, which is not there or empty and which
 * the caller removes. *out is where it lies, *commit what it is of; both new.
 */
int origin_take(const struct source *source, const char *tmp, const struct get_how *how,
		char **commit, char **out, struct mlops_error *err);
