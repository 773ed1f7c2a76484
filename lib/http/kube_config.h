/* What a kubeconfig file says of one context. */
#pragma once

#include "base/vec.h"
#include "http/client.h"

struct kube_config {
	char *server, *namespace;
	char *token, *token_file; /* the file that it is from, which has another one some day, or NULL */
	char *authorities, *certificate, *key; /* PEM */
	struct strlist exec; /* a program that prints a token, and its arguments; empty: none */
	struct strlist exec_env;
};

int kube_config_read(const char *file, const char *context, struct kube_config *out,
		     struct mlops_error *err);
/* Whether there may be another token by now, and getting it: from the file, or by the program. */
bool kube_config_renews(const struct kube_config *c);
int kube_config_login(struct kube_config *c, struct mlops_error *err);
void kube_config_clear(struct kube_config *c);
