/*
 * gRPC on the gateway's port: a connection that begins as HTTP/2 (without TLS, "prior knowledge")
 * speaks the Open Inference Protocol's service. Its requests are worked on beside each other.
 */
#pragma once

#include "serve/gateway/conn.h"

struct job;

/* Begins, before the client's first bytes are taken; false: it cannot be. */
bool grpc_begin(struct conn *c);
/* -1: the connection is to be closed. */
int grpc_take(struct conn *c, const char *p, size_t n);
/* Moves what there is to be sent to c->out; true when that was something. */
bool grpc_give(struct conn *c);
/* Nothing is being worked on. */
bool grpc_is_idle(const struct conn *c);
/* Answers what has taken too long. */
void grpc_tick(struct conn *c);
void grpc_drain(struct conn *c);
void grpc_end(struct conn *c);
/* Answers with a job's outcome. */
void grpc_finish(struct conn *c, struct job *j);
