/* Pointers: one that is accepted names the data beside it, and reads back as it is written. */
#include "fuzz.h"

#include "store/pointer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char shown[] = "data/x.mlops";
	struct pointer first = { 0 }, again = { 0 };
	autobuf text = { 0 };
	autoerr err = ERR_INIT;

	if (refused(pointer_parse(shown, (const char *)data, n, &first, &err), &err))
		return 0;
	MUST(!strcmp(first.path, "data/x"));
	pointer_format(&first, &text);
	MUST(!pointer_parse(shown, text.buf, text.len, &again, &err));
	MUST(mlops_oid_equal(&first.ref.oid, &again.ref.oid) && first.ref.size == again.ref.size &&
	     first.ref.files == again.ref.files && first.ref.kind == again.ref.kind &&
	     first.ref.executable == again.ref.executable);
	free(first.path);
	free(again.path);
	return 0;
}
