/* What a kubeconfig file says of one context. */
#pragma once

#include "base/vec.h"
#include "http/client.h"

struct kube_config {
	char *server, *namespace;
	char *token;
	char *authorities, *certificate, *key; /* PEM */
	struct strlist exec; /* a program that prints a token, and its arguments; empty: none */
	struct strlist exec_env;
};

int kube_config_read(const char *file, const char *context, struct kube_config *out,
		     struct mlops_error *err);
/* Runs that program for another token. */
int kube_config_login(struct kube_config *c, struct mlops_error *err);
void kube_config_clear(struct kube_config *c);
