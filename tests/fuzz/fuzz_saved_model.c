/* TensorFlow's saved_model.pb. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_saved_model, "saved_model.pb")
