/*
 * Where the keys for AWS come from, in the order of its own tools: the environment, web identity,
 * ~/.aws/credentials and ~/.aws/config (keys, role_arn with source_profile, credential_process),
 * the container's endpoint, the instance's (IMDSv2). Temporary ones are renewed before they end.
 */
#pragma once

#include "http/client.h"
#include "remote/s3/sigv4.h"

struct http_engine;
struct aws_chain; /* any thread */

/* Where to look; NULL: where AWS's own tools do. */
struct aws_places {
	const char *profile;              /* AWS_PROFILE, else "default" */
	const char *credentials, *config; /* the files */
};
struct aws_chain *aws_chain_new(struct http_engine *engine, const struct aws_places *places);
/* One that always gives this key; it is copied. NULL: requests are not signed. */
struct aws_chain *aws_chain_fixed(const struct aws_key *key);
bool aws_chain_is_anonymous(const struct aws_chain *c);
void aws_chain_free(struct aws_chain *c); /* NULL is fine */
/* A copy of the key to use now; MLOPS_EAUTH, with a hint, when there is none. */
int aws_chain_key(struct aws_chain *c, struct aws_key *out, struct mlops_error *err);
/* The key was refused as too old: the next call gets another. */
void aws_chain_expire(struct aws_chain *c);
/* A setting of the profile such as "region" or "endpoint_url"; new, or NULL. */
char *aws_profile_setting(struct aws_chain *c, const char *key);
