/*
 * The table of transports (how bytes reach a remote; one file each in transports/) and of layouts
 * (where an object lies there; one file each in layouts/). All calls take any number of objects,
 * so that a transport may batch as suits it, and may come from several threads at once.
 */
#pragma once

#include "remote/remote.h"

/* Opens what is to be sent, one object at a time. */
struct remote_provider {
	int (*open)(const struct remote_item *item, struct remote_source *out, void *arg,
		    struct mlops_error *err);
	void *arg;
};

struct layout {
	const char *name;
	/* The path of an object below the remote's root, into buf (LAYOUT_KEY_SIZE bytes). */
	void (*key)(const struct oid *oid, char *buf);
};
#define LAYOUT_KEY_SIZE 128

extern const struct layout layout_native;

struct transport_how {
	const char *name;  /* of the remote, for messages */
	const char *url;   /* complete; a path is absolute */
	const char *token; /* or NULL */
	const struct layout *layout;
	int64_t timeout_ms;      /* without progress */
	_Atomic uint64_t *moved; /* bytes sent and received are added here */
};

struct transport {
	const char *schemes[3]; /* "http", "https" */
	bool takes_token;
	int (*open)(const struct transport_how *how, void **conn, struct mlops_error *err);
	void (*close)(void *conn);
	/* Whether the remote answers and lets us in. */
	int (*check)(void *conn, struct mlops_error *err);
	/* Sets present[i] for each object that is there. */
	int (*has)(void *conn, const struct remote_item *items, size_t n, bool *present,
		   struct mlops_error *err);
	/*
	 * Gives the objects to the sink in any order. One that is not there is left out; one that
	 * was begun and broke off may be begun again. What the sink accepts by `end` is not asked
	 * for again.
	 */
	int (*get)(void *conn, const struct remote_item *items, size_t n,
		   const struct frame_sink *sink, struct mlops_error *err);
	/* Durable and visible there, in the given order, when it returns. */
	int (*put)(void *conn, const struct remote_item *items, size_t n,
		   const struct remote_provider *from, struct mlops_error *err);
};

/* The transport for a URL or path; MLOPS_EINVALID, with what there is, when there is none. */
int transport_find(const char *url, const struct transport **out, struct mlops_error *err);
