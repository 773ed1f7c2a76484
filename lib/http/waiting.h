/*
 * Connections on which a request is awaited. libmicrohttpd lets one idle for a while only, but counts
 * anew with each byte: who sends one now and then would keep his place for ever. So the headers of a
 * request must all be there within a while of the connection's start, or of the answer before.
 */
#pragma once

#include <stdint.h>

#include "base/mem.h"

struct waiting;    /* any thread */
struct connection; /* one of them */

struct waiting *waiting_new(void);
void waiting_free(struct waiting *w); /* when there is no connection any more; NULL is fine */
struct connection *waiting_add(struct waiting *w, int fd);
/* Its socket is about to be closed. */
void waiting_remove(struct waiting *w, struct connection *c);
/* A request has come, or was answered. */
void waiting_set_busy(struct waiting *w, struct connection *c, bool busy);
/* Shuts down those that have been waited for longer than that. */
void waiting_end_late(struct waiting *w, int64_t ms);
