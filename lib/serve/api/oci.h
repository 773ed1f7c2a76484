/*
 * The registry that `mlops server` is to docker, podman, skopeo, oras and ollama: the distribution
 * protocol of the Open Container Initiative (distribution-spec 1.1). Blobs and manifests are objects
 * of the server's store. What a repository holds are small files below <data>/oci/<repository>/:
 *	_blobs/HEX	empty: the repository has that blob
 *	_manifests/HEX	the media type of that manifest
 *	_tags/TAG	the digest that it stands for
 *	_referrers/HEX/HEX	empty: the second manifest's subject is the first
 */
#pragma once

#include "base/vec.h"
#include "fmt/oci.h"
#include "serve/shelf.h"

#define OCI           "oci"
#define OCI_BLOBS     "_blobs"
#define OCI_MANIFESTS "_manifests"
#define OCI_TAGS      "_tags"
#define OCI_REFERRERS "_referrers"

/* The repository that the path of a call names, lent; NULL with err set when it is no name. */
const char *oci_repo_of(struct http_call *call, struct mlops_error *err);
/* The digest that the path names; -1 when it is none. */
int oci_digest_of(struct http_call *call, struct oid *out, struct mlops_error *err);

/* {"errors":[{"code","message"}]}, with the code for what is unknown and what is invalid. */
struct json *oci_error(const char *unknown, const char *invalid, const struct mlops_error *err,
		       int status);
struct json *oci_blob_error(const struct mlops_error *err, int status);
struct json *oci_manifest_error(const struct mlops_error *err, int status);
struct json *oci_name_error(const struct mlops_error *err, int status);

/* Route handlers: manifests, tags and referrers (oci_manifest.c, oci_list.c), uploads. */
int oci_get_manifest(struct http_call *call, void *arg, struct mlops_error *err);
int oci_put_manifest(struct http_call *call, void *arg, struct mlops_error *err);
int oci_delete_manifest(struct http_call *call, void *arg, struct mlops_error *err);
int oci_list_tags(struct http_call *call, void *arg, struct mlops_error *err);
int oci_list_referrers(struct http_call *call, void *arg, struct mlops_error *err);

/* Uploads that are under way; kept in memory, so that one ends with the server. */
struct oci_uploads *oci_uploads_new(void);
void oci_uploads_free(struct oci_uploads *u); /* NULL is fine */
