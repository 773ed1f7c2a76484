/* The API of Kubernetes: where it is and who we are by a kubeconfig file, and calls to it. */
#pragma once

#include "fmt/json.h"
#include "http/client.h"

struct kube; /* one thread at a time */

/*
 * By `file`; when that is NULL by $KUBECONFIG (the first of its files), by ~/.kube/config, or in a
 * pod by its service account. `context` NULL: the current one. MLOPS_ENOTFOUND when there is none.
 */
int kube_open(const char *file, const char *context, struct kube **out, struct mlops_error *err);
void kube_free(struct kube *k); /* NULL is fine */
/* The one of the context, or "default"; lent. */
const char *kube_namespace(const struct kube *k);

/*
 * One call: `path` begins with "/". `body` may be NULL, and so `out`. PATCH is server-side apply. A
 * status that is not 2xx is an error with the server's message: 404 MLOPS_ENOTFOUND, 409
 * MLOPS_EEXISTS, else as http_status_error() has it.
 */
int kube_call(struct kube *k, const char *method, const char *path, const struct json *body,
	      struct json **out, struct mlops_error *err);
/* Gets a text as it comes, which may take as long as it likes. */
int kube_stream(struct kube *k, const char *path,
		int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err);
