/* A connection to an `mlops server`, or to a web server that holds keys. */
#pragma once

#include <pthread.h>

#include "remote/layout.h"
#include "remote/web.h"

enum link_kind { LINK_UNKNOWN, LINK_SERVER, LINK_PLAIN };

struct link {
	struct web web;
	bool sealed;
	char *url;            /* without a slash at the end */
	char *method;         /* PUT or POST of a file to its place; NULL: by WebDAV */
	char *header;         /* with a secret, for every request; or NULL */
	pthread_mutex_t lock; /* guards what follows */
	enum link_kind kind;
	char *basic;   /* user and password in base64, of git's credential helpers; or NULL */
	bool asked;    /* the helpers */
	bool prepared; /* the folders to put into are there */
};

int link_open(const struct transport_how *how, void **conn, struct mlops_error *err);
void link_close(void *conn);
int link_check(void *conn, struct mlops_error *err);
/* What answers: asked once. */
int link_kind(struct link *l, enum link_kind *out, struct mlops_error *err);
/* The URL of a path of the server; new. */
char *link_url(const struct link *l, const char *path);
/* Runs the call; a reply that is not a success is an error, but 404 when `may_lack`. */
int link_run(struct link *l, struct web_call *call, bool may_lack, struct mlops_error *err);
int link_refused(const struct link *l, const struct web_call *call, struct mlops_error *err);
extern const struct object_service link_service;

/* A plain web server's keys, as in struct transport. */
int dav_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err);
int dav_get(void *conn, const char *key, struct byte_range range, const struct byte_sink *sink,
	    struct mlops_error *err);
int dav_put(void *conn, const struct key_put *put, struct mlops_error *err);
int dav_remove(void *conn, const char *key, struct mlops_error *err);
int dav_list(void *conn, const char *prefix,
	     int (*fn)(const char *key, const struct key_info *info, void *arg,
		       struct mlops_error *),
	     void *arg, struct mlops_error *err);
