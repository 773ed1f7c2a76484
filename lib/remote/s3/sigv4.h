/* AWS Signature Version 4 in the headers of a request, for S3 and other services. */
#pragma once

#include "base/url.h"
#include "base/vec.h"

struct aws_key {
	char *id, *secret;
	char *token;       /* of a session; or NULL */
	int64_t expires_s; /* 0: never */
};
void aws_key_clear(struct aws_key *key); /* wipes it */
#define autokey __attribute__((cleanup(aws_key_clear))) struct aws_key

struct sigv4 {
	const struct aws_key *key;
	const char *region, *service;
	int64_t now_s;
	const char *method;
	const struct url *url; /* path and query are encoded as S3 wants: once, and sorted */
	const char *payload;   /* SHA-256 of the body in hex, or "UNSIGNED-PAYLOAD" */
	const struct strlist *headers; /* of these, those that start with "x-amz-" are signed too */
};
/* Appends the header lines to add: Authorization, x-amz-date and what else is signed. */
int sigv4_sign(const struct sigv4 *s, struct strlist *out, struct mlops_error *err);
