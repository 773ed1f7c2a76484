/* MLOPS_API marks what libmlops.so exports; all else is hidden. */
#pragma once

#define MLOPS_API __attribute__((visibility("default")))
