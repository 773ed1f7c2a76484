/*
 * The constants of a Python module, as DVC takes them for parameters: NAME = literal and
 * NAME: type = literal at its top; in the body of a class there, and as self.NAME in its __init__,
 * below the name of the class. Nothing is run: what is no such line is skipped.
 */
#pragma once

#include "fmt/text.h"

/* As toml_parse(). An error is a string or bracket that does not end. */
int pyconst_parse(const char *file, const char *text, size_t n, struct text_places *places,
		  struct json **out, struct mlops_error *err);
