/* safetensors: length, JSON header, spans of the tensors. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_safetensors, "model.safetensors")
