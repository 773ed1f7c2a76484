/* A scan report as SARIF 2.1.0, which code hosts and editors show beside the files. */
#pragma once

#include "fmt/json.h"
#include "mlops/scan.h"

struct json *sarif_of(const struct scan_report *report);
