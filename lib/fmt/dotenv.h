/* Files of environment variables (.env) as a map of texts; mlops.yaml(5) tells what is read. */
#pragma once

#include "fmt/text.h"

/* As toml_parse(). A name that is given twice has its last value. */
int dotenv_parse(const char *file, const char *text, size_t n, struct text_places *places,
		 struct json **out, struct mlops_error *err);
