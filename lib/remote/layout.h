/*
 * The table of layouts: how objects lie at a remote, one file each in layouts/. A layout turns
 * objects into keys of any transport. A service that speaks of objects itself (mlops server) is
 * used in place of a layout.
 */
#pragma once

#include "remote/private.h"

/* Opens what is to be sent, one object at a time. */
struct remote_provider {
	int (*open)(const struct remote_item *item, struct remote_source *out, void *arg,
		    struct mlops_error *err);
	void *arg;
};

/* All calls take any number of objects, and may come from several threads at once. */
struct object_service {
	/* Sets present[i] for each object that is there. */
	int (*has)(void *conn, const struct remote_item *items, size_t n, bool *present,
		   struct mlops_error *err);
	/*
	 * Gives the objects to the sink in any order, one at a time. One that is not there is left
	 * out; one that was begun and broke off may be begun again. What the sink accepts by `end`
	 * is not asked for again.
	 */
	int (*get)(void *conn, const struct remote_item *items, size_t n,
		   const struct frame_sink *sink, struct mlops_error *err);
	/*
	 * Durable there when it returns, or when `finish` has where there is one, and then visible;
	 * in the given order when `ordered`.
	 */
	int (*put)(void *conn, const struct remote_item *items, size_t n, bool ordered,
		   const struct remote_provider *from, struct mlops_error *err);
	/*
	 * After the last put: all of them are durable and visible when it returns; or NULL. *again
	 * is set when what has() told of objects may be so no more, and is to be asked again.
	 */
	int (*finish)(void *conn, bool *again, struct mlops_error *err);
	uint64_t get_bytes; /* of objects that get() is best asked for at a time; 0: a few */
	/*
	 * Results of stages, of at most REMOTE_RESULT_MAX bytes, appended; MLOPS_ENOTFOUND. One that
	 * is there stays. NULL: it keeps none.
	 */
	int (*result_get)(void *conn, const struct oid *key, struct strbuf *out,
			  struct mlops_error *err);
	int (*result_put)(void *conn, const struct oid *key, const struct strbuf *text,
			  struct mlops_error *err);
};

struct layout {
	const char *name;
	struct object_service service; /* its `conn` is the struct remote */
	int (*check)(struct remote *remote, struct mlops_error *err); /* a remote that answers */
	void (*close)(struct remote *remote); /* frees layout_state; or NULL */
};

extern const struct layout layout_native;
