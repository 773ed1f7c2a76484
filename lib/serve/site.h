/*
 * Which sites a server speaks to, so that a page in somebody's browser cannot use a server that only
 * that browser reaches. The rules are those of MLflow 3.5 (mlflow/server/security_utils.py).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct http_call;

/* Lists are texts "A,B", where '*' stands for anything; NULL is the usual. */
struct site_rules {
	const char *hosts;   /* usual: this machine, private addresses, and `listen` */
	const char *origins; /* usual: none but this machine's and the server's own */
	const char *listen;  /* "HOST:PORT" */
};

/* Whether a server by that name (the header Host) is this one; NULL is not. */
bool site_takes_host(const struct site_rules *rules, const char *host);
/* Whether a page of `origin` may change what is at `host`. */
bool site_takes_origin(const struct site_rules *rules, const char *host, const char *origin);
/* As in struct http_server_how; `arg` is the struct server. */
int site_admit(struct http_call *call, void *arg, struct mlops_error *err);
