/*
 * Passing a request on to an upstream, and its answer back, both in pieces as they come. Connections
 * to upstreams are kept, by the front that made them, and used again.
 */
#pragma once

#include "serve/gateway/conn.h"

/* Sends the head of the request; its body is to follow by proxy_take_body(). */
void proxy_start(struct conn *c, const struct http_message *m);
bool proxy_takes_body(const struct uplink *l);
/* As take_body(): how much was taken of p[0..n); -1 when it was refused. */
ssize_t proxy_take_body(struct conn *c, const char *p, size_t n);
/* Moves what there is, both ways. The connection's link is NULL after, when the answer is complete. */
void proxy_run(struct uplink *l);
/* Whether proxy_run() would find more, once the client has taken what it was sent. */
bool proxy_has_more(const struct uplink *l);
/* The client is gone. */
void proxy_abandon(struct uplink *l);
/* The deadline is over. */
void proxy_expire(struct uplink *l);

/* Of a front: closes connections that idle; frees what was closed; closes all. */
void proxy_tick(struct front *f);
void proxy_free_dead(struct front *f);
void proxy_close_all(struct front *f);
