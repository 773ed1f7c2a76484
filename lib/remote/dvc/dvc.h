/* Inside of the part: DVC's remotes, and the objects that are moved there and from there. */
#pragma once

#include "mlops/dvc_remote.h"
#include "remote/private.h"
#include "store/dvc/dvc.h"

struct dvc_remote {
	struct remote *remote;
	bool lists; /* asking for what a folder of it holds costs less than asking for some files */
};

/*
 * Opens a remote of DVC's settings (NULL: the one that core.remote names). MLOPS_EINVALID for a
 * setting that this program cannot heed; some only matter `to_write`.
 */
int dvc_remote_open(struct dvc *d, const char *name, const struct transfer_how *how, bool to_write,
		    struct dvc_remote *out, struct mlops_error *err);

struct dvc_item {
	struct oid oid;
	bool is_listing;
	uint64_t size; /* REMOTE_SIZE_UNKNOWN when it is not here */
	bool here, there;
	char *key;	  /* owned */
	const char *path; /* where it was first found, for messages; lent */
};

/* Objects, each once, in the order they were added. */
struct dvc_items {
	struct map by_key; /* -> struct dvc_item * */
};
/* The item for an object, made when new (then *added). */
struct dvc_item *dvc_items_add(struct dvc_items *items, const struct oid *oid, bool is_listing,
			       const char *path, bool *added);
#define dvc_item_at(items, i) ((struct dvc_item *)(items)->by_key.v[i].value)
void dvc_items_clear(struct dvc_items *items);
#define autoitems __attribute__((cleanup(dvc_items_clear))) struct dvc_items

/* Sets `there` of each: by listings where that takes fewer requests. */
int dvc_items_ask(const struct dvc_remote *r, struct dvc_item *const *items, size_t n,
		  struct mlops_error *err);

/* Calls fn once for each remote that the chosen outs belong to, with these outs. */
int dvc_each_remote(struct dvc *d, const char *const *paths, size_t n, const char *named,
		    int (*fn)(const char *remote, struct dvc_out *const *outs, size_t n, void *arg,
			      struct mlops_error *err),
		    void *arg, struct mlops_error *err);
