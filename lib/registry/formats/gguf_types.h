/* Tensor types of ggml: a block of `block` elements takes `bytes` bytes. */
#pragma once

#include <stdint.h>

struct gguf_type {
	const char *name;
	uint32_t block, bytes;
};

/* NULL for a number that is not known. */
const struct gguf_type *gguf_type(uint64_t id);
/* The name of general.file_type, or NULL. */
const char *gguf_file_type(uint64_t id);
