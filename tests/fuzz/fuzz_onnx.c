/* ONNX: a protobuf walk. */
#include "fuzz_format.h"

FUZZ_FORMAT(format_onnx, "model.onnx")
