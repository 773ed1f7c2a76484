/* Who may do what at an object server, and the record of who was refused. */
#pragma once

#include "serve/json_log.h"
#include "serve/project_set.h"
#include "serve/request_metrics.h"
#include "serve/site.h"
#include "serve/token.h"

struct access; /* any thread */

/* What a whole server has; the routes' handlers get the struct object_server of a project. */
struct server {
	const char *data;
	struct token_set *tokens; /* NULL: anyone may do anything */
	struct project_set *projects;
	struct json_log *audit;  /* who was refused, and who changed the tokens */
	struct json_log *requests; /* every one; NULL: they are not logged */
	struct request_metrics *metrics;
	struct access *access;
	struct site_rules site;
	const char *page_dir; /* of the web page; NULL: none is shown */
};

struct access *access_new(void);
void access_free(struct access *a); /* NULL is fine */
/* As in struct http_server_how; `arg` is the struct server. */
int access_authorize(struct http_call *call, void *arg, struct mlops_error *err);
void access_refused(const struct http_call *call, int status, const struct mlops_error *err,
		    void *arg);
/*
 * The token of a call that was let in, as it is now; MLOPS_EAUTH when the server asks for none or
 * this one is gone.
 */
int access_token(const struct http_call *call, struct token_set *tokens, struct token *out,
		 struct mlops_error *err);
/* A request that is over, for the access log: nothing of its query, headers or bodies; new. */
struct json *access_describe(const struct http_call *call);
