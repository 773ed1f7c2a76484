/* The HTTP services: the object server (`mlops server`) and the model gateway (`mlops serve`). */
#pragma once

#include "mlops/error.h"
#include "mlops/export.h"

#include <stdbool.h>
#include <stdint.h>

struct server_how {
	const char *data;   /* folder of the server's store and tokens; made when absent */
	const char *listen; /* "127.0.0.1:8400"; port 0 takes a free one */
	/* Called once it answers, with its URL. */
	void (*ready)(const char *url, void *arg);
	void *arg;
};

/* Serves until SIGTERM or SIGINT, then finishes what is in flight. */
MLOPS_API int mlops_server_run(const struct server_how *how, struct mlops_error *err);

/*
 * Makes a token for the server in `data` (scope "read" or "write"), stored hashed. The token text
 * into *token, the caller's to free: it is shown once.
 */
MLOPS_API int mlops_server_token_add(const char *data, const char *name, const char *scope,
				     char **token, struct mlops_error *err);
MLOPS_API int mlops_server_token_remove(const char *data, const char *name,
					struct mlops_error *err);

struct gateway_how {
	const char *model_dir; /* folder with predict.py */
	const char *model;     /* name that requests use */
	int64_t version;
	int64_t revision;
	int64_t workers;
	const char *listen;    /* "127.0.0.1:0" */
	const char *control;   /* Unix socket that takes new revisions (mlops deploy); NULL: none */
	void (*ready)(const char *url, void *arg);
	void *arg;
};

/* Serves one model until SIGTERM or SIGINT, then finishes what is in flight. */
MLOPS_API int mlops_gateway_run(const struct gateway_how *how, struct mlops_error *err);
