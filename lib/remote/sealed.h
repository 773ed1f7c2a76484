/*
 * Remotes whose objects are sealed (mlops-sealed(5)): a service of objects that seals what it gives
 * to the next one, and opens what it gets from there.
 */
#pragma once

#include "crypto/sealed.h"
#include "remote/layout.h"

/* What the settings of a remote say: *out is NULL when objects go as they are. */
struct remote_seal;
int remote_seal_new(struct project *project, const char *name, struct remote_seal **out,
		    struct mlops_error *err);
void remote_seal_free(struct remote_seal *seal); /* NULL is fine */
DEFINE_CLEANUP(remote_seal, remote_seal_free)
#define autoseal __attribute__((cleanup(cleanup_remote_seal))) struct remote_seal

/* Whether the key fits what is there. */
int remote_seal_check(struct remote *remote, struct mlops_error *err);
extern const struct object_service sealed_service; /* its `conn` is the struct remote */

/* The sealed form of what `plain` gives, in pieces as they are asked for. Takes *plain. */
int sealing_open(const struct seal_key *key, const struct oid *name, struct remote_source *plain,
		 struct remote_source *out, struct mlops_error *err);

/* Opens one object after the other as their sealed bytes come, in pieces of any size. */
struct unsealing {
	const struct seal_key *key;
	const struct frame_sink *sink; /* gets the objects */
	struct sealed *seal;           /* once the header has come */
	uint64_t size, come;           /* sealed bytes in all, and so far */
	uint64_t chunk;                /* that is coming */
	size_t have;                   /* bytes of it, or of the header, in `block` */
	struct oid name;
	uint8_t *block, *plain;
};
void unsealing_init(struct unsealing *u, const struct seal_key *key, const struct frame_sink *sink);
void unsealing_clear(struct unsealing *u);
/* `oid` is the object, `size` that of what comes. MLOPS_ECORRUPT and MLOPS_EKEY, as sealed_open(). */
int unsealing_begin(struct unsealing *u, const struct oid *oid, const struct oid *name,
		    uint64_t size, struct mlops_error *err);
int unsealing_add(struct unsealing *u, const void *buf, size_t n, struct mlops_error *err);
int unsealing_end(struct unsealing *u, struct mlops_error *err);
