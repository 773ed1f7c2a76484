/* What targets that run containers have in common: `runtime` of mlops.yaml(5), and where they run. */
#pragma once

#include "deploy/deploy.h"

#define RUNTIME_MODEL_PATH "/mnt/models" /* where KServe has it too */
#define RUNTIME_HEALTH     "/v2/health/ready"
#define RUNTIME_PORT       8080

/* A text of a section of the config, or `fallback`. Lent. */
const char *runtime_text(const struct json *config, const char *section, const char *key, const char *fallback);
/* The image; MLOPS_EINVALID when none is said. */
int runtime_image(const struct target_call *call, const struct json *config, const char **out,
		  struct mlops_error *err);
/*
 * MLOPS_EINVALID when a key of a section (NULL behind the last key) differs from what the active revision
 * has: what serves elsewhere would be left there.
 */
int runtime_check_place(const struct target *target, const struct target_call *call, const struct json *config,
			const char *section, const char *const *keys, struct mlops_error *err);
/* MLOPS_EFAIL for a secret that the environment lacks. */
int runtime_no_secret(const struct target_call *call, const char *name, struct mlops_error *err);
/* Calls fn for each variable that the server gets beside its secrets. */
void runtime_each_variable(const struct revision *r, const struct json *config,
			   void (*fn)(const char *name, const char *value, void *arg), void *arg);
