/*
 * Named points where a test makes an operation fail or the process die: MLOPS_FAULT=fs.rename:2
 * fails the second pass of that point with EIO, MLOPS_FAULT=fs.rename:2:kill ends the process
 * there. Compiled out unless the build defines MLOPS_FAULTS.
 */
#pragma once

#include <stdbool.h>

#ifdef MLOPS_FAULTS
bool fault_hit(const char *point); /* true, with errno EIO, when this pass is to fail */
#define FAULT(point) fault_hit(point)
#else
#define FAULT(point) false
#endif
