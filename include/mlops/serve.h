/* The HTTP services: the object server (`mlops server`) and the model gateway (`mlops serve`). */
#pragma once

#include "mlops/error.h"
#include "mlops/export.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server_how {
	const char *data;   /* folder of the server's store and tokens; made when absent */
	const char *listen; /* "127.0.0.1:8400"; port 0 takes a free one */
	bool no_auth;       /* anyone may do anything; only on a loopback address */
	const char *tls_certificate, *tls_key; /* PEM files; NULL: plain HTTP */
	/*
	 * Lists "A,B", where '*' stands for anything: the names that it is known by (NULL: this
	 * machine, private addresses, and the host of `listen`), and the sites whose pages may change
	 * something (NULL: this machine's, and its own).
	 */
	const char *allowed_hosts, *allowed_origins;
	/* Folder of a web page: its index.html is shown at "/", the rest is below "/static-files/"; or NULL. */
	const char *page_dir;
	/*
	 * File that gets a line for each request, as in mlops-server(1), "-" for standard output; or NULL.
	 * SIGHUP then opens the file of that name anew.
	 */
	const char *access_log;
	/* Called once it answers, with its URL. */
	void (*ready)(const char *url, void *arg);
	void *arg;
};

struct project;
struct ui_how {
	const char *page_dir; /* as in struct server_how */
	const char *listen;   /* a loopback address; port 0 takes a free one */
	void (*ready)(const char *url, void *arg);
	void *arg;
};
/*
 * Shows the project's own runs, models and traces on a web page, which asks for them by MLflow's API, until
 * SIGTERM or SIGINT. Anybody on this machine may use it.
 */
MLOPS_API int mlops_ui_run(struct project *project, const struct ui_how *how, struct mlops_error *err);

/* Serves until SIGTERM or SIGINT, then finishes what is in flight. */
MLOPS_API int mlops_server_run(const struct server_how *how, struct mlops_error *err);

/*
 * Makes a token for the server in `data` (scope "read", "write" or "admin"), stored hashed. With
 * `project` it is for that project alone, which is made when absent; NULL: for all. The token text
 * into *token, the caller's to free: it is shown once.
 */
MLOPS_API int mlops_server_token_add(const char *data, const char *name, const char *scope,
				     const char *project, char **token, struct mlops_error *err);
MLOPS_API int mlops_server_token_remove(const char *data, const char *name,
					struct mlops_error *err);

struct server_token {
	char *name;
	const char *scope; /* "read", "write" or "admin" */
	char *project;     /* NULL: all */
	int64_t created_ms;
};
/* The tokens of the server in `data`, in order of creation, without their secrets. */
MLOPS_API int mlops_server_tokens_list(const char *data, struct server_token **out, size_t *n,
				       struct mlops_error *err);
MLOPS_API void mlops_server_tokens_free(struct server_token *tokens, size_t n);

struct server_copy {
	uint64_t projects, objects, bytes; /* bytes of objects */
	uint64_t damaged; /* objects; each is told by a warning */
};
/*
 * Copies all that the server in `data` has to `folder`, which is absent or empty, and is as good as
 * `data` then; the server may run meanwhile. Objects are hard links where that can be, and all are
 * read again. Whole or not there. MLOPS_ENO, with the copy made, when it has damaged objects.
 */
MLOPS_API int mlops_server_backup(const char *data, const char *folder, struct server_copy *out,
				  struct mlops_error *err);
/* The way back, in the same way: `data` is absent or empty. */
MLOPS_API int mlops_server_restore(const char *folder, const char *data, struct server_copy *out,
				   struct mlops_error *err);

struct gateway_how {
	const char *model_dir; /* or one file (mlops/scoring.h), or the URL of an HTTP server that
				  requests are passed on to; NULL: none until `control` brings one */
	const char *model;     /* name that requests use */
	int64_t version;
	int64_t revision;
	int64_t workers;            /* 0: 1 */
	int64_t start_timeout_ms;   /* to load the model; 0: 30 s */
	int64_t request_timeout_ms; /* for one prediction; 0: 30 s */
	int64_t threads;            /* that answer requests; 0: one a processor, 8 at most */
	int64_t queue;              /* predictions that wait for a worker; more are refused. 0: 256 */
	int64_t batch;    /* rows of several requests that predict() gets at once; 0: each by itself */
	int64_t batch_ms; /* how long these may take together, as those before tell; 0: 50 ms */
	const char *keys;       /* file of those who may ask, as in mlops-serve(1); NULL: anybody */
	const char *record;     /* file that gets rows and predictions; NULL: none */
	int64_t record_percent; /* of the requests; 0: 100 */
	const char *listen;     /* "127.0.0.1:0" */
	bool insecure;          /* whether `listen` may be other than loopback without keys */
	const char *control;   /* Unix socket that takes new revisions (mlops deploy); NULL: none */
	void (*ready)(const char *url, void *arg);
	void *arg;
};

/*
 * Serves one model until SIGTERM or SIGINT, then finishes what is in flight. A model that does
 * not load, or fails on its sample.json, is MLOPS_ENO.
 */
MLOPS_API int mlops_gateway_run(const struct gateway_how *how, struct mlops_error *err);

struct project;
/*
 * The same for a registered model (as mlops_model_resolve() takes it), written out to
 * .mlops/run/serve/ meanwhile: fills in model_dir, model and version of `how`.
 */
MLOPS_API int mlops_model_serve(struct project *project, const char *model,
				const struct gateway_how *how, struct mlops_error *err);
