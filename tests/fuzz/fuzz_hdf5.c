/* HDF5: the superblock. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_hdf5, "model.h5")
