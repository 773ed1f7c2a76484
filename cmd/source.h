/* The source that `get` and `import` take: URL PATH[@REV]. */
#pragma once

#include "cmd.h"
#include "mlops/origin.h"

struct cmd_source {
	struct source source; /* lends what follows, and the URL */
	char *path, *rev;
};

/* `rev` is that of --rev, with which the path is taken as it is; or NULL. */
int cmd_source(const char *url, const char *typed, const char *rev, struct cmd_source *out,
	       struct mlops_error *err);
void cmd_source_clear(struct cmd_source *s);
#define autosource_of __attribute__((cleanup(cmd_source_clear))) struct cmd_source
