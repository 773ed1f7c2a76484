/*
 * Settings in git-config syntax. From strongest to weakest: environment MLOPS_<SECTION>_<NAME>,
 * .mlops/config.local, .mlops/config, ~/.config/mlops/config, /etc/mlops/config.
 */
#pragma once

#include "mlops/error.h"
#include "mlops/export.h"

struct project;

enum config_scope { CONFIG_LOCAL, CONFIG_PROJECT, CONFIG_USER, CONFIG_SYSTEM };

/*
 * The value of "section.name" or "section.sub.name", or NULL. `project` may be NULL: then only
 * the environment, user and system files count. Lent until the project is freed (or, with no
 * project, for the life of the process). A file that cannot be read counts as absent here; see
 * mlops_config_list() for the error.
 */
MLOPS_API const char *mlops_config_lookup(struct project *project, const char *key);

/* Writes one value, or with value NULL removes it (MLOPS_ENOTFOUND when it was not set). */
MLOPS_API int mlops_config_set(struct project *project, enum config_scope scope, const char *key,
			       const char *value, struct mlops_error *err);

/* Removes a whole section such as "remote.origin"; MLOPS_ENOTFOUND when there is none. */
MLOPS_API int mlops_config_remove_section(struct project *project, enum config_scope scope,
					  const char *section, struct mlops_error *err);

/* Calls fn for each value that holds, strongest scope only, sorted by key; stops when fn is not 0. */
MLOPS_API int mlops_config_list(struct project *project,
				int (*fn)(enum config_scope scope, const char *key,
					  const char *value, void *arg, struct mlops_error *err),
				void *arg, struct mlops_error *err);
