/*
 * A repository in an OCI registry (opencontainers/distribution-spec 1.1): its blobs, manifests and
 * tags. Objects are blobs, named alike, so that nothing is hashed anew. Used by any number of
 * threads at once.
 *
 * What lets us in: a token of the remote's settings, else what docker and podman know of the
 * registry (config.json with its auths, credHelpers and credsStore, and auth.json).
 */
#pragma once

#include "fmt/oci.h"
#include "remote/transport.h"

struct oci;

/*
 * `url` is oci://HOST[:PORT]/REPOSITORY, by https, or by http when the host is this machine or the
 * scheme is oci+http. Nothing is sent yet.
 */
int oci_open(const struct transport_how *how, struct oci **out, struct mlops_error *err);
void oci_free(struct oci *o); /* NULL is fine */
/* Whether the registry answers and lets us read. */
int oci_check(struct oci *o, struct mlops_error *err);

/* Whether the repository has the blob; what it says of its size. */
int oci_blob_stat(struct oci *o, const struct oid *oid, struct key_info *out,
		  struct mlops_error *err);
/* The bytes from `from` on as they come, not checked here. MLOPS_ENOTFOUND. */
int oci_blob_get(struct oci *o, const struct oid *oid, uint64_t from, const struct byte_sink *sink,
		 struct mlops_error *err);
/* A blob of at most `max` bytes, appended, found to be what its name says; MLOPS_ECORRUPT. */
int oci_blob_read(struct oci *o, const struct oid *oid, size_t max, struct strbuf *out,
		  struct mlops_error *err);
/* There when it returns; nothing is sent when it was there before. One that was cut off goes on. */
int oci_blob_put(struct oci *o, const struct oid *oid, const struct remote_source *from,
		 struct mlops_error *err);
/* Takes over the blob of another repository of that registry; *done false: it has to be put. */
int oci_blob_mount(struct oci *o, const struct oid *oid, const char *from, bool *done,
		   struct mlops_error *err);

/* A manifest or index. Clear with oci_manifest_clear(). */
struct oci_manifest {
	struct oid oid; /* of the bytes, as the registry must store them */
	char *type;
	struct strbuf text;
};
/* By tag or digest ("sha256:.."); at most OCI_MANIFEST_MAX bytes. MLOPS_ENOTFOUND, MLOPS_ECORRUPT. */
int oci_manifest_get(struct oci *o, const char *ref, struct oci_manifest *out,
		     struct mlops_error *err);
/*
 * Under its digest and, unless `tag` is NULL, a tag. Its blobs must be there. One with a `subject`
 * is listed by oci_referrers() from then on, whether the registry does that itself or not.
 */
int oci_manifest_put(struct oci *o, const char *tag, const char *type, const struct strbuf *text,
		     struct oid *out, struct mlops_error *err);
/* A tag (of registries that can, only that) or a manifest by its digest; fine when there is none. */
int oci_manifest_remove(struct oci *o, const char *ref, struct mlops_error *err);
void oci_manifest_clear(struct oci_manifest *m);
#define automanifest __attribute__((cleanup(oci_manifest_clear))) struct oci_manifest

/* Adds all tags, in any order. */
int oci_tags(struct oci *o, struct strlist *out, struct mlops_error *err);
/*
 * The descriptors of the manifests whose subject is `oid`, an array that is the caller's; those of
 * one artifact type, unless that is NULL.
 */
int oci_referrers(struct oci *o, const struct oid *oid, const char *artifact_type,
		  struct json **out, struct mlops_error *err);
