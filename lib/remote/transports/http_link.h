/* A connection to an `mlops server`. */
#pragma once

#include "remote/layout.h"
#include "remote/web.h"

struct link {
	struct web web;
	char *url; /* without a slash at the end */
	bool sealed;
};

int link_open(const struct transport_how *how, void **conn, struct mlops_error *err);
void link_close(void *conn);
int link_check(void *conn, struct mlops_error *err);
/* The URL of a path of the server; new. */
char *link_url(const struct link *l, const char *path);
/* Runs the call; a reply that is not a success is an error, but 404 when `may_lack`. */
int link_run(struct link *l, struct web_call *call, bool may_lack, struct mlops_error *err);
extern const struct object_service link_service;
