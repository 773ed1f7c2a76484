/*
 * The projects of an object server: each has a store of its own, so that none of its objects can be
 * had through another. "default" is in the server's folder itself, the others are below projects/.
 */
#pragma once

#include "serve/objects.h"

#define PROJECT_DEFAULT "default"

struct project_set; /* any thread */
struct server;

/* The default one is opened at once, the others when they are first asked for. */
int project_set_open(const struct server *server, struct project_set **out,
		     struct mlops_error *err);
/* What was put last is made durable first. */
int project_set_close(struct project_set *set, struct mlops_error *err);
/* NULL: the default one. Lent until the end. MLOPS_ENOTFOUND. */
int project_set_get(struct project_set *set, const char *name, struct object_server **out,
		    struct mlops_error *err);

/* Makes the folder of one, so that it is there; fine when it is. `name` is good. */
int project_make(const char *data, const char *name, struct mlops_error *err);
