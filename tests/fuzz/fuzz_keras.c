/* Zip files of Keras: the two JSON documents. */
#include "fuzz_format.h"

FUZZ_FORMAT_ZIP("model.keras")
