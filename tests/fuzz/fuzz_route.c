/* Request paths and Range headers, as text. */
#include "fuzz.h"

#include "http/route.h"
#include "serve/range.h"

static void try_route(const char *pattern, const char *path)
{
	autoarena arena = { 0 };
	struct route_params params = { 0 };

	if (!route_match(pattern, path, &arena, &params))
		return;
	MUST(params.n <= ROUTE_MAX_PARAMS);
	for (size_t i = 0; i < params.n; i++)
		MUST(params.v[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const patterns[] = { "/v1/objects/{oid}", "/v1/models/{model}:predict",
						"/v2/models/{model}/versions/{version}/infer",
						"/" };
	autofree char *text = xstrndup((const char *)data, n);
	uint64_t from = 0, count = 0;
	autoarena arena = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		try_route(patterns[i], text);
	route_decode(&arena, text, strlen(text));
	if (range_parse(text, 1000, &from, &count) == RANGE_PART)
		MUST(count > 0 && from < 1000 && count <= 1000 - from);
	return 0;
}
