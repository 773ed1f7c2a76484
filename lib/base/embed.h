/*
 * Files carried inside the binary:  EMBED(runner_py, "serve/runner.py");  defines
 * embed_runner_py (NUL-terminated); EMBED_SIZE(runner_py) is its size without the NUL.
 * Paths are relative to lib/. The Makefile makes an object that embeds a file depend on it.
 */
#pragma once

#include <stddef.h>

#define EMBED(name, file)                                                                          \
	__asm__(".pushsection .rodata\n"                                                           \
		".balign 16\n"                                                                     \
		".global embed_" #name "\n"                                                        \
		".hidden embed_" #name "\n"                                                        \
		"embed_" #name ":\n"                                                               \
		".incbin \"" file "\"\n"                                                           \
		".global embed_" #name "_end\n"                                                    \
		".hidden embed_" #name "_end\n"                                                    \
		"embed_" #name "_end:\n"                                                           \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char embed_##name[] __attribute__((visibility("hidden")));                    \
	extern const char embed_##name##_end[] __attribute__((visibility("hidden")))

#define EMBED_SIZE(name) ((size_t)(embed_##name##_end - embed_##name))
