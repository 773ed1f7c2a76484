/* LightGBM's text. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_lightgbm, "model.txt")
