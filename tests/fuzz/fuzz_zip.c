/* Zip files: the directory, local headers, gaps, and every member to its end. */
#include "fuzz.h"

#include "fmt/zip.h"

#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autosource src = { .fd = -1 };
	autozip z = { 0 };
	autoerr err = ERR_INIT;
	uint64_t first;
	size_t count;

	source_mem(&src, "a.zip", data, n);
	if (refused(zip_open(&z, &src, &err), &err))
		return 0;
	for (size_t i = 0; i < z.entries.n && i < 64; i++) {
		autobuf out = { 0 };
		unsigned odd;

		if (refused(zip_locate(&z, &z.entries.v[i], &odd, &err), &err))
			continue;
		if (!refused(zip_slurp(&z, &z.entries.v[i], LIMIT, &out, &err), &err))
			MUST(out.len <= LIMIT);
	}
	refused(zip_hidden(&z, &count, &first, &err), &err);
	return 0;
}
