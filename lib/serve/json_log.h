/* A file that gets a JSON object a line, such as the audit log and the access log of mlops-server(1). */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "fmt/json.h"

struct json_log; /* any thread */

/*
 * Made with mode 0600 when it is absent. With `max_bytes` it becomes <path>.1, in place of the one
 * before, when it has grown to that; it is ours alone then, and no link. "-" is standard output.
 */
int json_log_open(const char *path, off_t max_bytes, struct json_log **out, struct mlops_error *err);
void json_log_free(struct json_log *log); /* NULL is fine */
/*
 * Adds the time and a line; takes `line`. That lines cannot be written is said on standard error,
 * once until they can be again.
 */
void json_log_add(struct json_log *log, struct json *line);
/* Opens what has its name now, as when another program has put the file aside; else goes on with it. */
void json_log_reopen(struct json_log *log);
