/* XGBoost's JSON, pruned as it is read. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_xgboost_json, "model.json")
