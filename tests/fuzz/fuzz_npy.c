/* The header of .npy. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_npy, "a.npy")
