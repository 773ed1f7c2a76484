/* One connection to an upstream. Private to proxy.c and uplink.c. */
#pragma once

#include "serve/gateway/conn.h"
#include "serve/gateway/upstream.h"

struct uplink {
	struct watch watch; /* first */
	struct front *front;
	struct upstream *upstream; /* held */
	struct uplink *prev, *next;  /* of the front's: busy or idle */
	struct conn *client;       /* NULL: it idles, since idle_ms */
	int64_t idle_ms;
	bool connected, readable, dead;

	/* The request. */
	struct strbuf out; /* to be sent, from out_at on */
	size_t out_at;
	enum http_framing framing;
	uint64_t left; /* of its body */
	struct http_chunks chunks;
	bool asked;        /* all of it is in `out` or sent */
	bool safe;         /* may be asked twice */
	bool whole;        /* `out` has it from its start */
	unsigned attempts; /* before this one */

	/* The answer. */
	struct strbuf in; /* a head that is not complete */
	size_t looked_at;
	bool answering; /* the client has its head */
	bool rechunk;   /* the client gets chunks */
	bool keep_alive;
	int status;
	enum http_framing answer_framing;
	uint64_t answer_left;
	struct http_chunks answer_chunks;
};

/* One that idles, unless `fresh`, or a new one; NULL with errno. */
struct uplink *uplink_get(struct front *f, struct upstream *u, struct conn *client, bool fresh);
/* It can be used again. */
void uplink_put(struct uplink *l);
void uplink_close(struct uplink *l);
size_t uplink_unsent(const struct uplink *l);
