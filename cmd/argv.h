/* Arguments as execvp(3) wants them. */
#pragma once

#include <string.h>

#include "base/mem.h"
#include "cli/opt.h"

/* A copy that a NULL ends; the texts are lent. */
static inline const char **argv_of(const struct opt_strs *words)
{
	const char **argv = xcalloc(words->n + 1, sizeof(*argv));

	memcpy(argv, words->v, words->n * sizeof(*argv));
	return argv;
}
