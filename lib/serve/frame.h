/*
 * Frames on the channel to a worker process: a 32-bit little-endian length, then as many bytes of
 * JSON. The channel is a non-blocking stream socket.
 */
#pragma once

#include "base/str.h"

#define FRAME_MAX (64u << 20)

enum frame_outcome {
	FRAME_OK,
	FRAME_CLOSED,  /* the other side is gone */
	FRAME_TIMEOUT, /* the deadline passed */
	FRAME_BAD,     /* longer than FRAME_MAX, or the socket failed */
};

struct channel {
	int fd;
	int pidfd; /* readable once the other side's process has ended; -1: only the socket tells */
};

/* `deadline_ms` is on the monotonic clock. */
enum frame_outcome frame_send(struct channel ch, const void *body, size_t n, int64_t deadline_ms);
/* Replaces what is in `body`. */
enum frame_outcome frame_receive(struct channel ch, struct strbuf *body, int64_t deadline_ms);
