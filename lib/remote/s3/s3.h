/* The S3 protocol, for any service that speaks it. The calls are as in struct transport. */
#pragma once

#include <pthread.h>

#include "remote/s3/credentials.h"
#include "remote/web.h"

#define S3_PART ((uint64_t)16 << 20) /* the least part of an upload in parts */

struct s3_place {
	const char *endpoint; /* a URL without a path; NULL: AWS's for the region */
	const char *region;
	const char *bucket;
	const char *prefix; /* without slashes at its ends; "" for none */
	bool virtual_host;  /* the bucket is part of the host's name */
};

struct s3 {
	struct web web;
	struct aws_chain *chain;
	char *scheme, *host; /* of the endpoint, with its port; NULL: AWS's */
	char *bucket, *prefix, *state_dir;
	bool virtual_host;
	int64_t jobs;
	pthread_mutex_t lock; /* guards region */
	char *region;
};

/* Takes the chain. */
int s3_open(const struct transport_how *how, const struct s3_place *place, struct aws_chain *chain,
	    void **conn, struct mlops_error *err);
void s3_close(void *conn);
int s3_check(void *conn, struct mlops_error *err);
int s3_stat(void *conn, const char *key, struct key_info *out, struct mlops_error *err);
int s3_get(void *conn, const char *key, struct byte_range range, const struct byte_sink *sink,
	   struct mlops_error *err);
int s3_put(void *conn, const struct key_put *put, struct mlops_error *err);
int s3_remove(void *conn, const char *key, struct mlops_error *err);
int s3_list(void *conn, const char *prefix,
	    int (*fn)(const char *key, const struct key_info *info, void *arg,
		      struct mlops_error *),
	    void *arg, struct mlops_error *err);

/* Inside: the URL of a key (NULL: of the bucket) with a query that is encoded and sorted; new. */
char *s3_url(struct s3 *s, const char *key, const char *query);
/* web_run() whose refusals are explained; 404 passes when `may_lack`. */
int s3_run(struct s3 *s, struct web_call *call, bool may_lack, struct mlops_error *err);
int s3_refused(struct s3 *s, const struct web_call *call, struct mlops_error *err);
/* The upload in parts of what is larger than one. */
int s3_put_parts(struct s3 *s, const struct key_put *put, struct mlops_error *err);
/* Sets the hash of the body, which is signed, so that the service checks it. */
int s3_add_hash(struct web_call *call, const struct oid *known, struct mlops_error *err);
