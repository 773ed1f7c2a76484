/* What holds for the parsers of fmt/text.h. */
#pragma once

#include "fuzz.h"

#include "fmt/text.h"

typedef int places_parser(const char *file, const char *text, size_t n, struct text_places *places,
			  struct json **out, struct mlops_error *err);

static inline void check_places(places_parser *parse, const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	struct text_places places = { 0 };
	autojson *values = NULL, *numbers = NULL;
	autoerr err = ERR_INIT;
	autobuf dump = { 0 };

	if (refused(parse("p", text, n, NULL, &values, &err), &err))
		return;
	js_dump(values, JS_COMPACT, &dump);
	MUST(!parse("p", text, n, &places, &numbers, &err));
	MUST(js_len(values) == js_len(numbers));
	for (size_t i = 0; i < places.scalars.n; i++)
		MUST(places.scalars.v[i].at + places.scalars.v[i].len <= n);
	vec_free(&places.scalars);
}
