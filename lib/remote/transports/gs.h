/* A bucket of Google Cloud Storage by its JSON API. The calls are as in struct transport. */
#pragma once

#include "remote/transports/gs_auth.h"

#define GS_WHOLE ((uint64_t)8 << 20) /* what is larger is uploaded in a session */

struct gs {
	struct web web;
	struct gs_auth auth;
	char *endpoint, *bucket, *prefix, *state_dir;
};

/* A status that is none of success or of `fine` (0: none) is an error. */
int gs_run(struct gs *g, struct web_call *call, int fine, struct mlops_error *err);
/* The URL to upload a key at; new. */
char *gs_upload_url(const struct gs *g, const char *type, const struct key_put *put);
int gs_put_session(struct gs *g, const struct key_put *put, struct mlops_error *err);
/* The reply tells the MD5 of what was stored; MLOPS_ECORRUPT when it is another. */
int gs_check_md5(struct gs *g, const struct web_call *call, const char *key, const uint8_t *md5,
		 struct mlops_error *err);
int gs_remove(void *conn, const char *key, struct mlops_error *err);
