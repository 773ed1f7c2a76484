/* Zip files of PyTorch: members, the pickle, the tensors in it. */
#include "fuzz_format.h"

FUZZ_FORMAT_ZIP("model.pt")
