/* Requests of the Open Inference Protocol over gRPC, and the reply by a model that gives the rows back. */
#include "fuzz.h"

#include "serve/protocol.h"
#include "serve/protocols/oip_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct served_model model = { "wine", 1, 1 };
	const struct str message = { (const char *)data, n };
	autojson *request = NULL, *named = NULL, *rows = NULL, *reply = NULL;
	autoerr err = ERR_INIT, ignored = ERR_INIT;
	autobuf out = { 0 };

	if (!oip_proto_read_name(message, &named, &ignored))
		MUST(js_type(named) == JSON_OBJ);
	if (refused(oip_proto_read_infer(message, &request, &err), &err) ||
	    refused(protocol_oip.parse(request, &rows, &err), &err))
		return 0;
	MUST(js_type(rows) == JSON_ARR);
	if (refused(protocol_oip.format(request, rows, &model, &reply, &err), &err))
		return 0;
	oip_proto_write_infer(reply, js_get_bool(request, "raw", false), &out);
	MUST(out.len);
	return 0;
}
