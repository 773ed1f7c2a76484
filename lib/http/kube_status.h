/* Reading what Kubernetes says of its objects (kubernetes.io, "Pod Lifecycle"). */
#pragma once

#include "fmt/json.h"

/* The text under a key, or `fallback` when there is none or it is empty. */
const char *kube_text(const struct json *map, const char *key, const char *fallback);
/* The condition of a kind in a status, when it has that state; NULL: not so. */
const struct json *kube_condition(const struct json *status, const char *type, const char *state);
/* Whether a container that waits for that reason will not start by itself. */
bool kube_waits_in_vain(const char *reason);
