/* mlops scan: any bytes as an item, under the names that decide which scanners look. */
#include "fuzz.h"

#include "registry/scan/scan.h"

static void scan_as(const char *base, const uint8_t *data, size_t n)
{
	struct scan s = { .unpack_left = (uint64_t)16 << 20 };
	autosource src = { .fd = -1 };
	struct item it = { .src = &src, .file = base, .member = "member", .base = base };

	source_mem(&src, base, data, n);
	scan_item(&s, &it);
	for (size_t i = 0; i < s.findings.n; i++)
		MUST(s.findings.v[i].rule->id && *s.findings.v[i].message);
	vec_free(&s.findings);
	arena_clear(&s.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "model.pkl", "config.json", "saved_model.pb", "model.onnx", "readme" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		scan_as(names[i], data, n);
	return 0;
}
