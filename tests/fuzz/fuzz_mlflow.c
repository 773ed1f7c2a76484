/* MLflow's MLmodel. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_mlflow, "MLmodel")
