/*
 * The rules of .mlopsignore files, with the syntax and meaning of gitignore(5): what is left out of
 * tracked folders. Nothing here reads files: they are added as they are come across.
 */
#pragma once

#include "base/map.h"
#include "base/str.h"

#define IGNORES_NAME ".mlopsignore"
#define IGNORES_MAX  ((size_t)1 << 20) /* bytes of one file */

struct ignores {
	struct map folders; /* path of a folder ("" for the root) -> its rules */
};

/* The rules of a folder; added once. */
void ignores_add(struct ignores *ig, const char *folder, struct str text);
/* Whether a path is left out, by itself: what is below a folder that is need not be asked for. */
bool ignores_match(const struct ignores *ig, const char *path, bool is_folder);
void ignores_clear(struct ignores *ig);
