/* Dependencies outside of the project: URLs, of which a server tells whether they changed. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define OUTSIDE_KEY "version" /* of the parameter that a URL is in mlops.lock */

bool outside_is_url(const char *text);
/*
 * What tells one content of the URL from another, as compact JSON text, new: its ETag, else when it
 * was modified and its size. MLOPS_EREMOTE when it cannot be reached.
 */
int outside_version(const char *url, char **out, struct mlops_error *err);
