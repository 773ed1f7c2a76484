/* Changing one value in the text of a parameter file, all other bytes kept. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/*
 * Replaces the scalar at a dotted key. `value` is written as it is where it reads as a number,
 * true, false, null or a plain word, and quoted otherwise. MLOPS_ENOTFOUND when there is no such
 * key; MLOPS_EINVALID when its value is a list or map, or can't be changed without changing more.
 */
int edit_scalar(const char *file, struct strbuf *text, const char *key, const char *value,
		struct mlops_error *err);
