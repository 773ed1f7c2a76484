/*
 * Messages of the Open Inference Protocol over gRPC (service inference.GRPCInferenceService), to and
 * from the JSON of its REST form.
 */
#pragma once

#include "base/err.h"
#include "fmt/json.h"

/*
 * A ModelInferRequest as {"inputs":[...],"outputs":[...],"id":...}, with "model_name",
 * "model_version" (when given) and, when its tensors came in raw_input_contents, "raw": true.
 */
int oip_proto_read_infer(struct str message, struct json **out, struct mlops_error *err);
/* The ModelInferResponse of the REST form's reply. */
void oip_proto_write_infer(const struct json *reply, bool raw, struct strbuf *out);
/* Requests with a name (field 1) and a version (2): {"model_name","model_version"}. */
int oip_proto_read_name(struct str message, struct json **out, struct mlops_error *err);
