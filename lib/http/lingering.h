/*
 * Closing a connection without losing the answer. When a server closes a socket on which bytes of a
 * request are still unread, or still come, the kernel resets the connection, and the client may see
 * that in place of the answer which refused the request. So what the server has closed is kept here
 * for a bounded while: what comes is read and dropped until the client closes its side too.
 */
#pragma once

#include "base/err.h"

struct lingering;

/* `tick` is called about once a second, from the thread that does this. */
int lingering_new(void (*tick)(void *arg), void *arg, struct lingering **out,
		  struct mlops_error *err);
/*
 * Keeps the connection of a socket that its owner is about to close, unless the client has closed
 * it already, or too many are kept. From any thread.
 */
void lingering_add(struct lingering *l, int fd);
/* Waits a short while for those that are kept, and closes them; NULL is fine. */
void lingering_free(struct lingering *l);
