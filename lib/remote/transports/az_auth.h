/*
 * How a request gets into Azure Blob Storage. What is there is found as Azure's own tools do: a
 * connection string, an account key, a SAS token, a service principal (secret or federated token),
 * the machine's managed identity, or the login of the az command.
 */
#pragma once

#include "remote/bearer.h"

struct az_auth {
	char *account;
	char *endpoint;    /* URL without a slash at the end */
	struct strbuf key; /* of the account, decoded; empty: none */
	char *sas;         /* a query without '?'; or NULL */
	bool anonymous;
	struct http_engine *engine;
	struct bearer bearer;
};

int az_auth_init(struct az_auth *a, const struct transport_how *how, struct mlops_error *err);
void az_auth_clear(struct az_auth *a);
/* Adds the headers x-ms-date, x-ms-version and Authorization. */
int az_sign(struct az_auth *a, struct web_call *call, struct mlops_error *err);
void az_forget_token(struct az_auth *a);
