/* What the object server's routes share. */
#pragma once

#include "http/server.h"
#include "mlops/store.h"

/* One project of a server; all that is told by a handler's `arg`. */
struct object_server {
	const struct server *server;
	const char *data;             /* the project's own folder */
	struct store *store, *sealed; /* sealed: what clients sealed, by names that are no hashes */
	struct token_set *tokens;     /* NULL: no authentication */
	struct oci_uploads *uploads;
	struct mac *links; /* signs addresses that let in by themselves (hf_upload.c) */
	struct lfs_repos *lfs;
	struct tracker *tracker;
};

/*
 * The routes of a protocol, ended by a NULL method; their handlers take a struct object_server.
 * That of mlops-remote(5) is in objects.c and results.c, the others in api/, one file each or more.
 */
extern const struct http_route object_routes[], result_routes[], oci_routes[], oci_upload_routes[],
	admin_routes[], metrics_routes[];

/* The URL by which the client reached the project, without a slash at its end; new. */
char *object_server_url(const struct http_call *call);
/* The challenges that clients of registries, and of Git LFS, know, for a call that was refused. */
void oci_challenge(struct http_call *call);
void lfs_challenge(struct http_call *call);
extern const struct http_route lfs_routes[];
extern const struct http_route hf_routes[], hf_upload_routes[], hf_commit_routes[];

/* The store that a path is about. */
struct store *object_server_store(const struct object_server *s, const struct http_call *call);

/*
 * Sends an object, or the part that the header Range asks for. The route has begin and end as
 * below. MLOPS_ENOTFOUND.
 */
int object_send(struct http_call *call, struct store *store, const struct oid *oid,
		struct mlops_error *err);
/* The same with another type than bytes. */
int object_send_as(struct http_call *call, struct store *store, const struct oid *oid,
		   const char *type, struct mlops_error *err);
int object_send_begin(struct http_call *call, void *arg, struct mlops_error *err);
void object_send_end(struct http_call *call, void *arg);

/* Taking uploads (uploads.c): one object, or many framed. */
int upload_begin_one(struct http_call *call, void *arg, struct mlops_error *err);
int upload_begin_many(struct http_call *call, void *arg, struct mlops_error *err);
int upload_piece_one(struct http_call *call, const void *buf, size_t n, void *arg,
		     struct mlops_error *err);
int upload_piece_many(struct http_call *call, const void *buf, size_t n, void *arg,
		      struct mlops_error *err);
/* The same without an answer: the object is there, and durable. */
int upload_keep_one(struct http_call *call, struct mlops_error *err);
int upload_finish_one(struct http_call *call, void *arg, struct mlops_error *err);
int upload_finish_many(struct http_call *call, void *arg, struct mlops_error *err);
int upload_tell_part(struct http_call *call, void *arg, struct mlops_error *err);
void upload_end(struct http_call *call, void *arg);
