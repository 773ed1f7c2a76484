/* What every fuzz target shares: its entry point, and checks that stop the run. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What must hold for every input; a breach is a finding. */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A call that refuses its input says why. */
static inline bool refused(int rc, struct mlops_error *err)
{
	if (!rc)
		return false;
	MUST(err->kind != MLOPS_OK && err->msg && *err->msg);
	mlops_error_clear(err);
	return true;
}
