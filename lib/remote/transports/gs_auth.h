/*
 * Tokens for Google Cloud, found as its own libraries do: the file that GOOGLE_APPLICATION_CREDENTIALS
 * names (a service account's key or a user's refresh token), that of `gcloud auth
 * application-default login`, or the machine's metadata server.
 */
#pragma once

#include "remote/bearer.h"

struct gs_auth {
	struct http_engine *engine;
	bool anonymous; /* an emulator, which wants none */
	char *file;     /* in place of the usual ones; or NULL */
	struct bearer bearer;
};

/* `file` NULL: found as above. */
void gs_auth_init(struct gs_auth *a, struct http_engine *engine, bool anonymous, const char *file);
void gs_auth_clear(struct gs_auth *a);
int gs_sign(struct gs_auth *a, struct web_call *call, struct mlops_error *err);
void gs_forget_token(struct gs_auth *a);
