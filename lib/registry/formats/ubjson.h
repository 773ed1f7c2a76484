/* Universal Binary JSON, as XGBoost writes it. */
#pragma once

#include "fmt/json.h"
#include "fmt/source.h"

/*
 * Reads the value under the cursor. Arrays of numbers are skipped, as is all behind a key of
 * `skip` (NULL-terminated): *out has null in their place.
 */
int ubjson_read(struct cursor *c, const char *const *skip, struct json **out, struct mlops_error *err);
