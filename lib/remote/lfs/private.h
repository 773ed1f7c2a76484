/* Inside of the client of Git LFS servers. */
#pragma once

#include <pthread.h>

#include "fmt/json.h"
#include "remote/gitcredential.h"
#include "remote/lfs/lfs.h"
#include "remote/web.h"

/* Where the API is for one operation, and what ssh says lets us in there. */
struct lfs_access {
	char *url; /* without a slash at the end; NULL: to be asked for */
	struct strlist headers;
	int64_t until_ms; /* 0: for good */
};

struct lfs_server {
	struct web api, plain; /* with what lets us in, and without */
	char *name, *ssh, *ssh_command, *ref;
	char *url;       /* without a slash at the end, a name or a password; or NULL */
	char *login_url; /* to ask git's helpers about; NULL: they are not asked */
	void (*headers)(const char *url, struct strlist *out, void *arg);
	void *arg;
	bool ask;
	size_t batch;
	unsigned jobs;
	pthread_mutex_t lock; /* guards what follows */
	struct lfs_access access[LFS_OPERATIONS];
	struct git_login login;
	bool asked; /* git's helpers */
	bool told;  /* and what came of it */
	bool signs; /* `login`, or what the URL holds, goes with each request */
};

#define LFS_MEDIA "application/vnd.git-lfs+json"

/*
 * One request to the API, of `body` (taken; NULL: a GET); *reply is the caller's. A status that is not
 * a success is an error, but those in `accept` (ends with 0; or NULL), which *status tells.
 */
int lfs_api_call(struct lfs_server *s, enum lfs_operation op, const char *path, struct json *body,
		 const int *accept, int *status, struct json **reply, struct mlops_error *err);

/* Signs requests to the API; see struct web. */
int lfs_sign(void *self, struct web_call *call, struct mlops_error *err);
int lfs_reconsider(void *self, struct web_call *call, struct mlops_error *err);
/* Whether a URL has the API's scheme, host and port. */
bool lfs_is_same_host(struct lfs_server *s, const char *url);

/* Header lines of {"Name": "value"}; MLOPS_EREMOTE for what is none. */
int lfs_read_headers(const struct json *map, struct strlist *out, struct mlops_error *err);
/* When what has "expires_in" or "expires_at" ends; 0: not. */
int64_t lfs_read_end(const struct json *v);

void lfs_answer_clear(struct lfs_answer *a);
/* What the server says of at most s->batch objects; out[0 .. n) are to be cleared in any case. */
int lfs_ask(struct lfs_server *s, enum lfs_operation op, const struct remote_item *items, size_t n,
	    struct lfs_answer *out, struct mlops_error *err);
