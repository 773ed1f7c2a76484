/* Pickles, of joblib and compressed too. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_pickle, "model.pkl")
