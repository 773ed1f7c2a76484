/* AWS's service for temporary keys. */
#pragma once

#include "base/err.h"
#include "remote/s3/sigv4.h"

struct http_engine;

struct sts_how {
	struct http_engine *engine;
	const char *region;  /* NULL: the global endpoint */
	const char *role;    /* its ARN */
	const char *session; /* name; NULL: ours */
};

int sts_web_identity(const struct sts_how *how, struct str token, struct aws_key *out,
		     struct mlops_error *err);
int sts_assume_role(const struct sts_how *how, const struct aws_key *base, const char *external_id,
		    struct aws_key *out, struct mlops_error *err);
/* The key in the JSON that credential_process and the metadata endpoints give. */
bool sts_take_json(const char *text, size_t n, struct aws_key *out);
