/* GGUF, all versions and byte orders. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_gguf, "model.gguf")
