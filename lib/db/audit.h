/* The audit trail: who changed what in the registry and the deployments, in table `audit`. */
#pragma once

#include "db/db.h"

/*
 * Adds a row: `action` such as "model.register", `subject` what it was done to ("wine:3"),
 * `detail` the rest (NULL: none). Call it in the transaction of the change itself.
 */
int audit_add(struct db *db, const char *action, const char *subject, const char *detail,
	      struct mlops_error *err);
