/*
 * Who was refused what, and who changed the tokens: <data>/audit.log, mode 0600, a JSON object a line
 * (mlops-server(1)). When it has grown to 16 MiB it becomes audit.log.1, in place of the one before.
 */
#pragma once

#include "base/err.h"
#include "fmt/json.h"

struct audit_log; /* any thread */

int audit_log_open(const char *data, struct audit_log **out, struct mlops_error *err);
void audit_log_free(struct audit_log *log); /* NULL is fine */
/* Adds the time and a line; takes `line`. What cannot be written is said on standard error. */
void audit_log_add(struct audit_log *log, struct json *line);
