/* The artifact proxy: files by path under .../mlflow-artifacts/. */
#pragma once

#include "http/server.h"

#define MLFLOW_MAX_ARTIFACT ((size_t)16 << 40)

int artifact_put_begin(struct http_call *http, void *arg, struct mlops_error *err);
int artifact_put_piece(struct http_call *http, const void *buf, size_t n, void *arg,
		       struct mlops_error *err);
int artifact_put_finish(struct http_call *http, void *arg, struct mlops_error *err);
void artifact_put_end(struct http_call *http, void *arg);
int artifact_send(struct http_call *http, void *arg, struct mlops_error *err);
int artifact_list_files(struct http_call *http, void *arg, struct mlops_error *err);
int artifact_remove(struct http_call *http, void *arg, struct mlops_error *err);
struct json *mlflow_error_body(const struct mlops_error *err, int status);

/* A file by what it belongs to, as MLflow's web page asks for it. */
int artifact_send_of_run(struct http_call *http, void *arg, struct mlops_error *err);
int artifact_send_of_version(struct http_call *http, void *arg, struct mlops_error *err);
int artifact_send_of_model(struct http_call *http, void *arg, struct mlops_error *err);
#define MLFLOW_ARTIFACT_OF(pattern, function)                                                      \
	{                                                                                          \
		.method = "GET", .path = pattern, .handle = function, .begin = object_send_begin,  \
		.end = object_send_end, .error_body = mlflow_error_body                            \
	}

#define MLFLOW_ARTIFACT_ROUTES(prefix)                                                             \
	{ .method = "PUT",                                                                         \
	  .path = prefix "/mlflow-artifacts/artifacts/{path*}",                                    \
	  .handle = artifact_put_finish,                                                           \
	  .max_body = MLFLOW_MAX_ARTIFACT,                                                         \
	  .begin = artifact_put_begin,                                                             \
	  .piece = artifact_put_piece,                                                             \
	  .end = artifact_put_end,                                                                 \
	  .error_body = mlflow_error_body },                                                       \
		{ .method = "GET",                                                                 \
		  .path = prefix "/mlflow-artifacts/artifacts/{path*}",                            \
		  .handle = artifact_send,                                                         \
		  .begin = object_send_begin,                                                      \
		  .end = object_send_end,                                                          \
		  .error_body = mlflow_error_body },                                               \
		{ .method = "DELETE",                                                              \
		  .path = prefix "/mlflow-artifacts/artifacts/{path*}",                            \
		  .handle = artifact_remove,                                                       \
		  .error_body = mlflow_error_body },                                               \
	{                                                                                          \
		.method = "GET", .path = prefix "/mlflow-artifacts/artifacts",                     \
		.handle = artifact_list_files, .error_body = mlflow_error_body                     \
	}
