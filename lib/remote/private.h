/* Inside of the remotes part: an open remote, and moving many objects over it. */
#pragma once

#include <stdatomic.h>

#include "base/map.h"
#include "mlops/remote.h"
#include "remote/transport.h"

struct object_service;
struct remote_provider;
struct remote_seal;

struct remote {
	char *name;
	struct remote_seal *seal; /* objects leave sealed; NULL: as they are */
	const struct transport *transport;
	void *conn;
	struct http_engine *engine; /* NULL for a transport that needs none */
	const struct layout *layout;
	void *layout_state; /* what the layout knows of this remote; freed by its close() */
	int64_t jobs;       /* calls at a time; 0: chosen here */
	char *known_dir;    /* where a layout may keep what it knows of the remote; or NULL */
	_Atomic uint64_t moved;
};

/* Opens how->remote (NULL: the default one). Nothing is sent yet. */
int remote_open(struct project *project, const struct transfer_how *transfer, struct remote **out,
		struct mlops_error *err);
/* One that is not in the settings; `how` needs name, url and time-out. */
int remote_connect(const struct transport_how *how, struct remote **out, struct mlops_error *err);
void remote_free(struct remote *remote); /* NULL is fine */
DEFINE_CLEANUP(remote, remote_free)
#define autoremote __attribute__((cleanup(cleanup_remote))) struct remote

/* Whether it answers, lets us in, and has a format that is known. */
int remote_check(struct remote *remote, struct mlops_error *err);

/* The objects of a remote, by its own service or the layout: see struct object_service. */
int remote_has(struct remote *remote, const struct remote_item *items, size_t n, bool *present,
	       struct mlops_error *err);
int remote_get(struct remote *remote, const struct remote_item *items, size_t n,
	       const struct frame_sink *sink, struct mlops_error *err);
int remote_put(struct remote *remote, const struct remote_item *items, size_t n, bool ordered,
	       const struct remote_provider *from, struct mlops_error *err);
uint64_t remote_get_bytes(struct remote *remote); /* see struct object_service */

/* After the last put; *again: see struct object_service. */
int remote_finish(struct remote *remote, bool *again, struct mlops_error *err);

/* What takes objects there, sealed ones or plain, and what it is called with. */
int remote_service(struct remote *remote, const struct object_service **out, void **conn,
		   struct mlops_error *err);
/* An object came that is not what its name says; returns -1. */
int remote_damaged(const struct remote *remote, const struct oid *oid, struct mlops_error *err);

/* Calls one(0 .. n - 1), several at a time; the first error ends it and is returned. */
int remote_each(struct remote *remote, size_t n,
		int (*one)(struct remote *remote, size_t i, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err);
/* Many puts: by put_many() where the transport has it, else several at a time. */
int remote_put_keys(struct remote *remote, const struct key_put *puts, size_t n,
		    struct mlops_error *err);
/* A whole key of at most `max` bytes, appended; MLOPS_ENOTFOUND, MLOPS_ECORRUPT. */
int remote_read_key(struct remote *remote, const char *key, size_t max, struct strbuf *out,
		    struct mlops_error *err);

/* Results as keys of their own: struct object_service. */
int result_key_get(void *remote, const struct oid *key, struct strbuf *out,
		   struct mlops_error *err);
int result_key_put(void *remote, const struct oid *key, const struct strbuf *text,
		   struct mlops_error *err);

/* Refuses a URL that holds a secret: it would be in .mlops/config, and so in git. */
int remote_check_secrets(const char *url, struct mlops_error *err);
int remote_no_such(const char *name, struct mlops_error *err); /* MLOPS_ENOTFOUND */
/* The token for a remote: new, or *out is NULL when there is none. */
int remote_token(const struct transport_how *how, char **out, struct mlops_error *err);

/* Objects by name, each once, in the order they were found. */
struct want {
	struct remote_item item;
	bool here;   /* in the local store */
	bool there;  /* at the remote */
	bool send;   /* it may be sent when it is only here */
	uint32_t walk; /* the last that came by, from 1 */
	char *path; /* where it was first found, for messages; owned; or NULL: it was not kept */
};
struct want_set {
	struct want **slabs; /* of WANT_SLAB each, so that none moves */
	size_t n;
	uint32_t *slots; /* place plus one by name, which is a hash; 0: free */
	size_t n_slots;  /* a power of two */
};
#define WANT_SLAB 1024
/* The entry for a name, made when new (then *added). */
struct want *want_add(struct want_set *set, const struct oid *oid, bool *added);
struct want *want_find(const struct want_set *set, const struct oid *oid);
static inline struct want *want_at(const struct want_set *set, size_t i)
{
	return &set->slabs[i / WANT_SLAB][i % WANT_SLAB];
}
/* Whether a walk has been at a tree; from then on it has. What it lists is not visited again. */
bool want_walked(struct want *w, const struct object_visit *v, size_t walk);
void want_set_clear(struct want_set *set);
#define autowants __attribute__((cleanup(want_set_clear))) struct want_set

#define TRANSFER_ROUND ((size_t)16 << 10) /* files that a transfer knows of at a time */

/* Items that are to be moved by one call of `move` a batch, several calls at a time. */
struct item_list {
	struct remote_item *v;
	size_t n, cap;
};
struct transfer {
	struct remote *remote;
	struct store *store;
	const struct transfer_how *how;
	struct transfer_counts *counts; /* what is done; read by the progress callback */
	uint64_t total_objects, total_bytes;
	_Atomic uint64_t done_objects, resumed_bytes; /* the latter are of the total, and here */
};
/*
 * Runs `move` over all items in batches of about so many bytes (0: a few): objects in the order
 * given, one batch after the other when `ordered`, else several at a time. Progress is reported
 * from this thread.
 */
int transfer_run(struct transfer *t, const struct item_list *items, uint64_t bytes, bool ordered,
		 int (*move)(struct transfer *t, const struct remote_item *items, size_t n,
			     struct mlops_error *err),
		 struct mlops_error *err);
/* Reads all below the refs back and hashes it; MLOPS_ECORRUPT when some of it is not as it was. */
int remote_read_back(const struct transfer *like, const struct object_ref *refs, size_t n,
		     struct mlops_error *err);
