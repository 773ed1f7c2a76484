/* JSON: what was read is written so that it reads back the same, in both forms. */
#include "fuzz.h"

#include "fmt/json.h"

static void check_form(const struct json *v, enum js_dump_flags form)
{
	autobuf once = { 0 }, twice = { 0 };
	autojson *again = NULL;
	autoerr err = ERR_INIT;

	js_dump(v, form, &once);
	MUST(!js_parse(once.buf, once.len, "it", &again, &err));
	js_dump(again, form, &twice);
	MUST(once.len == twice.len && !memcmp(once.buf, twice.buf, once.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autojson *v = NULL;
	autoerr err = ERR_INIT;

	if (refused(js_parse((const char *)data, n, "it", &v, &err), &err))
		return 0;
	check_form(v, JS_COMPACT);
	check_form(v, JS_PRETTY);
	return 0;
}
