/* One thread of the gateway: an event loop with the connections of clients, and those to upstreams. */
#pragma once

#include <stdatomic.h>
#include <time.h>

#include "base/str.h"
#include "serve/gateway/loop.h"

#define FRONT_SCRATCH ((size_t)64 << 10)

struct gateway;
struct conn;
struct uplink;

struct front {
	struct loop loop; /* first */
	pthread_t thread;
	struct gateway *gateway;
	struct conn *conns;
	atomic_uint n_conns;
	struct conn *dead; /* freed at the end of the turn: its events may still be at hand */
	struct uplink *links, *idle, *dead_links; /* to upstreams: see uplink.h */
	bool draining; /* no more requests */
	size_t held;   /* bytes of bodies that are in memory, and maybe many times that as JSON */
	char date[64]; /* the field Date, of date_s */
	time_t date_s;
	char scratch[FRONT_SCRATCH]; /* what was just read */
};

/* Counts n more bytes as held; false when they are too many. */
bool front_hold(struct front *f, size_t n);
void front_release(struct front *f, size_t n);

struct fronts;
/* Listens, and answers on `threads` threads (0: one a processor, 8 at most). */
int fronts_start(struct gateway *g, const char *listen, unsigned threads, struct fronts **out,
		 struct mlops_error *err);
const char *fronts_url(const struct fronts *f);
/* Takes no more connections; waits up to that long for requests that are being answered. */
void fronts_drain(struct fronts *f, int64_t ms);
/* Closes all connections of clients; the threads go on. NULL is fine, here and below. */
void fronts_cut(struct fronts *f);
void fronts_free(struct fronts *f);
