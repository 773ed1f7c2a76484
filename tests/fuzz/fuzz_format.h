/* A target a model format: whatever the bytes, the reader of the format ends, and in bounds. */
#pragma once

#include "fuzz.h"

#include "registry/formats/format.h"

/* `name` has the ending that the format is known by. */
#define FUZZ_FORMAT(format, name)                                                                  \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)                                  \
	{                                                                                          \
		return fuzz_format(&(format), name, data, n);                                      \
	}

/* Where the reader relies on members that match() has found: any format may read the bytes. */
#define FUZZ_FORMAT_ZIP(name)                                                                      \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)                                  \
	{                                                                                          \
		return n >= 4 && !memcmp(data, "PK\3\4", 4) ? fuzz_format(NULL, name, data, n) : -1; \
	}

static inline int fuzz_format(const struct format *format, const char *name, const uint8_t *data, size_t n)
{
	autobuild b = { 0 };
	autosource src = { .fd = -1 };
	autoerr err = ERR_INIT;

	source_mem(&src, name, data, n);
	if (refused(format_read_source(format, &src, name, &b, &err), &err))
		return 0;
	struct model_info *info = build_finish(&b);
	for (size_t i = 0; i < info->n_tensors; i++)
		MUST(info->tensors[i].name && info->tensors[i].dtype);
	MUST(info->files == 1 && info->file_bytes == n);
	mlops_model_info_free(info);
	return 0;
}
