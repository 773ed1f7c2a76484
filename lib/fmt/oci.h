/*
 * Words of the Open Container Initiative: names, digests, media types and descriptors as its
 * distribution-spec and image-spec (both 1.1) have them. Of digests only SHA-256 is spoken.
 */
#pragma once

#include "fmt/json.h"
#include "mlops/oid.h"

#define OCI_MANIFEST        "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX           "application/vnd.oci.image.index.v1+json"
#define OCI_EMPTY           "application/vnd.oci.empty.v1+json"
#define OCI_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define OCI_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define OCI_EMPTY_BLOB      "{}"              /* what a descriptor of type OCI_EMPTY stands for */
#define OCI_MANIFEST_MAX    ((size_t)4 << 20) /* of bytes that a registry must take */

#define OCI_DIGEST_SIZE (sizeof("sha256:") + MLOPS_OID_HEX)

/* "library/redis": at most 255 bytes of parts between '/', in lower case. */
bool oci_is_name(const char *name);
/* "v1.0": at most 128 of letters, digits, '_', '.' and '-'. */
bool oci_is_tag(const char *tag);
/* "sha256:<64 hex>". */
bool oci_parse_digest(const char *text, struct oid *out);
char *oci_digest(const struct oid *oid, char *buf); /* OCI_DIGEST_SIZE bytes; returns buf */

/* {"mediaType","digest","size"}, new. */
struct json *oci_descriptor(const char *type, const struct oid *oid, uint64_t size);
/* Reads one; false when it is none, or its digest is of another kind. *type is lent. */
bool oci_parse_descriptor(const struct json *v, const char **type, struct oid *oid, uint64_t *size);
/* The descriptor by which a manifest is listed as referring to its subject; new. */
struct json *oci_referrer(const struct json *manifest, const char *type, const struct oid *oid,
			  uint64_t size);
