/* XGBoost's binary JSON. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_xgboost_ubj, "model.ubj")
