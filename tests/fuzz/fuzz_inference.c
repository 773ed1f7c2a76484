/* Prediction requests: the first byte chooses the protocol. A model that gives its rows back answers. */
#include "fuzz.h"

#include "serve/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct served_model model = { "wine", 1, 1 };
	autojson *request = NULL, *rows = NULL, *reply = NULL;
	autoerr err = ERR_INIT;

	if (!n)
		return 0;
	const struct protocol *const all[] = { &protocol_tfserving, &protocol_oip, &protocol_mlflow };
	const struct protocol *p = all[data[0] % ARRAY_LEN(all)];
	if (refused(js_parse((const char *)data + 1, n - 1, "it", &request, &err), &err) ||
	    refused(p->parse(request, &rows, &err), &err))
		return 0;
	MUST(js_type(rows) == JSON_ARR);
	if (refused(p->format(request, rows, &model, &reply, &err), &err))
		return 0;
	MUST(js_type(reply) == JSON_OBJ);
	return 0;
}
